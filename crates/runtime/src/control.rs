//! The way in for people and supervisors: kill, resume, stop.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU8, Ordering},
};

use domain::Control;

/// What happens to open orders when the program stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopPolicy {
    /// They are cancelled.
    #[default]
    Cancel,
    /// They are left at the venue.
    Leave,
}

/// Requests not yet seen by the trading loop. A later kill beats an earlier resume.
#[derive(Debug, Default)]
struct Pending {
    any: AtomicBool,
    kill_switch: AtomicU8,
    stop: AtomicBool,
}

const NOTHING: u8 = 0;
const KILL: u8 = 1;
const RESUME: u8 = 2;

/// The sender's end; clone it freely.
#[derive(Clone, Debug)]
pub struct ControlPort(Arc<Pending>);

/// The trading loop's end.
#[derive(Debug)]
pub struct ControlMailbox(Arc<Pending>);

/// Makes a connected pair. Requests conflate, so nothing can overflow.
#[must_use]
pub fn control_channel() -> (ControlPort, ControlMailbox) {
    let pending = Arc::new(Pending::default());
    (ControlPort(Arc::clone(&pending)), ControlMailbox(pending))
}

impl ControlPort {
    /// Cancel everything and refuse everything.
    pub fn kill(&self) {
        self.0.kill_switch.store(KILL, Ordering::Release);
        self.0.any.store(true, Ordering::Release);
    }

    /// Lift the kill switch.
    pub fn resume(&self) {
        self.0.kill_switch.store(RESUME, Ordering::Release);
        self.0.any.store(true, Ordering::Release);
    }

    /// End the session in order.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Release);
        self.0.any.store(true, Ordering::Release);
    }
}

impl ControlMailbox {
    /// Whether an orderly end was asked for.
    #[must_use]
    pub fn stop_requested(&self) -> bool {
        self.0.stop.load(Ordering::Acquire)
    }

    /// The next request for the engine, if any. Costs one load when there is none.
    #[must_use]
    pub fn take(&self) -> Option<Control> {
        if !self.0.any.load(Ordering::Acquire) {
            return None;
        }
        self.0.any.store(false, Ordering::Release);
        match self.0.kill_switch.swap(NOTHING, Ordering::AcqRel) {
            KILL => Some(Control::Kill),
            RESUME => Some(Control::Resume),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kill_arrives_once() {
        let (port, mailbox) = control_channel();
        assert_eq!(mailbox.take(), None);
        port.kill();
        assert_eq!(mailbox.take(), Some(Control::Kill));
        assert_eq!(mailbox.take(), None);
    }

    #[test]
    fn the_latest_word_counts_and_stop_is_never_forgotten() {
        let (port, mailbox) = control_channel();
        port.resume();
        port.kill();
        port.stop();
        assert_eq!(mailbox.take(), Some(Control::Kill));
        assert!(mailbox.stop_requested());
    }
}
