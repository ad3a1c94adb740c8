//! Proof that no decision depends on the future: cut the data, and every decision before the cut
//! stays as it was.
//!
//! Each run is set up from nothing with the shortened data, so it also finds what knows the future
//! outside the strategy: a feed that is adjusted with hindsight, or a parameter taken from the
//! whole sample.

use domain::{MarketEvent, NewOrder, OrderId, Record, RecordSink, Timestamp};
use engine::Engine;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

use crate::{
    Flow, Progress, Witness,
    experiment::{self, ErrorOf, Experiment, ExperimentError, Variant},
};

/// Something that was decided, with when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// An order.
    Placed(NewOrder),
    /// The withdrawal of one.
    Withdrawn(OrderId, Timestamp),
}

impl Decision {
    /// When it was made.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        match self {
            Self::Placed(order) => order.created,
            Self::Withdrawn(_, time) => *time,
        }
    }
}

/// What the check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookaheadReport {
    /// Where the data were cut.
    pub cuts: Vec<Timestamp>,
    /// Decisions of the whole run.
    pub decisions: usize,
    /// Decisions compared, over all cuts.
    pub compared: usize,
    /// The first cut that changed the past; `None` when none did.
    pub violation: Option<Violation>,
}

/// A decision that was different when the data ended sooner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where the data were cut.
    pub cut: Timestamp,
    /// The place of the decision among all, from 1.
    pub number: usize,
    /// With all data; `None` when there was no such decision.
    pub whole: Option<Decision>,
    /// With the data cut; `None` when there was no such decision.
    pub cut_short: Option<Decision>,
}

/// Writes down every decision.
#[derive(Debug, Default)]
struct Minutes {
    decisions: Vec<Decision>,
    span: Option<(Timestamp, Timestamp)>,
}

impl RecordSink for Minutes {
    fn record(&mut self, record: &Record<'_>) {
        match record {
            Record::Placed(order) => self.decisions.push(Decision::Placed(*order)),
            Record::CancelRequested { order, time } => {
                self.decisions.push(Decision::Withdrawn(*order, *time));
            }
            _ => {}
        }
    }
}

impl Witness for Minutes {
    fn after(&mut self, time: Timestamp, _event: &MarketEvent<'_>, _engine: &Engine) {
        let first = self.span.map_or(time, |(first, _)| first);
        self.span = Some((first, time));
    }
}

/// Runs the experiment whole, then `cuts` more times with the data cut at random moments.
///
/// # Errors
/// [`ExperimentError`], also when `progress` says stop.
pub fn check<X: Experiment>(
    experiment: &X,
    cuts: u32,
    seed: u64,
    progress: &mut dyn FnMut(Progress) -> Flow,
) -> Result<LookaheadReport, ErrorOf<X>> {
    let whole = minutes(experiment, &Variant::AS_CONFIGURED, progress)?;
    let mut report = LookaheadReport {
        cuts: moments(whole.span, cuts, seed),
        decisions: whole.decisions.len(),
        compared: 0,
        violation: None,
    };
    for &cut in &report.cuts {
        let variant = Variant { until: Some(cut), ..Variant::AS_CONFIGURED };
        let short = minutes(experiment, &variant, progress)?;
        // At the cut itself open orders are withdrawn, because the run ends there.
        let before = |decisions: &[Decision]| {
            decisions.iter().position(|one| one.time() >= cut).unwrap_or(decisions.len())
        };
        let expected = &whole.decisions[..before(&whole.decisions)];
        let found = &short.decisions[..before(&short.decisions)];
        report.compared += expected.len();
        let differs =
            (0..expected.len().max(found.len())).find(|&n| expected.get(n) != found.get(n));
        if let Some(place) = differs {
            let (whole, cut_short) = (expected.get(place).copied(), found.get(place).copied());
            report.violation = Some(Violation { cut, number: place + 1, whole, cut_short });
            break;
        }
    }
    Ok(report)
}

fn minutes<X: Experiment>(
    experiment: &X,
    variant: &Variant,
    progress: &mut dyn FnMut(Progress) -> Flow,
) -> Result<Minutes, ErrorOf<X>> {
    let (finished, minutes) =
        experiment::run(experiment, variant, |_| Minutes::default(), progress)?;
    if finished.stopped { Err(ExperimentError::Stopped) } else { Ok(minutes) }
}

/// Random moments within the history, in order.
fn moments(span: Option<(Timestamp, Timestamp)>, cuts: u32, seed: u64) -> Vec<Timestamp> {
    let Some((first, last)) = span else { return Vec::new() };
    let length = u64::try_from(last.since(first).as_nanos()).unwrap_or(0);
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let moment = |_| {
        let offset = i64::try_from(dice.next_u64() % length.max(1)).unwrap_or(0);
        Timestamp::from_nanos(first.as_nanos().saturating_add(offset))
    };
    let mut moments: Vec<_> = (0..cuts).map(moment).collect();
    moments.sort_unstable();
    moments.dedup();
    moments
}
