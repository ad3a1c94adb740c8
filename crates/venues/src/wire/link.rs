//! The life of one planned connection: waiting, dialling, open, being replaced.
//!
//! Pure bookkeeping over time that is passed in; the driver does the work. A connection that
//! grows old is not closed first: its replacement is opened, both are read for a moment, then
//! the old one goes. The translator ignores what it hears twice.

use domain::{Span, Timestamp};

use super::{Backoff, ConnectionHealth, ConnectionState, Socket, WireError, WireSettings};
use crate::venue::ConnectionPlan;

/// An open socket with its times.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) socket: Socket,
    /// Everything there was has been read; only news can make it readable again.
    pub(super) drained: bool,
    opened: Timestamp,
    last_heard: Timestamp,
}

impl Live {
    pub(super) const fn heard(&mut self, now: Timestamp) {
        self.last_heard = now;
    }
}

/// The dial that is planned or under way, for a first or a replacing socket.
#[derive(Debug)]
enum Attempt {
    None,
    At(Timestamp),
    Dialing(u64),
}

/// What became of the planned connection when one of its sockets ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// Nothing is connected any more: tell the translator.
    Disconnected,
    /// The other socket carries on.
    Covered,
}

/// What became of a finished dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Adoption {
    /// It is the connection now: tell the translator.
    Opened,
    /// It will replace the current one.
    Replacing,
}

/// Which of the two possible sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Current,
    Replacement,
}

/// One planned connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) plan: ConnectionPlan,
    pub(super) health: ConnectionHealth,
    current: Option<Live>,
    replacement: Option<Live>,
    attempt: Attempt,
    backoff: Backoff,
    stable_after: Span,
    overlap: Span,
    ever_open: bool,
}

impl Link {
    pub(super) fn new(plan: ConnectionPlan, settings: &WireSettings, index: u64) -> Self {
        let seed = settings.seed.wrapping_add(index);
        Self {
            health: ConnectionHealth::new(plan.name.clone()),
            plan,
            current: None,
            replacement: None,
            attempt: Attempt::At(Timestamp::EPOCH),
            backoff: Backoff::new(settings.backoff_base, settings.backoff_cap, seed),
            stable_after: settings.stable_after,
            overlap: settings.overlap,
            ever_open: false,
        }
    }

    pub(super) fn live(&mut self, place: Place) -> Option<&mut Live> {
        match place {
            Place::Current => self.current.as_mut(),
            Place::Replacement => self.replacement.as_mut(),
        }
    }

    pub(super) fn lives(&mut self) -> impl Iterator<Item = &mut Live> {
        self.current.iter_mut().chain(self.replacement.iter_mut())
    }

    /// Whether a dial should start now.
    pub(super) const fn dial_due(&self, now: Timestamp) -> bool {
        matches!(self.attempt, Attempt::At(time) if time.as_nanos() <= now.as_nanos())
    }

    pub(super) const fn postpone(&mut self, until: Timestamp) {
        self.attempt = Attempt::At(until);
    }

    pub(super) const fn dialing(&mut self, ticket: u64) {
        self.attempt = Attempt::Dialing(ticket);
        if self.current.is_none() {
            self.health.state = ConnectionState::Dialing;
        }
    }

    /// Whether this dial was ours.
    pub(super) const fn awaits(&self, ticket: u64) -> bool {
        matches!(self.attempt, Attempt::Dialing(own) if own == ticket)
    }

    /// Takes a finished socket and queues the hello frames.
    pub(super) fn adopt(
        &mut self,
        mut socket: Socket,
        now: Timestamp,
    ) -> Result<Adoption, WireError> {
        self.attempt = Attempt::None;
        for text in &self.plan.hello {
            socket.send(text.clone())?;
        }
        let live = Live { socket, drained: false, opened: now, last_heard: now };
        self.health.reconnects += u64::from(self.ever_open);
        self.ever_open = true;
        if self.current.is_some() {
            self.replacement = Some(live);
            return Ok(Adoption::Replacing);
        }
        self.current = Some(live);
        self.opened(now);
        Ok(Adoption::Opened)
    }

