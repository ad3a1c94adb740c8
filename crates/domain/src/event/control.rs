//! Orders to the engine itself.

use serde::{Deserialize, Serialize};

/// What an operator or a supervisor tells the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Cancel everything, refuse everything, until [`Control::Resume`].
    Kill,
    /// Lift the kill switch.
    Resume,
    /// Take no new risk: the program is about to end. Open orders are cancelled.
    WindDown,
    /// Take no new risk: the program is about to end. Open orders are left at the venue.
    WindDownKeepOrders,
    /// The journal cannot keep up: place nothing until [`Control::JournalRecovered`].
    JournalStalled,
    /// The journal keeps up again.
    JournalRecovered,
}
