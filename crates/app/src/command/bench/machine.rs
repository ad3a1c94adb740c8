//! The machine a measurement was made on.

use std::{
    fmt, fs,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Instant,
};

use runtime::wait::available_cores;
use serde::Serialize;

/// What a reader needs to compare figures.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Machine {
    cores: usize,
    processor: String,
    /// Nanoseconds of one dependent addition: the inverse of the clock frequency.
    addition_ns: f64,
    /// Nanoseconds for a cache line to another core and back; `None` on a single core.
    core_round_trip_ns: Option<f64>,
    /// The system's load over the last minute.
    load: f64,
    build: &'static str,
}

impl Machine {
    pub(super) fn look() -> Self {
        let cores = available_cores();
        Self {
            cores,
            processor: processor().unwrap_or_else(|| std::env::consts::ARCH.into()),
            addition_ns: addition(),
            core_round_trip_ns: (cores > 1).then(round_trip),
            load: load().unwrap_or(0.0),
            build: if cfg!(debug_assertions) { "debug: figures mean nothing" } else { "release" },
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "machine  {} cores, {}, {:.2} ns an addition, ",
            self.cores, self.processor, self.addition_ns
        )?;
        if let Some(nanos) = self.core_round_trip_ns {
            write!(f, "{nanos:.0} ns to another core and back, ")?;
        }
        write!(f, "load {:.2}, {} build", self.load, self.build)
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim().to_owned())
}

fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// The best of a few runs: others on the machine can only make it look slower.
fn addition() -> f64 {
    const ADDITIONS: u32 = 2_000_000;
    let run = || {
        let began = Instant::now();
        let sum = (0..ADDITIONS).fold(1_u64, |sum, _| std::hint::black_box(sum).wrapping_add(1));
        std::hint::black_box(sum);
        began.elapsed().as_secs_f64() * 1e9 / f64::from(ADDITIONS)
    };
    (0..5).map(|_| run()).fold(f64::INFINITY, f64::min)
}

fn round_trip() -> f64 {
    const TRIPS: u32 = 100_000;
    let ball = AtomicU32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..TRIPS {
                wait_for(&ball, 2 * turn + 1);
                ball.store(2 * turn + 2, Ordering::Release);
            }
        });
        let began = Instant::now();
        for turn in 0..TRIPS {
            ball.store(2 * turn + 1, Ordering::Release);
            wait_for(&ball, 2 * turn + 2);
        }
        began.elapsed().as_secs_f64() * 1e9 / f64::from(TRIPS)
    })
}

fn wait_for(ball: &AtomicU32, value: u32) {
    let mut spins = 0_u32;
    while ball.load(Ordering::Acquire) != value {
        spins += 1;
        // Both may share a core on a busy machine.
        if spins.is_multiple_of(10_000) { thread::yield_now() } else { std::hint::spin_loop() }
    }
}
