//! Why one should not believe a result: each doubt is one plain sentence computed from the numbers.
//!
//! A sentence says what was found, not what to do; whoever reads it decides. The tables behind the
//! sentences are part of the content.

mod luck;
mod robustness;
mod setting;

use serde::Serialize;

use crate::{Sources, evidence::Evidence};

/// One reason for doubt, or the absence of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// A name for programs, such as `costs`.
    pub id: &'static str,
    /// A name for people.
    pub title: &'static str,
    /// How much it speaks against the result.
    pub weight: Weight,
    /// One sentence.
    pub verdict: String,
}

/// How much a finding speaks against the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Nothing was found here.
    Fine,
    /// Not enough to judge, or a weak point.
    Careful,
    /// Reason enough not to believe the result.
    Against,
}

impl Doubt {
    fn new(
        (id, title): (&'static str, &'static str),
        weight: Weight,
        verdict: impl Into<String>,
    ) -> Self {
        Self { id, title, weight, verdict: verdict.into() }
    }
}

/// All doubts that apply, in the order of the report.
pub(crate) fn all(sources: &Sources<'_>, evidence: &Evidence) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    doubts.extend(setting::made_up(sources));
    doubts.push(luck::trades(sources));
    doubts.push(luck::above_zero(evidence));
    doubts.push(luck::deflated(evidence));
    doubts.push(luck::track_record(evidence));
    doubts.push(luck::target(evidence));
    doubts.extend(luck::best_trade(sources));
    doubts.push(robustness::costs(sources));
    doubts.push(robustness::delay(sources));
    doubts.push(robustness::lookahead(sources.lookahead));
    doubts.push(setting::fills(sources));
    doubts.push(setting::data(sources));
    doubts.extend(setting::paper_profit(sources));
    doubts.extend(setting::liquidations(sources));
    doubts.extend(setting::stopped(sources));
    doubts
}

/// One sentence for the top of the report.
pub(crate) fn overall(doubts: &[Doubt]) -> String {
    let of = |weight| doubts.iter().filter(|doubt| doubt.weight == weight).count();
    let (against, careful) = (of(Weight::Against), of(Weight::Careful));
    let all = doubts.len();
    match (against, careful) {
        (0, 0) => format!("None of {all} checks speaks against this result."),
        (0, careful) => {
            format!("None of {all} checks speaks against this result; {careful} ask for care.")
        }
        (1, 0) => format!("1 of {all} checks speaks against this result."),
        (1, careful) => {
            format!("1 of {all} checks speaks against this result; {careful} more ask for care.")
        }
        (against, 0) => format!("{against} of {all} checks speak against this result."),
        (against, careful) => format!(
            "{against} of {all} checks speak against this result; {careful} more ask for care."
        ),
    }
}
