//! How far a back-test is: a bar with rate and time left on a terminal, and Ctrl-C in order.

use std::{
    io::IsTerminal as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use research::{Flow, Progress};

/// Shows progress, and hears of an interrupt.
pub(super) struct Watch {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
}

impl Watch {
    /// `events` are expected; zero for an unknown number. Nothing is shown unless standard error
    /// is a terminal.
    pub(super) fn new(events: u64) -> Result<Self> {
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&interrupted))
                .context("cannot listen for signals")?;
        }
        let bar = if events == 0 { ProgressBar::no_length() } else { ProgressBar::new(events) };
        let shown = std::io::stderr().is_terminal();
        bar.set_draw_target(if shown {
            ProgressDrawTarget::stderr_with_hz(8)
        } else {
            ProgressDrawTarget::hidden()
        });
        let template = "{msg:<14} {wide_bar} {human_pos} events, {per_sec}, {eta} left";
        bar.set_style(ProgressStyle::with_template(template).context("a fixed template")?);
        bar.enable_steady_tick(Duration::from_millis(250));
        Ok(Self { bar, interrupted })
    }

    /// Begins the next part of the work from nothing.
    pub(super) fn begin(&self, what: &'static str) {
        self.bar.set_message(what);
        self.bar.reset();
    }

    pub(super) fn look(&self, progress: Progress) -> Flow {
        self.bar.set_position(progress.events);
        if self.is_interrupted() { Flow::Stop } else { Flow::Continue }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