    const fn opened(&mut self, since: Timestamp) {
        self.health.state = ConnectionState::Open;
        self.health.open_since = Some(since);
    }

    /// A dial failed: plan the next one. Returns the pause.
    pub(super) fn dial_failed(&mut self, error: &WireError, now: Timestamp) -> Span {
        self.health.failed_attempts += 1;
        self.health.last_error = Some(error.to_line());
        let asked = error.retry_after().unwrap_or(Span::ZERO);
        self.plan_dial(now, asked)
    }

    fn plan_dial(&mut self, now: Timestamp, at_least: Span) -> Span {
        let pause = self.backoff.next_pause().max(at_least);
        self.attempt = Attempt::At(now + pause);
        if self.current.is_none() {
            self.health.state = ConnectionState::Waiting;
        }
        pause
    }

    /// A socket ended. Hands it back so that it can be deregistered and dropped.
    pub(super) fn lose(
        &mut self,
        place: Place,
        reason: String,
        now: Timestamp,
    ) -> (Option<Live>, Loss) {
        self.health.last_error = Some(reason);
        if place == Place::Replacement {
            let lost = self.replacement.take();
            self.plan_dial(now, Span::ZERO);
            return (lost, Loss::Covered);
        }
        let lost = self.current.take();
        if lost.as_ref().is_some_and(|live| live.socket.frames_read() > 0) {
            self.backoff.ease();
        }
        if self.promote() {
            return (lost, Loss::Covered);
        }
        self.health.open_since = None;
        if matches!(self.attempt, Attempt::Dialing(_)) {
            self.health.state = ConnectionState::Dialing;
        } else {
            self.plan_dial(now, Span::ZERO);
        }
        (lost, Loss::Disconnected)
    }

    /// The replacement becomes the connection.
    fn promote(&mut self) -> bool {
        self.current = self.replacement.take();
        let since = self.current.as_ref().map(|live| live.opened);
        if let Some(since) = since {
            self.opened(since);
        }
        since.is_some()
    }

    /// The venue announced that it will hang up: open another one now.
    pub(super) const fn replace(&mut self, now: Timestamp) {
        if matches!(self.attempt, Attempt::None) && self.replacement.is_none() {
            self.attempt = Attempt::At(now);
        }
    }

    /// Bookkeeping that only time causes.
    pub(super) fn tend(&mut self, now: Timestamp) {
        let Some(live) = &self.current else { return };
        self.health.last_heard = Some(live.last_heard);
        let age = now.since(live.opened);
        if age >= self.stable_after {
            self.backoff.reset();
        }
        if age >= renew_at(self.plan.max_age) {
            self.replace(now);
        }
    }

    /// Which socket was silent for too long.
    pub(super) fn silent(&self, now: Timestamp) -> Option<Place> {
        let silent = |live: &Live| now.since(live.last_heard) > self.plan.idle_limit;
        if self.current.as_ref().is_some_and(silent) {
            Some(Place::Current)
        } else if self.replacement.as_ref().is_some_and(silent) {
            Some(Place::Replacement)
        } else {
            None
        }
    }

    /// The old socket, once its replacement has been heard for long enough.
    pub(super) fn retire(&mut self, now: Timestamp) -> Option<Live> {
        let heard =
            |live: &Live| live.socket.frames_read() > 0 && now.since(live.opened) >= self.overlap;
        if !self.replacement.as_ref().is_some_and(heard) {
            return None;
        }
        let old = self.current.take();
        self.promote();
        old
    }
}

/// A connection is replaced when 2 % of its life are left: half an hour of a day.
fn renew_at(max_age: Span) -> Span {
    Span::from_nanos(max_age.as_nanos() - max_age.as_nanos() / 50)
}
