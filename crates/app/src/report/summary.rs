//! The summary at the end of a session: one page for a person, one document for a machine.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use domain::record::MarketSource;
use engine::performance::Performance;
use runtime::HistogramView;
use serde::Serialize;

use super::performance;

/// Everything a session has to say at its end. Amounts are exact decimals as strings.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Where the market came from.
    pub market: MarketSource,
    /// Seed of the simulated market; `None` for others.
    pub seed: Option<u64>,
    /// The command that ran.
    pub command: String,
    /// The strategy's name in the catalogue.
    pub strategy: String,
    /// When a bar ends, for a strategy that decides on bars.
    pub bars: Option<String>,
    /// What was asked for and what it is at the venue; only of `trade`.
    pub product: Option<ProductLine>,
    /// How it ended.
    pub ended: Ending,
    /// Number of this start in the data directory.
    pub run: u32,
    /// Thread layout.
    pub layout: String,
    /// Frames received.
    pub frames: u64,
    /// Frames that could not be read.
    pub parse_errors: u64,
    /// Breaks in the sequence of book changes.
    pub sequence_gaps: u64,
    /// Books brought back after they were lost.
    pub resyncs: u64,
    /// Book changes and snapshots taken.
    pub book_updates: u64,
    /// Trades between others.
    pub trades: u64,
    /// Signals worth acting on.
    pub signals: u64,
    /// Signals held back, by reason.
    pub suppressed: BTreeMap<String, u64>,
    /// Orders placed.
    pub orders: u64,
    /// Orders the risk gate refused, by rule.
    pub rejected: BTreeMap<String, u64>,
    /// Executions of our orders.
    pub fills: u64,
    /// Net position over all instruments, a decimal in their base asset. With several base
    /// assets each is named, such as `BTC 0.5, ETH -2`.
    pub position: String,
    /// Position and money per instrument.
    pub positions: Vec<PositionLine>,
    /// Cash in quote currency.
    pub cash: String,
    /// Fees paid.
    pub fees: String,
    /// Profit of what is closed, before fees.
    pub realized_pnl: String,
    /// Profit of what is open, at the middle price.
    pub unrealized_pnl: String,
    /// How well the whole account did. What the data do not define is `None`.
    pub performance: Performance,
    /// Hash over every order command and fill, in order.
    pub commands_sha256: String,
    /// Wall time of the session.
    pub elapsed_ms: u64,
    /// Frames per second of wall time.
    pub frames_per_second: u64,
    /// From a frame's arrival to its order, in nanoseconds.
    pub tick_to_trade_ns: HistogramView,
    /// Memory at most.
    pub peak_rss_bytes: u64,
    /// Comparison with the venue's own best prices, where asked for.
    pub verify_top: Option<TopCheck>,
    /// Damage done on purpose and what was noticed, where asked for.
    pub faults: Option<FaultCheck>,
    /// Things a reader should know.
    pub notes: Vec<String>,
    /// Files that were written.
    pub files: Files,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The recording was over.
    EndOfData,
    /// The time was up.
    TimeUp,
    /// Somebody interrupted it.
    Interrupted,
    /// The journal could not be written.
    JournalFailed,
    /// The database could not be written; the journal has everything.
    DatabaseFailed,
}

/// A product by its two names.
#[derive(Clone, Debug, Serialize)]
pub struct ProductLine {
    /// As it was asked for, such as `BTC-USD`.
    pub product: String,
    /// Where it is listed.
    pub venue: String,
    /// What it is there, such as `spot:BTCUSDT`.
    pub symbol: String,
    /// Which kind of money: `paper`.
    pub money: &'static str,
}

/// One position.
#[derive(Clone, Debug, Serialize)]
pub struct PositionLine {
    /// Such as `usdm:BTCUSDT`.
    pub instrument: String,
    /// Whose.
    pub strategy: String,
    /// Signed amount of the base asset.
    pub position: String,
    /// Profit of what is closed, before fees.
    pub realized_pnl: String,
    /// Profit of what is open; `None` without a price.
    pub unrealized_pnl: Option<String>,
    /// Fees paid.
    pub fees: String,
}

/// Result of comparing our best prices with the venue's.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TopCheck {
    /// Book changes compared.
    pub compared: u64,
    /// Of these, equal in price and quantity on both sides.
    pub equal: u64,
    /// The first differences in words.
    pub differences: Vec<String>,
}

/// Damage done to a recording on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FaultCheck {
    /// Breaks made.
    pub injected_gaps: u64,
    /// Changes repeated.
    pub injected_duplicates: u64,
    /// Breaks noticed.
    pub detected_gaps: u64,
    /// Books brought back.
    pub resyncs: u64,
}

/// Where the files of a session are.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Files {
    /// The data directory.
    pub data_dir: Option<PathBuf>,
    /// The journal's folder.
    pub journal: Option<PathBuf>,
    /// The database.
    pub database: Option<PathBuf>,
}

/// What a market source is called on screen.
#[must_use]
pub const fn source_label(source: MarketSource) -> &'static str {
    match source {
        MarketSource::Simulated => "SIMULATED",
        MarketSource::Recorded => "RECORDED",
        MarketSource::Live => "LIVE",
    }
}

impl Summary {
    /// The heading: where the market came from, in capitals.
    #[must_use]
    pub fn market_line(&self) -> String {
        let label = source_label(self.market);
        match self.seed {
            Some(seed) => format!("{label} market, seed {seed}, paper money"),
            None => format!("{label} market, paper money"),
        }
    }
}

