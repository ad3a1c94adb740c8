//! One question, asked in several ways: the same strategy and data under other assumptions.

use domain::Timestamp;
use engine::{Engine, paper::PaperBroker};

use crate::{Finished, Flow, History, Progress, Replay, ReplayError, Silence, Witness};

/// What is different from the experiment as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The history ends here, as if nothing later were known; `None` for all of it.
    pub until: Option<Timestamp>,
    /// Every cost (fees, spread, slippage, impact, borrow) times this.
    pub cost_multiple: u32,
    /// Decisions take effect this much later.
    pub delay: Delay,
}

/// How much later decisions take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// As configured.
    AsConfigured,
    /// So many bars later than at the open of the next one.
    Bars(u32),
    /// So many milliseconds later, instead of the configured latency.
    Millis(u32),
}

impl Variant {
    /// Nothing is different.
    pub const AS_CONFIGURED: Self =
        Self { until: None, cost_multiple: 1, delay: Delay::AsConfigured };
}

/// Everything one run needs, new.
pub struct Prepared<H> {
    /// The decider, before its first event.
    pub engine: Engine,
    /// The pretend exchange, before its first event.
    pub broker: PaperBroker,
    /// The data, before the first event.
    pub history: H,
    /// Whether time between events is announced.
    pub silence: Silence,
}

/// Whoever can set up the same run again and again, each time from nothing.
pub trait Experiment: Sync {
    /// Its data.
    type History: History;

    /// Sets up one run.
    ///
    /// # Errors
    /// When a part cannot be made or the data cannot be opened.
    fn prepare(&self, variant: &Variant) -> Result<Prepared<Self::History>, PrepareError>;
}

/// Why a run could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("a run cannot be set up")]
pub struct PrepareError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Why a run of an experiment has no result.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError<E: std::error::Error + 'static> {
    /// It could not be set up.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// It could not be finished.
    #[error(transparent)]
    Replay(#[from] ReplayError<E>),
    /// Somebody stopped it.
    #[error("stopped before the end")]
    Stopped,
}

/// The error of an experiment's runs.
pub type ErrorOf<X> = ExperimentError<<<X as Experiment>::History as History>::Error>;

/// Runs one variant while `witness` looks on.
///
/// # Errors
/// [`ExperimentError`].
pub fn run<X: Experiment, W: Witness>(
    experiment: &X,
    variant: &Variant,
    witness: impl FnOnce(&Engine) -> W,
    progress: &mut dyn FnMut(Progress) -> Flow,
) -> Result<(Finished, W), ErrorOf<X>> {
    let Prepared { engine, broker, mut history, silence } = experiment.prepare(variant)?;
    let mut witness = witness(&engine);
    let finished =
        Replay::new(engine, broker, silence).run(&mut history, &mut witness, progress)?;
    Ok((finished, witness))
}
