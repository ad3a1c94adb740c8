//! Learning from history: the back-test loop, made-up markets, and honest doubts.
//!
//! Pure: events come in through a [`History`], an [`Outcome`] goes out. Reading files, drawing
//! pictures and writing reports is left to others.

pub mod built_bars;
pub mod chart_series;
pub mod experiment;
pub mod history;
pub mod lookahead;
pub mod months;
pub mod outcome;
pub mod recorder;
pub mod replay;
pub mod sensitivity;
pub mod synthetic;

pub use built_bars::BuiltBars;
pub use chart_series::{Bucket, ChartSeries};
pub use history::{Cut, History, Slice};
pub use months::Month;
pub use outcome::Outcome;
pub use recorder::Recorder;
pub use replay::{Finished, Flow, Progress, Replay, ReplayError, Silence, Witness};
