//! What is written down: the contents of the journal.
//!
//! A journal is a sequence of these records. Replaying its inputs gives the same
//! outputs; adding up its fills gives the accounts beside them.

use serde::{Deserialize, Serialize};

use crate::{
    InstrumentId, Market, Money, NetLots, NewOrder, OrderId, OrderStatus, RunNumber, Stamped,
    StrategyId, Timestamp, instrument::InstrumentSpec,
};

/// Where the market data of a session came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketSource {
    /// Made by a seeded generator.
    Simulated,
    /// Recorded earlier at a real venue.
    Recorded,
    /// A real venue, now.
    Live,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record<'a> {
    /// A run began.
    SessionStarted(Box<SessionStarted>),
    /// Something entered the engine.
    #[serde(borrow)]
    Input(Stamped<'a>),
    /// An approved order left the engine.
    Placed(NewOrder),
    /// A request to withdraw an order left the engine.
    CancelRequested {
        /// Which order.
        order: OrderId,
        /// When.
        time: Timestamp,
    },
    /// An order changed its state.
    OrderChanged(OrderChanged),
    /// The accounts after a fill or another change, as the engine keeps them.
    Account(AccountRecord),
    /// A periodic picture of one strategy, for the database.
    StrategySnapshot(StrategySnapshot),
    /// A periodic picture of how well the whole account did, for the database.
    Performance(Box<PerformanceRecord>),
    /// A run ended in order.
    SessionEnded(SessionEnded),
}

/// The start of a run: everything needed to replay it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStarted {
    /// Which start in this data directory.
    pub run: RunNumber,
    /// When.
    pub time: Timestamp,
    /// The command that started it, such as `demo`.
    pub command: String,
    /// Where market data come from.
    pub source: MarketSource,
    /// The seed of all randomness of the run.
    pub seed: u64,
    /// Name, version and revision of the program.
    pub build: String,
    /// SHA-256 of the effective configuration, in hex.
    pub config_sha256: String,
    /// The effective configuration as TOML, without secrets.
    pub config: String,
    /// The instruments in the order of their ids.
    pub instruments: Vec<InstrumentSpec>,
    /// The strategies' names in the order of their ids.
    pub strategies: Vec<String>,
    /// Whether positions and cash continue from the run before.
    pub continued: bool,
    /// Cash at the start.
    pub opening_cash: Money,
}

/// An order's new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderChanged {
    /// Which order.
    pub order: OrderId,
    /// The new state.
    pub status: OrderStatus,
    /// How much of it is done so far.
    pub filled: crate::Lots,
    /// When.
    pub time: Timestamp,
}

/// Position and money of one strategy in one instrument, right after they changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecord {
    /// When.
    pub time: Timestamp,
    /// Whose.
    pub strategy: StrategyId,
    /// In what.
    pub instrument: InstrumentId,
    /// Signed position.
    pub position: NetLots,
    /// What the position cost: positive for a long, negative for a short.
    pub cost_basis: Money,
    /// Profit of everything closed so far, before fees.
    pub realized_pnl: Money,
    /// All fees paid so far.
    pub fees: Money,
    /// Funding, interest, dividends and the like received so far; negative is paid.
    pub carry: Money,
    /// Cash of the whole account.
    pub cash: Money,
}

/// A periodic picture of one strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrategySnapshot {
    /// When.
    pub time: Timestamp,
    /// Whose.
    pub strategy: StrategyId,
    /// Signals that were worth acting on, so far.
    pub signals: u64,
    /// Signals held back, so far.
    pub suppressed: u64,
    /// Orders placed, so far.
    pub orders: u64,
    /// Fills, so far.
    pub fills: u64,
    /// Profit of everything closed so far, before fees.
    pub realized_pnl: Money,
    /// Profit of what is open at the current middle price.
    pub unrealized_pnl: Money,
    /// All fees paid so far.
    pub fees: Money,
    /// Funding, interest, dividends and the like received so far; negative is paid.
    pub carry: Money,
    /// Cash plus positions at the current middle price.
    pub equity: Money,
    /// The largest fall of equity from an earlier peak, so far.
    pub max_drawdown: Money,
    /// Closing trades that made money, so far.
    pub wins: u64,
    /// Closing trades that lost money, so far.
    pub losses: u64,
}

/// How well the whole account of a run did so far. Money is exact; ratios are floats, and `None`
/// where the data do not define them. `docs/performance-metrics.md` has the formulas.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PerformanceRecord {
    /// When.
    pub time: Timestamp,
    /// Profit of everything closed so far, before fees.
    pub realized_pnl: Money,
    /// Profit of what is open at the current middle price.
    pub unrealized_pnl: Money,
    /// All fees paid so far.
    pub fees: Money,
    /// Funding, interest, dividends and the like received so far; negative is paid.
    pub carry: Money,
    /// Growth of equity since the start.
    pub total_return: Option<f64>,
    /// The yearly growth that would give the same.
    pub annual_return: Option<f64>,
    /// Standard deviation of returns, scaled to a year.
    pub volatility: Option<f64>,
    /// Mean over deviation of returns, scaled to a year.
    pub sharpe_ratio: Option<f64>,
    /// Mean over downside deviation of returns, scaled to a year.
    pub sortino_ratio: Option<f64>,
    /// Yearly growth over the deepest drawdown.
    pub calmar_ratio: Option<f64>,
    /// The deepest fall from the highest equity before, as a share.
    pub max_drawdown: f64,
    /// The same in quote currency.
    pub max_drawdown_amount: Money,
    /// The longest time below an earlier peak, in seconds.
    pub max_drawdown_seconds: f64,
    /// Round trips that made money over all of them.
    pub win_rate: Option<f64>,
    /// What winners made over what losers lost.
    pub profit_factor: Option<f64>,
    /// The mean profit of a round trip, in quote currency.
    pub expectancy: Option<f64>,
    /// Finished round trips.
    pub num_trades: u64,
    /// What was traded in a year over the mean of opening and final equity.
    pub turnover: Option<f64>,
    /// The share of time in which something was held.
    pub exposure: Option<f64>,
    /// The size of the 95th percentile of returns over that of the 5th.
    pub tail_ratio: Option<f64>,
    /// The 5th percentile of returns of one period.
    pub value_at_risk: Option<f64>,
    /// Root mean square of drawdowns at the ends of periods.
    pub ulcer_index: Option<f64>,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnded {
    /// When.
    pub time: Timestamp,
    /// Hash over every order command and fill of the run, in hex.
    pub commands_sha256: String,
    /// Inputs the engine has seen.
    pub inputs: u64,
    /// Orders placed.
    pub orders: u64,
    /// Fills booked.
    pub fills: u64,
}

/// Somewhere records go. The engine's owner pushes; nothing comes back.
pub trait RecordSink {
    /// Takes one record. Must not allocate in the steady state.
    fn record(&mut self, record: &Record<'_>);
}

/// Keeps nothing: for runs without a data directory, and for measuring.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRecords;

impl RecordSink for NoRecords {
    fn record(&mut self, _record: &Record<'_>) {}
}

/// What a market is called in the outside world's files.
#[must_use]
pub const fn market_name(market: Market) -> &'static str {
    match market {
        Market::Spot => "spot",
        Market::LinearPerpetual => "usdm",
        Market::InversePerpetual => "coinm",
    }
}
