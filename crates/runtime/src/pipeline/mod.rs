//! The documents' layout: market data, strategy and execution on a thread each.
//!
//! The same [`TradingLoop`] runs in the middle. Its source is a channel from the market
//! data thread, its execution a channel to the execution thread, where the paper broker
//! keeps replicas of the books. Commands are the same as in the fused layout because a
//! report becomes due only `report_latency` of event time after the event that caused it:
//! before deciding at time `t`, the strategy thread waits until the execution thread has
//! seen everything up to `t - report_latency`, and no further.

mod execution_thread;
mod market_thread;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use domain::Span;
use engine::{PriceSource, paper::PaperBroker};

use crate::{Clock, Finished, Journal, LoopParts, Pace, Source, TradingLoop};

/// Sizes of the channels between the threads.
#[derive(Clone, Copy, Debug)]
pub struct PipelineConfig {
    /// Slots from the market data thread to the strategy thread.
    pub market_channel_size: usize,
    /// Slots from the strategy thread to the execution thread.
    pub order_channel_size: usize,
    /// The paper broker's report latency.
    pub report_latency: Span,
}

/// A thread of the pipeline could not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The system refused to start a thread.
    #[error("cannot start the {name} thread")]
    Spawn {
        /// Which one.
        name: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A thread panicked; its message went to standard error.
    #[error("the {name} thread panicked; see the message above")]
    Panicked {
        /// Which one.
        name: &'static str,
    },
}

/// Runs the loop on three threads until it ends.
///
/// # Errors
/// [`PipelineError`] when a thread cannot be started or panics.
pub fn run<S: Source, J: Journal + Send, C: Clock>(
    parts: LoopParts<S, PaperBroker, J, C>,
    pipeline: PipelineConfig,
) -> Result<Finished<S, (), J>, PipelineError> {
    let LoopParts { source, engine, execution: broker, journal, clock, vitals, mailbox, config } =
        parts;
    let stop = AtomicBool::new(false);
    let instruments = engine.instruments().len();
    let live = config.pace == Pace::Live;
    let pipeline = PipelineConfig {
        // What happens within a bar is answered at the bar's own time.
        report_latency: match engine.prices() {
            PriceSource::Bars => Span::ZERO,
            PriceSource::Book | PriceSource::Quotes => pipeline.report_latency,
        },
        ..pipeline
    };
    let (feeder, source_end) =
        market_thread::connect(pipeline.market_channel_size, live, Arc::clone(&vitals));
    let (executor, execution) = execution_thread::connect(
        pipeline,
        (engine.prices(), instruments),
        broker,
        config.wait,
        Arc::clone(&vitals),
    );
    let middle = LoopParts {
        source: source_end,
        engine,
        execution,
        journal,
        clock,
        vitals,
        mailbox,
        config,
    };
    thread::scope(|scope| {
        let market = thread::Builder::new()
            .name("market-data".into())
            .spawn_scoped(scope, || feeder.run(source, config.wait, &stop))
            .map_err(|source| PipelineError::Spawn { name: "market-data", source })?;
        let orders = thread::Builder::new()
            .name("execution".into())
            .spawn_scoped(scope, || executor.run())
            .map_err(|source| PipelineError::Spawn { name: "execution", source })?;
        let strategy = thread::Builder::new().name("strategy".into()).spawn_scoped(scope, || {
            let finished = TradingLoop::new(middle).run();
            stop.store(true, Ordering::Release);
            // Dropping both channel ends lets the neighbours finish.
            let Finished { reason, engine, journal, ended, .. } = finished;
            (reason, engine, journal, ended)
        });
        let strategy =
            strategy.map_err(|source| PipelineError::Spawn { name: "strategy", source })?;
        let (reason, engine, journal, ended) =
            strategy.join().map_err(|_| PipelineError::Panicked { name: "strategy" })?;
        orders.join().map_err(|_| PipelineError::Panicked { name: "execution" })?;
        let source = market.join().map_err(|_| PipelineError::Panicked { name: "market-data" })?;
        Ok(Finished { reason, engine, source, execution: (), journal, ended })
    })
}
