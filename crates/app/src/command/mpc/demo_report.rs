//! What a demonstration showed: for people and for machines.

use std::fmt::Write as _;

use mpc::{
    client::demo::DemoReport,
    function::catalogue::Entry,
    node::statistics::{Phase, RunStatistics},
};
use serde::Serialize;
use serde_json::Value;

use super::{
    example::Example,
    participant::{numbers_as_json, shown},
    reference::{Expected, Named, ROUNDED, own_of, public_of},
};
use crate::cli::MpcDemoArgs;

/// One-way delays for which the time is estimated, in microseconds.
const DELAYS_US: [u64; 3] = [500, 5_000, 35_000];

/// What there is to tell.
pub(super) struct Shown<'a> {
    pub(super) entry: &'static Entry,
    pub(super) example: &'a Example,
    pub(super) expected: &'a Expected,
    pub(super) report: &'a DemoReport,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// Every result equals the reference.
    Right,
    /// A node cheated, and the run was stopped: no result is wrong, and some or all are missing.
    Caught,
    /// A node should cheat, and every result is right nevertheless.
    Harmless,
    /// A result differs from the reference.
    Wrong,
    /// Nobody cheated, and still somebody has no result.
    NoResult,
}

/// The report.
#[derive(Serialize)]
pub(super) struct Document {
    function: &'static str,
    /// Always: inputs are made up.
    inputs: &'static str,
    seed: u64,
    pub(super) verdict: Verdict,
    cheat: Option<String>,
    session: Value,
    participants: Vec<Learned>,
    /// All that is opened to anybody, as the function's catalogue says.
    revealed: &'static [&'static str],
    log_entries: [usize; 3],
    started_us: u64,
    submitted_us: u64,
    collected_us: u64,
    nodes: Option<[Cost; 3]>,
    estimates: Vec<Estimate>,
    #[serde(skip)]
    purpose: &'static str,
}

/// One participant's view.
#[derive(Serialize)]
struct Learned {
    participant: String,
    submitted: Vec<String>,
    public: Option<Value>,
    own: Option<Value>,
    error: Option<String>,
    #[serde(skip)]
    line: String,
}

/// What a run cost at one node.
#[derive(Serialize)]
struct Cost {
    sent_bytes: u64,
    rounds: u64,
    elapsed_us: u64,
    bit_products: u64,
    field_products: u64,
    checks: u64,
    check_us: u64,
    revealed: Vec<(String, u64)>,
    phases: Vec<PhaseCost>,
}

#[derive(Serialize)]
struct PhaseCost {
    name: String,
    elapsed_us: u64,
    sent_bytes: u64,
    rounds: u64,
}

/// Time of a run over slower links: rounds times delay, and what was measured without one. The
/// handshakes of TLS, about three more delays each, are left out.
#[derive(Serialize)]
struct Estimate {
    one_way_delay_us: u64,
    run_us: u64,
}

/// Puts the report together.
pub(super) fn build(shown: &Shown<'_>, arguments: &MpcDemoArgs) -> Document {
    let Shown { entry, example, expected, report } = shown;
    let participants: Vec<Learned> = report
        .shares
        .iter()
        .zip(&example.inputs)
        .map(|(share, input)| learned(share, input))
        .collect();
    let statistics = report.shares.iter().find_map(|share| share.result.as_ref().ok());
    let nodes = statistics.map(|result| result.statistics.each_ref().map(cost));
    let microseconds =
        |duration: std::time::Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    Document {
        function: entry.name,
        inputs: "GENERATED",
        seed: arguments.seed,
        verdict: verdict(expected, report, arguments.cheat.is_some()),
        cheat: arguments.cheat.map(|cheat| cheat.to_string()),
        session: serde_json::to_value(&report.terms).unwrap_or_default(),
        participants,
        revealed: entry.leaks,
        log_entries: report.audited,
        started_us: microseconds(report.started),
        submitted_us: microseconds(report.submitted),
        collected_us: microseconds(report.collected),
        estimates: nodes.as_ref().map(estimates).unwrap_or_default(),
        nodes,
        purpose: entry.purpose,
    }
}

fn verdict(expected: &Expected, report: &DemoReport, cheats: bool) -> Verdict {
    let mut missing = 0;
    for (share, own) in report.shares.iter().zip(&expected.own) {
        match &share.result {
            Ok(result)
                if expected.is_public(&public_of(result)) && is_own(&own_of(result), own) => {}
            Ok(_) => return Verdict::Wrong,
            Err(_) => missing += 1,
        }
    }
    match (missing, cheats) {
        (0, false) => Verdict::Right,
        (0, true) => Verdict::Harmless,
        (_, true) => Verdict::Caught,
        (_, false) => Verdict::NoResult,
    }
}

/// An empty list may be left out.
fn is_own(found: &Named, expected: &Named) -> bool {
    let some = |named: &Named| -> Named {
        let filled = named.iter().filter(|(_, values)| !values.is_empty());
        filled.map(|(name, values)| (name.clone(), values.clone())).collect()
    };
    some(found) == some(expected)
}

fn learned(share: &mpc::client::demo::DemoShare, input: &[i128]) -> Learned {
    let result = share.result.as_ref().ok();
    let (public, own) = (result.map(public_of), result.map(own_of));
    let error = share.result.as_ref().err().map(ToString::to_string);
    let submitted: Vec<String> = input.iter().map(ToString::to_string).collect();
    let line = match &own {
        Some(own) => format!("alone learns {}", shown(own)),
        None => "has no result".to_owned(),
    };
    Learned {
        participant: share.participant.clone(),
        line: format!("submitted {:<24} {line}", submitted.join(" ")),
        submitted,
        public: public.as_ref().map(numbers_as_json),
        own: own.as_ref().map(numbers_as_json),
        error,
    }
}

