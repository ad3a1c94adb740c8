//! Keeping it alive: the sequencer, the trading loop and its two thread layouts.
//!
//! This crate moves events: from a [`Source`] through the engine to an [`Execution`] and
//! back, numbering and recording each. It knows threads, queues and clocks; it knows no
//! venue, no database and no strategy. `fused` and `pipelined` run the same loop, with
//! the neighbours either called directly or reached through bounded channels.

pub mod clock;
pub mod conflate;
pub mod control;
pub mod execution;
pub mod histogram;
pub mod parcel;
pub mod pipeline;
pub mod source;
mod stopwatch;
pub mod trading_loop;
pub mod vitals;
pub mod wait;

pub use clock::{Clock, Stamp, WallClock};
pub use control::{ControlMailbox, ControlPort, StopPolicy};
pub use execution::{Execution, InlineExecution};
pub use histogram::{Histogram, HistogramView};
pub use source::{Activity, Intake, Source};
pub use trading_loop::{
    EndReason, Finished, Journal, LoopConfig, LoopParts, MEASURE_EVERY, Pace, TradingLoop,
};
pub use vitals::Vitals;
pub use wait::{WaitStrategy, check_spinners};
