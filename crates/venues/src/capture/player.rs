//! Plays recordings into a translator, as if its sockets had received them.

use std::{collections::BTreeMap, path::PathBuf};

use domain::{InstrumentId, MarketEvent, Span, Timestamp};

use super::{CaptureError, CaptureReader, FaultPlan, Merge, faults::Fault, shadow::Shadow};
use crate::venue::{ConnectionId, FeedHealth, MarketFeed, MarketSink, Request};

/// The translator's clock is driven at most this often, in recorded time.
const CLOCK_EVERY: Span = Span::from_millis(50);

/// What a turn of the player did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// It played a line that was received at this time.
    Line(Timestamp),
    /// Every recording is over.
    Finished,
}

/// Damage done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// Breaks made: changes dropped and changes swapped.
    pub gaps: u64,
    /// Changes played twice.
    pub duplicates: u64,
}

/// One recording and where its frames belong.
#[derive(Clone, Debug)]
pub struct Track {
    /// The file.
    pub path: PathBuf,
    /// The instrument it recorded.
    pub instrument: InstrumentId,
    /// The translator's connection that would have received it.
    pub connection: ConnectionId,
}

struct Lane {
    track: Track,
    opened: bool,
    pending: Option<Request>,
    damage: Option<Damage>,
}

/// What is needed to damage a recording and to answer for it.
struct Damage {
    faults: BTreeMap<u64, Fault>,
    changes: u64,
    held_back: Option<Vec<u8>>,
    shadow: Shadow,
}

/// Recordings, merged by receive time, and the translator that reads them.
pub struct Player {
    feed: Box<dyn MarketFeed>,
    merge: Merge,
    lanes: Vec<Lane>,
    text: Vec<u8>,
    requests: Vec<Request>,
    next_clock: Timestamp,
    counts: FaultCounts,
}

impl Player {
    /// A player at the beginning of its recordings.
    ///
    /// # Errors
    /// [`CaptureError`] of a first line.
    pub fn new(feed: Box<dyn MarketFeed>, tracks: Vec<Track>) -> Result<Self, CaptureError> {
        let readers = tracks.iter().map(|track| CaptureReader::open(&track.path));
        let merge = Merge::new(readers.collect::<Result<_, _>>()?)?;
        let lane = |track| Lane { track, opened: false, pending: None, damage: None };
        Ok(Self {
            feed,
            merge,
            lanes: tracks.into_iter().map(lane).collect(),
            text: Vec::with_capacity(4_096),
            requests: Vec::new(),
            next_clock: Timestamp::EPOCH,
            counts: FaultCounts::default(),
        })
    }

    /// Damages each recording as planned. Depth requests are then answered from an undamaged
    /// book, as a venue would.
    ///
    /// # Errors
    /// [`CaptureError`] while counting the changes of a recording.
    pub fn with_faults(mut self, plan: FaultPlan, seed: u64) -> Result<Self, CaptureError> {
        for (lane, salt) in self.lanes.iter_mut().zip(0_u64..) {
            let changes = count_changes(&lane.track)?;
            let faults = plan.place(changes, seed.wrapping_add(salt));
            let shadow = Shadow::default();
            lane.damage = Some(Damage { faults, changes: 0, held_back: None, shadow });
        }
        Ok(self)
    }

    /// When the next line was received; `None` at the end.
    #[must_use]
    pub fn next_time(&self) -> Option<Timestamp> {
        self.merge.next_time()
    }

    /// Plays the next line. Frames that cannot be read are counted by the translator.
    ///
    /// # Errors
    /// [`CaptureError`] of a recording that cannot be read any further.
    pub fn play(&mut self, sink: &mut dyn EventSink) -> Result<Played, CaptureError> {
        let Some((lane, now)) = self.merge.next_into(&mut self.text)? else {
            return Ok(Played::Finished);
        };
        let mut out = Forward { now, sink, requests: &mut self.requests };
        if now >= self.next_clock {
            self.next_clock = now + CLOCK_EVERY;
            self.feed.on_clock(now, &mut out);
        }
        let connection = self.lanes[lane].track.connection;
        if !self.lanes[lane].opened {
            for other in self.lanes.iter_mut().filter(|one| one.track.connection == connection) {
                other.opened = true;
            }
            self.feed.on_open(connection, now, &mut out);
        }
        let text = std::mem::take(&mut self.text);
        if is_message(&text) {
            self.message(lane, &text, now, sink);
        } else {
            self.snapshot(lane, &text, now, sink);
        }
        self.text = text;
        self.answer_requests(now, sink);
        Ok(Played::Line(now))
    }

    /// Tells the translator that a book was found wrong.
    pub fn resync(
        &mut self,
        instrument: InstrumentId,
        loss: domain::event::BookLoss,
        now: Timestamp,
        sink: &mut dyn EventSink,
    ) {
        let mut out = Forward { now, sink, requests: &mut self.requests };
        self.feed.resync(instrument, loss, now, &mut out);
        self.answer_requests(now, sink);
    }