fn cost(statistics: &RunStatistics) -> Cost {
    let total = statistics.total();
    let work = &statistics.work;
    Cost {
        sent_bytes: total.traffic.sent_bytes,
        rounds: total.traffic.rounds,
        elapsed_us: total.elapsed_ns / 1_000,
        bit_products: work.bit_products,
        field_products: work.field_products,
        checks: work.checks,
        check_us: work.check_ns / 1_000,
        revealed: work.revealed.clone(),
        phases: statistics.phases.iter().map(phase).collect(),
    }
}

fn phase(phase: &Phase) -> PhaseCost {
    PhaseCost {
        name: phase.name.clone(),
        elapsed_us: phase.elapsed_ns / 1_000,
        sent_bytes: phase.traffic.sent_bytes,
        rounds: phase.traffic.rounds,
    }
}

fn estimates(nodes: &[Cost; 3]) -> Vec<Estimate> {
    let rounds = nodes.iter().map(|node| node.rounds).max().unwrap_or(0);
    let elapsed = nodes.iter().map(|node| node.elapsed_us).max().unwrap_or(0);
    let estimate = |delay| Estimate { one_way_delay_us: delay, run_us: elapsed + rounds * delay };
    DELAYS_US.map(estimate).into()
}

/// Milliseconds with one decimal.
fn ms(microseconds: u64) -> String {
    format!("{}.{} ms", microseconds / 1_000, microseconds / 100 % 10)
}

impl Document {
    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{}: {}\nThree node processes on this machine, {} participants; inputs are GENERATED \
             from seed {}.\n\n",
            self.function,
            self.purpose,
            self.participants.len(),
            self.seed
        );
        for learned in &self.participants {
            let _ = writeln!(text, "  {:<6} {}", learned.participant, learned.line);
        }
        let public = self.participants.iter().find_map(|learned| learned.public.as_ref());
        if let Some(public) = public {
            let _ = writeln!(text, "\nEverybody learns {public}.");
        }
        let _ = writeln!(text, "May be revealed: {}.", self.revealed.join("; "));
        text.push_str("A node sees random shares only; two nodes together would see everything.\n");
        let _ = writeln!(text, "\n{}", self.ending());
        let mut reasons: Vec<&str> =
            self.participants.iter().filter_map(|learned| learned.error.as_deref()).collect();
        reasons.dedup();
        for reason in reasons {
            let _ = writeln!(text, "Participants were told: {reason}");
        }
        self.describe_cost(&mut text);
        text
    }

    fn ending(&self) -> String {
        let cheat = self.cheat.as_deref().unwrap_or_default();
        match self.verdict {
            Verdict::Right => {
                let mut text =
                    "Every result equals the plain computation over the same inputs".to_owned();
                let public = self.participants.iter().find_map(|one| one.public.as_ref());
                if public.is_some_and(|public| public.get(ROUNDED).is_some()) {
                    text.push_str(", weights within 1e-4 of the largest");
                }
                text + "."
            }
            Verdict::Caught => format!(
                "A node CHEATED ({cheat}). The honest nodes stopped the run; {} of {} participants \
                 were given a result.",
                self.participants.iter().filter(|learned| learned.error.is_none()).count(),
                self.participants.len()
            ),
            Verdict::Harmless => format!(
                "A node was told to cheat ({cheat}), but that changed nothing: every result equals \
                 the plain computation."
            ),
            Verdict::Wrong => "A result is WRONG: it differs from the plain computation.".into(),
            Verdict::NoResult => "There is NO RESULT, although nobody was told to cheat.".into(),
        }
    }

    fn describe_cost(&self, text: &mut String) {
        let _ = writeln!(
            text,
            "\nStart of the nodes {}, submissions {}, run and results {}; logs checked: {} entries.",
            ms(self.started_us),
            ms(self.submitted_us),
            ms(self.collected_us),
            self.log_entries.iter().sum::<usize>()
        );
        let Some(nodes) = &self.nodes else { return };
        for (index, node) in nodes.iter().enumerate() {
            let _ = writeln!(
                text,
                "  node {index}: {} in {} rounds, {} bytes sent; {} products of bits, {} of \
                 numbers; {} checks in {}",
                ms(node.elapsed_us),
                node.rounds,
                node.sent_bytes,
                node.bit_products,
                node.field_products,
                node.checks,
                ms(node.check_us)
            );
        }
        text.push_str("\n  phase at node 0      time        rounds   bytes sent\n");
        for phase in &nodes[0].phases {
            let time = ms(phase.elapsed_us);
            let (name, rounds, bytes) = (&phase.name, phase.rounds, phase.sent_bytes);
            let _ = writeln!(text, "  {name:<20} {time:<12}{rounds:>6} {bytes:>12}");
        }
        text.push_str(
            "\nESTIMATED for slower links: rounds x delay + the time measured here, \
             without the handshakes of TLS:\n",
        );
        for estimate in &self.estimates {
            let (delay, run) = (ms(estimate.one_way_delay_us), ms(estimate.run_us));
            let _ = writeln!(text, "  {delay:>8} one way   {run}");
        }
    }
}
