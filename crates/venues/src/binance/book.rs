//! The book of one instrument on its way from frames to events: the protocol of
//! [`super::depth_sync`], the requests of [`super::throttle`], and what is said about both.

use std::{borrow::Cow, collections::BTreeMap};

use domain::{
    Instrument, InstrumentId, Level, Lots, MarketData, MarketEvent, Ticks, Timestamp,
    event::BookLoss,
};

use super::{
    depth_sync::{DepthSync, DiffVerdict, KeptDiff, SnapshotVerdict},
    message::{DepthDiff, Levels},
    snapshot::read_snapshot,
    throttle::{FeedThrottle, Requests, ResyncPolicy},
};
use crate::{BookSync, FeedCounters, FetchError, FrameError, MarketSink, Request};

/// What all books of a feed share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) counters: FeedCounters,
    pub(super) throttle: FeedThrottle,
    pub(super) policy: ResyncPolicy,
}

/// One book.
#[derive(Debug)]
pub(super) struct Book {
    instrument: InstrumentId,
    snapshot_url: String,
    sync: DepthSync,
    requests: Requests,
    /// A snapshot that came before the first change.
    early: Option<(u64, Levels)>,
    was_lost: bool,
}

impl Book {
    pub(super) const fn new(
        instrument: InstrumentId,
        snapshot_url: String,
        kept_limit: usize,
    ) -> Self {
        let sync = DepthSync::new(kept_limit);
        let requests = Requests::NONE;
        Self { instrument, snapshot_url, sync, requests, early: None, was_lost: false }
    }

    pub(super) const fn sync(&self) -> BookSync {
        self.sync.state()
    }

    #[inline]
    pub(super) fn on_diff(
        &mut self,
        diff: &DepthDiff,
        levels: &Levels,
        now: Timestamp,
        shared: &mut Shared,
        out: &mut dyn MarketSink,
    ) {
        shared.counters.off_grid_levels += levels.off_grid as u64;
        match self.sync.on_diff(diff, levels) {
            DiffVerdict::Apply => out.event(diff_event(diff, levels)),
            DiffVerdict::Keep => {
                if let Some((update_id, levels)) = self.early.take() {
                    self.judge(update_id, levels, now, shared, out);
                }
                self.ask(now, shared, out);
            }
            DiffVerdict::Stale => shared.counters.stale_diffs += 1,
            DiffVerdict::Duplicate => shared.counters.duplicates += 1,
            DiffVerdict::Gap { was_synced } => {
                shared.counters.sequence_gaps += 1;
                if was_synced {
                    self.lost(Some(diff.exchange_time), BookLoss::Gap, now, shared, out);
                }
                self.ask(now, shared, out);
            }
        }
    }

    /// Reads a snapshot, or takes note that there is none.
    pub(super) fn on_snapshot(
        &mut self,
        body: Result<&[u8], FetchError>,
        instrument: &Instrument,
        now: Timestamp,
        shared: &mut Shared,
        out: &mut dyn MarketSink,
    ) -> Result<(), FrameError> {
        self.requests.answered();
        let body = match body {
            Ok(body) => body,
            Err(error) => {
                shared.counters.snapshots_failed += 1;
                if let FetchError::Throttled { retry_after } = error {
                    shared.throttle.pause(now + retry_after);
                }
                return Ok(());
            }
        };
        let (update_id, levels) = read_snapshot(body, instrument).inspect_err(|_| {
            shared.counters.parse_errors += 1;
            shared.counters.snapshots_failed += 1;
        })?;
        shared.counters.off_grid_levels += levels.off_grid as u64;
        self.judge(update_id, levels, now, shared, out);
        Ok(())
    }

    fn judge(
        &mut self,
        update_id: u64,
        levels: Levels,
        now: Timestamp,
        shared: &mut Shared,
        out: &mut dyn MarketSink,
    ) {
        match self.sync.on_snapshot(update_id) {
            SnapshotVerdict::Load => self.load(update_id, &levels, now, shared, out),
            SnapshotVerdict::TooEarly => self.early = Some((update_id, levels)),
            SnapshotVerdict::TooOld => {
                shared.counters.snapshots_failed += 1;
                self.ask(now, shared, out);
            }
            SnapshotVerdict::NotWanted => {}
        }
    }

