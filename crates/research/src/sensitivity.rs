//! How much of a result is left when costs are higher or decisions come later.
//!
//! A strategy whose profit lives on free trading or instant execution has none; a report shows
//! these rows beside every result.

use domain::Money;
use engine::performance::Performance;

use crate::{
    Flow, Progress, Silence,
    experiment::{self, Delay, ErrorOf, Experiment, ExperimentError, Variant},
    recorder::Recorder,
};

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was different.
    pub variant: Variant,
    /// The figures.
    pub performance: Performance,
    /// Equity at the end.
    pub equity: Money,
    /// Fills.
    pub fills: u64,
}

/// The variants of a table: costs times 0 to 3, and delays of 0 to 2 bars or 0 to 500 ms.
#[must_use]
pub fn variants(silence: Silence) -> Vec<Variant> {
    let costs = (0..=3).map(|cost_multiple| Variant { cost_multiple, ..Variant::AS_CONFIGURED });
    let delay = |delay| Variant { delay, ..Variant::AS_CONFIGURED };
    let delays: Vec<Variant> = match silence {
        Silence::Skipped => (0..=2).map(Delay::Bars).map(delay).collect(),
        Silence::Announced | Silence::Every(_) => {
            [0, 50, 100, 250, 500].map(Delay::Millis).map(delay).to_vec()
        }
    };
    costs.chain(delays).collect()
}

/// Runs each variant and gives the rows back in the same order. As many run at once as there are
/// `threads`; the result does not depend on it.
///
/// # Errors
/// The first error in the order of the variants.
pub fn table<X: Experiment>(
    experiment: &X,
    variants: &[Variant],
    threads: usize,
    keep_going: &(dyn Fn(Progress) -> Flow + Sync),
) -> Result<Vec<Row>, ErrorOf<X>> {
    let mut rows = Vec::with_capacity(variants.len());
    for some in variants.chunks(threads.max(1)) {
        let results: Vec<Result<Row, ErrorOf<X>>> = std::thread::scope(|scope| {
            let run = |variant| scope.spawn(move || row(experiment, variant, keep_going));
            let running: Vec<_> = some.iter().map(run).collect();
            running
                .into_iter()
                .map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        for result in results {
            rows.push(result?);
        }
    }
    Ok(rows)
}

fn row<X: Experiment>(
    experiment: &X,
    variant: &Variant,
    keep_going: &(dyn Fn(Progress) -> Flow + Sync),
) -> Result<Row, ErrorOf<X>> {
    let look = |engine: &_| Recorder::new(engine, ());
    let (finished, _) =
        experiment::run(experiment, variant, look, &mut |progress| keep_going(progress))?;
    if finished.stopped {
        return Err(ExperimentError::Stopped);
    }
    Ok(Row {
        variant: *variant,
        performance: finished.engine.performance(),
        equity: finished.engine.portfolio().equity(),
        fills: finished.ended.fills,
    })
}