/// A number with thin groups of thousands: 1 234 567.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// A latency with a fitting unit.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "for display, to three digits")]
pub fn latency(nanos: u64) -> String {
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => format!("{:.2} us", nanos as f64 / 1e3),
        _ => format!("{:.2} ms", nanos as f64 / 1e6),
    }
}

fn reasons(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<_> = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| format!("{} {}", name.replace('_', " "), grouped(*count)))
        .collect();
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nalgopioneer {}: {}", self.command, self.market_line())?;
        self.write_market(f)?;
        self.write_trading(f)?;
        self.write_money(f)?;
        performance::write(f, &self.performance)?;
        self.write_machine(f)?;
        self.write_files(f)
    }
}

impl Summary {
    fn write_market(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n  Market")?;
        if let Some(one) = &self.product {
            let names = format!("{}: {} on {}, paper money", one.product, one.symbol, one.venue);
            line(f, "product", &names)?;
        }
        line(f, "messages", &grouped(self.frames))?;
        line(f, "book updates", &grouped(self.book_updates))?;
        line(f, "trades", &grouped(self.trades))?;
        let repairs = format!(
            "{} gaps, {} resyncs, {} unreadable",
            grouped(self.sequence_gaps),
            grouped(self.resyncs),
            grouped(self.parse_errors)
        );
        line(f, "repairs", &repairs)?;
        if let Some(check) = &self.verify_top {
            let verdict = format!(
                "{} of {} book tops equal the venue's",
                grouped(check.equal),
                grouped(check.compared)
            );
            line(f, "verified", &verdict)?;
            for difference in &check.differences {
                line(f, "", difference)?;
            }
        }
        if let Some(check) = &self.faults {
            let verdict = format!(
                "{} breaks made, {} noticed, {} books brought back, {} repeats made",
                check.injected_gaps, check.detected_gaps, check.resyncs, check.injected_duplicates
            );
            line(f, "damage", &verdict)?;
        }
        Ok(())
    }

    fn write_trading(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n  Trading")?;
        let bars = self.bars.as_ref().map(|rule| format!(", bars of {rule}")).unwrap_or_default();
        line(f, "strategy", &format!("{}{bars}", self.strategy))?;
        line(f, "signals", &grouped(self.signals))?;
        line(f, "held back", &reasons(&self.suppressed))?;
        line(f, "orders", &grouped(self.orders))?;
        line(f, "refused by risk", &reasons(&self.rejected))?;
        line(f, "fills", &grouped(self.fills))
    }

    fn write_money(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n  Money (paper)")?;
        for position in &self.positions {
            line(f, &position.instrument, &format!("position {}", position.position))?;
        }
        line(f, "cash", &self.cash)?;
        line(f, "realised PnL", &self.realized_pnl)?;
        line(f, "unrealised PnL", &self.unrealized_pnl)?;
        line(f, "fees", &self.fees)
    }

    fn write_machine(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n  Machine")?;
        let times = &self.tick_to_trade_ns;
        let percentiles = format!(
            "p50 {}  p99 {}  p99.9 {}  max {}  ({} orders)",
            latency(times.p50),
            latency(times.p99),
            latency(times.p999),
            latency(times.max),
            grouped(times.count)
        );
        line(f, "tick to trade", &percentiles)?;
        let pace = format!(
            "{}.{:03} s, {} messages/s, {} threads",
            self.elapsed_ms / 1_000,
            self.elapsed_ms % 1_000,
            grouped(self.frames_per_second),
            self.layout
        );
        line(f, "time", &pace)?;
        let mib = self.peak_rss_bytes.div_ceil(1 << 20);
        line(f, "peak memory", &format!("{mib} MiB"))?;
        line(f, "commands", &format!("sha256 {}", self.commands_sha256))
    }

    fn write_files(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "\n  Note: {note}")?;
        }
        let Some(data_dir) = &self.files.data_dir else { return writeln!(f) };
        writeln!(f, "\n  Files")?;
        if let Some(journal) = &self.files.journal {
            line(f, "journal", &journal.display().to_string())?;
        }
        if let Some(database) = &self.files.database {
            line(f, "database", &database.display().to_string())?;
        }
        writeln!(f, "\n  Next")?;
        let data_dir = data_dir.display();
        writeln!(f, "    algopioneer audit --data-dir {data_dir}")?;
        if self.command == "demo" {
            writeln!(f, "    algopioneer run --config config/paper-binance.toml")?;
        }
        writeln!(f)
    }
}

pub(super) fn line(f: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    writeln!(f, "    {name:<16} {value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        let shown: Vec<_> = [0, 12, 999, 1_000, 1_234_567].into_iter().map(grouped).collect();
        assert_eq!(shown, ["0", "12", "999", "1 000", "1 234 567"]);
    }

    #[test]
    fn latencies_find_their_unit() {
        assert_eq!(latency(999), "999 ns");
        assert_eq!(latency(1_500), "1.50 us");
        assert_eq!(latency(2_500_000), "2.50 ms");
    }

    #[test]
    fn reasons_that_never_happened_are_not_listed() {
        let counts = BTreeMap::from([("low_confidence".into(), 2_000), ("holding".into(), 0)]);
        assert_eq!(reasons(&counts), "low confidence 2 000");
        assert_eq!(reasons(&BTreeMap::new()), "none");
    }
}
