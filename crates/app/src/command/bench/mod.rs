//! `bench latency`: from a frame's scheduled arrival to the decision about it.
//!
//! Each frame has a time at which it should arrive; latency counts from there, so a stall
//! shows in every frame that had to wait (no coordinated omission). An empty loop with the
//! same schedule shows what the machine itself costs.

pub(super) mod backtest;
mod eager;
mod frames;
mod machine;
mod paced;
mod report;

use std::{sync::Arc, time::Instant};

use anyhow::Result;
use domain::{InstrumentId, RunNumber, record::NoRecords};
use engine::{OpeningAccount, Strategy};
use runtime::{
    InlineExecution, LoopConfig, LoopParts, Pace, StopPolicy, TradingLoop, Vitals, WaitStrategy,
    WallClock,
    control::control_channel,
    pipeline::{self, PipelineConfig},
};

use self::{
    eager::EagerStrategy,
    frames::Frames,
    machine::Machine,
    paced::{EmptyLoop, PacedSource},
    report::{Measurement, Report},
};
use super::{Failure, loading};
use crate::{
    cli::{LatencyArgs, LayoutArg, Rate},
    config::{Config, Override},
    output, session,
};

/// The instrument that is measured: the only one there is.
const FIRST: InstrumentId = InstrumentId::new(0);

/// Orders must be frequent to be measured, so the limits that make them rare are off.
const BENCH_CONFIG: &str = include_str!("../../../../../config/bench.toml");

pub(super) fn execute(arguments: &LatencyArgs) -> Result<(), Failure> {
    let flags: [Override; 0] = [];
    let loaded = loading::load_built_in("config/bench.toml", BENCH_CONFIG, &[], &flags)?;
    let frames = Frames::load(&loaded.config, arguments.capture.as_deref(), arguments.frames)?;
    let machine = Machine::look();
    if !arguments.json {
        output::text(&format!("{machine}\n{frames}\n"))?;
    }
    let mut measurements = Vec::new();
    for rate in &arguments.rate {
        for layout in &arguments.layout {
            measurements.push(measure(&loaded.config, &frames, *rate, *layout)?);
        }
    }
    let report = Report { machine, frames: frames.describe(), measurements };
    if arguments.json {
        return Ok(output::json(&report)?);
    }
    Ok(output::text(&report.to_string())?)
}

fn measure(config: &Config, frames: &Frames, rate: Rate, layout: LayoutArg) -> Result<Measurement> {
    let clock = WallClock::start();
    let empty = EmptyLoop::run(frames.len(), rate, &clock);
    let instruments = frames.instruments().clone();
    let opening = OpeningAccount::with_cash(config.paper.starting_cash);
    let vitals = Arc::new(Vitals::for_instruments(instruments.len()));
    let execution = session::paper_broker(config, RunNumber::FIRST, &instruments, &opening)?;
    let strategies: Vec<Box<dyn Strategy>> = vec![Box::new(EagerStrategy::new(FIRST))];
    let engine = session::engine_of(config, RunNumber::FIRST, instruments, opening, strategies)?;
    let (_port, mailbox) = control_channel();
    let parts = LoopParts {
        source: PacedSource::new(config, frames, rate, clock.clone()),
        engine,
        execution,
        journal: NoRecords,
        clock,
        vitals: Arc::clone(&vitals),
        mailbox,
        config: LoopConfig {
            pace: Pace::Data,
            wait: WaitStrategy::SpinThenPark,
            stop_policy: StopPolicy::Cancel,
            measure_every: 1,
        },
    };
    let began = Instant::now();
    let orders = match layout {
        LayoutArg::Fused => {
            TradingLoop::new(parts.map_execution(InlineExecution::new)).run().ended.orders
        }
        LayoutArg::Pipelined => {
            let performance = &config.strategy.performance;
            let channels = PipelineConfig {
                market_channel_size: performance.market_channel_size,
                order_channel_size: performance.order_channel_size,
                report_latency: config.paper.report_latency,
            };
            pipeline::run(parts, channels)?.ended.orders
        }
    };
    Ok(Measurement::new(rate, layout, frames.len(), began.elapsed(), orders, &vitals, empty))
}