    /// What the translator has counted.
    #[must_use]
    pub fn health(&self) -> FeedHealth {
        self.feed.health()
    }

    /// Damage done so far.
    #[must_use]
    pub const fn fault_counts(&self) -> FaultCounts {
        self.counts
    }

    fn message(&mut self, lane: usize, frame: &[u8], now: Timestamp, sink: &mut dyn EventSink) {
        let counts = &mut self.counts;
        let damage = self.lanes[lane].damage.as_mut().filter(|_| is_change(frame));
        let Some(damage) = damage else { return self.deliver(lane, frame, now, sink) };
        damage.shadow.change(frame);
        let fault = damage.faults.get(&damage.changes).copied();
        damage.changes += 1;
        let held_back = damage.held_back.take();
        match fault {
            Some(Fault::Drop) => counts.gaps += 1,
            Some(Fault::Swap) => {
                counts.gaps += 1;
                damage.held_back = Some(frame.to_vec());
            }
            Some(Fault::Duplicate) => {
                counts.duplicates += 1;
                self.deliver(lane, frame, now, sink);
                self.deliver(lane, frame, now, sink);
            }
            None => self.deliver(lane, frame, now, sink),
        }
        if let Some(late) = held_back {
            self.deliver(lane, &late, now, sink);
        }
    }

    fn deliver(&mut self, lane: usize, frame: &[u8], now: Timestamp, sink: &mut dyn EventSink) {
        let mut out = Forward { now, sink, requests: &mut self.requests };
        let connection = self.lanes[lane].track.connection;
        if let Err(error) = self.feed.on_frame(connection, frame, now, &mut out) {
            tracing::warn!(%error, "a recorded frame cannot be read");
        }
        self.answer_requests(now, sink);
    }

    fn snapshot(&mut self, lane: usize, body: &[u8], now: Timestamp, sink: &mut dyn EventSink) {
        let lane = &mut self.lanes[lane];
        if let Some(damage) = &mut lane.damage {
            damage.shadow.snapshot(body);
        }
        let instrument = lane.track.instrument;
        let request = lane.pending.take().unwrap_or_else(|| Request::DepthSnapshot {
            instrument,
            url: String::from("recording"),
        });
        let mut out = Forward { now, sink, requests: &mut self.requests };
        if let Err(error) = self.feed.on_response(&request, Ok(body), now, &mut out) {
            tracing::warn!(%error, "a recorded snapshot cannot be read");
        }
    }

    /// With damage, requests are answered at once; without, by the recording's own snapshots.
    fn answer_requests(&mut self, now: Timestamp, sink: &mut dyn EventSink) {
        while let Some(request) = self.requests.pop() {
            let Request::DepthSnapshot { instrument, .. } = &request else { continue };
            let mut lanes = self.lanes.iter_mut();
            let Some(lane) = lanes.find(|lane| lane.track.instrument == *instrument) else {
                continue;
            };
            let answer = lane.damage.as_ref().and_then(|damage| damage.shadow.answer());
            let Some(body) = answer else {
                lane.pending = Some(request);
                continue;
            };
            let mut out = Forward { now, sink, requests: &mut self.requests };
            if let Err(error) = self.feed.on_response(&request, Ok(&body), now, &mut out) {
                tracing::warn!(%error, "a snapshot of ours cannot be read");
            }
        }
    }
}

/// Takes events with their receive times.
pub trait EventSink {
    /// One event.
    fn event(&mut self, received: Timestamp, event: MarketEvent<'_>);
}

struct Forward<'a> {
    now: Timestamp,
    sink: &'a mut dyn EventSink,
    requests: &'a mut Vec<Request>,
}

impl MarketSink for Forward<'_> {
    fn event(&mut self, event: MarketEvent<'_>) {
        self.sink.event(self.now, event);
    }

    fn request(&mut self, request: Request) {
        self.requests.push(request);
    }
}

#[derive(serde::Deserialize)]
struct Named {
    stream: Option<serde::de::IgnoredAny>,
}

/// Messages of a combined stream name it first; nothing else has that key at the top.
fn is_message(text: &[u8]) -> bool {
    const KEY: &[u8] = b"\"stream\"";
    let start = &text[..text.len().min(256)];
    start.windows(KEY.len()).any(|window| window == KEY)
        || serde_json::from_slice::<Named>(text).is_ok_and(|text| text.stream.is_some())
}

fn is_change(frame: &[u8]) -> bool {
    const KIND: &[u8] = b"\"depthUpdate\"";
    let start = &frame[..frame.len().min(256)];
    start.windows(KIND.len()).any(|window| window == KIND)
}

fn count_changes(track: &Track) -> Result<u64, CaptureError> {
    let mut reader = CaptureReader::open(&track.path)?;
    let mut changes = 0;
    while let Some(line) = reader.next_line()? {
        changes += u64::from(is_change(line.text));
    }
    Ok(changes)
}
