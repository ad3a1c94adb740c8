//! The line that shows a running session: rewritten on a terminal, plain lines elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use runtime::vitals::Pulse;

use super::summary::{grouped, latency};
use crate::session::Observatory;

/// Shows progress on standard error, where it does not mix with results.
#[derive(Debug)]
pub struct StatusLine {
    rewrite: bool,
    total: Option<Duration>,
    shown: bool,
}

impl StatusLine {
    /// A status line; `total` is the planned length of the session.
    #[must_use]
    pub fn new(total: Option<Duration>) -> Self {
        Self { rewrite: io::stderr().is_terminal(), total, shown: false }
    }

    /// Time between two updates: often on a terminal, rarely in a log file.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        Duration::from_millis(if self.rewrite { 250 } else { 5_000 })
    }

    /// Shows where the session is. A terminal that is gone is not an error.
    pub fn show(&mut self, observatory: &Observatory) {
        let text = describe(observatory, self.total);
        let mut out = io::stderr().lock();
        let _ = if self.rewrite {
            // Back to the start of the line and clear to its end.
            write!(out, "\r\x1b[2K{text}").and_then(|()| out.flush())
        } else {
            writeln!(out, "{text}")
        };
        self.shown = true;
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        if self.rewrite && self.shown {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

fn describe(observatory: &Observatory, total: Option<Duration>) -> String {
    let pulse = observatory.pulse();
    let elapsed = observatory.uptime().as_secs();
    let time = match total {
        Some(total) => format!("{elapsed}/{} s", total.as_secs()),
        None => format!("{elapsed} s"),
    };
    let counters = &pulse.counters;
    let profit = pulse.realized_pnl + pulse.unrealized_pnl + pulse.carry - pulse.fees;
    let times = observatory.vitals.tick_to_trade.view();
    format!(
        "{time} | {} | {} updates | {} signals, {} orders, {} fills | PnL {profit:+.2} | p99 {}",
        state(&pulse),
        grouped(counters.market_updates),
        grouped(counters.signals),
        grouped(counters.orders),
        grouped(counters.fills),
        latency(times.p99),
    )
}

fn state(pulse: &Pulse) -> String {
    let in_sync = pulse.instruments.iter().filter(|one| one.in_sync).count();
    match (pulse.killed, in_sync, pulse.instruments.len()) {
        (true, _, _) => "KILLED".into(),
        (false, synced, all) if synced == all => "in sync".into(),
        (false, synced, all) => format!("{synced}/{all} books in sync"),
    }
}
