//! One trading session, from open files to the last line of the summary.
//!
//! `demo`, `run`, `trade` and `replay` differ in their source of events and in what they write; all
//! of them are run here.

mod control_plane;
mod journal;
mod kill_switch;
mod observatory;
mod opening;
mod parts;
mod runner;
mod token;

pub use control_plane::{ControlPlane, ControlPlaneParts};
pub use kill_switch::KillSwitch;
pub use observatory::{FeedBoard, Observatory, SessionFacts};
pub use parts::{
    bars_rule, decides_on, engine_of, engine_over_history, paper_broker, paper_config, traded,
};
pub use runner::{Account, Completed, SessionPlan, run};
pub use token::ControlToken;