    fn load(
        &mut self,
        update_id: u64,
        levels: &Levels,
        now: Timestamp,
        shared: &mut Shared,
        out: &mut dyn MarketSink,
    ) {
        if self.was_lost {
            shared.counters.resyncs += 1;
        }
        self.requests.synced(now);
        let mut whole = WholeBook::new(update_id, levels);
        while let Some(kept) = self.sync.next_kept() {
            whole.apply(&kept);
        }
        out.event(MarketEvent {
            instrument: self.instrument,
            exchange_time: None,
            data: whole.into_data(),
        });
    }

    /// Somebody found the book wrong.
    pub(super) fn distrust(
        &mut self,
        loss: BookLoss,
        now: Timestamp,
        shared: &mut Shared,
        out: &mut dyn MarketSink,
    ) {
        if self.sync.distrust() {
            self.lost(None, loss, now, shared, out);
        }
        self.ask(now, shared, out);
    }

    /// The stream was interrupted: the next change begins a new chain.
    pub(super) fn interrupt(
        &mut self,
        loss: BookLoss,
        now: Timestamp,
        shared: &mut Shared,
        out: &mut dyn MarketSink,
    ) {
        if self.sync.interrupt() {
            self.lost(None, loss, now, shared, out);
        }
    }

    pub(super) fn on_clock(
        &mut self,
        now: Timestamp,
        shared: &mut Shared,
        out: &mut dyn MarketSink,
    ) {
        if self.requests.give_up(now, &shared.policy) {
            shared.counters.snapshots_failed += 1;
        }
        self.ask(now, shared, out);
    }

    fn lost(
        &mut self,
        exchange_time: Option<Timestamp>,
        loss: BookLoss,
        now: Timestamp,
        shared: &Shared,
        out: &mut dyn MarketSink,
    ) {
        self.was_lost = true;
        self.requests.lost(now, &shared.policy);
        let data = MarketData::BookLost(loss);
        out.event(MarketEvent { instrument: self.instrument, exchange_time, data });
    }

    fn ask(&mut self, now: Timestamp, shared: &mut Shared, out: &mut dyn MarketSink) {
        let Shared { counters, throttle, policy } = shared;
        if self.sync.state() == BookSync::Waiting && self.requests.ask(now, throttle, policy) {
            counters.snapshots_requested += 1;
            let (instrument, url) = (self.instrument, self.snapshot_url.clone());
            out.request(Request::DepthSnapshot { instrument, url });
        }
    }
}

/// A snapshot with the changes that waited for it. Both are told as one, so that nobody
/// decides on a state that is already known to be past.
struct WholeBook {
    update_id: u64,
    bids: BTreeMap<Ticks, Lots>,
    asks: BTreeMap<Ticks, Lots>,
}

impl WholeBook {
    fn new(update_id: u64, levels: &Levels) -> Self {
        let side = |levels: &[Level]| levels.iter().map(|one| (one.price, one.quantity)).collect();
        Self { update_id, bids: side(&levels.bids), asks: side(&levels.asks) }
    }

    fn apply(&mut self, kept: &KeptDiff) {
        let pairs = |levels: &[Level]| -> Vec<_> {
            levels.iter().map(|one| (one.price, one.quantity)).collect()
        };
        self.bids.extend(pairs(&kept.levels.bids));
        self.asks.extend(pairs(&kept.levels.asks));
        self.update_id = kept.diff.last;
    }

    /// Best levels first, as a venue sends them.
    fn into_data(self) -> MarketData<'static> {
        let kept = |(price, quantity): (Ticks, Lots)| {
            (!quantity.is_zero()).then_some(Level { price, quantity })
        };
        MarketData::BookSnapshot {
            update_id: self.update_id,
            bids: self.bids.into_iter().rev().filter_map(kept).collect(),
            asks: self.asks.into_iter().filter_map(kept).collect(),
        }
    }
}

#[inline]
fn diff_event<'a>(diff: &DepthDiff, levels: &'a Levels) -> MarketEvent<'a> {
    MarketEvent {
        instrument: diff.instrument,
        exchange_time: Some(diff.exchange_time),
        data: MarketData::BookDiff {
            first_update_id: diff.first,
            last_update_id: diff.last,
            bids: Cow::Borrowed(&levels.bids),
            asks: Cow::Borrowed(&levels.asks),
        },
    }
}
