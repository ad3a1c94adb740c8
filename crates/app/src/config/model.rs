//! The configuration as the program uses it: typed, complete, checked.
//!
//! Amounts, prices and quantities are exact; lengths of event time are a
//! [`Span`], lengths of wall time a [`Duration`]. Names, ranges and defaults of the
//! settings are described in `docs/configuration.md`.

#![expect(missing_docs, reason = "docs/configuration.md describes each setting")]

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use domain::{Bps, Money, NumberError, Price, Qty, Rate, Span, instrument::InstrumentSpec};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error as _};
use strategies::ParamValues;

use super::{
    bars::BarsRule,
    symbol::{MarketName, MarketSymbol, SymbolName},
};

/// Everything a session is configured with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What trades, and within which limits.
    pub strategy: StrategyConfig,
    /// The pretend exchange.
    pub paper: PaperConfig,
    /// Bars built from trades.
    pub bars: BarsConfig,
    /// Historical market data.
    pub data: DataConfig,
    /// Where market data comes from.
    pub venue: VenueConfig,
    /// Health and metrics.
    pub http: HttpConfig,
    /// The end of a session.
    pub shutdown: ShutdownConfig,
    /// Known facts about instruments, for sessions that cannot ask the venue.
    #[serde(deserialize_with = "instrument_specs")]
    pub instruments: Vec<InstrumentSpec>,
}

impl Config {
    /// The instruments that are traded, in the order in which they were written.
    #[must_use]
    pub fn traded(&self) -> Vec<MarketSymbol> {
        self.expand(&self.strategy.symbols)
    }

    /// The instruments that are only observed.
    #[must_use]
    pub fn observed(&self) -> Vec<MarketSymbol> {
        self.expand(&self.venue.binance.observe_symbols)
    }

    fn expand(&self, names: &[SymbolName]) -> Vec<MarketSymbol> {
        names.iter().flat_map(|name| name.expand(&self.venue.binance.market)).collect()
    }
}

/// `[strategy]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrategyConfig {
    pub strategy_id: String,
    /// The name in the catalogue.
    pub kind: String,
    pub symbols: Vec<SymbolName>,
    pub paper_trading: bool,
    pub enable_ml: bool,
    /// `[strategy.params]`: read by the kind's own declaration, after everything else.
    #[serde(skip)]
    pub params: ParamValues,
    pub risk_limits: RiskLimits,
    pub performance: PerformanceConfig,
    pub persistence: PersistenceConfig,
}

/// `[strategy.risk_limits]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskLimits {
    pub max_position_size: Qty,
    pub max_order_size: Qty,
    pub max_notional_exposure: Money,
    pub max_order_notional: Money,
    pub max_orders_per_second: u32,
    pub max_open_orders: usize,
    #[serde(rename = "stale_after_ms", deserialize_with = "span")]
    pub stale_after: Span,
    #[serde(rename = "price_collar_bps")]
    pub price_collar: Bps,
}

/// `[strategy.performance]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerformanceConfig {
    pub buffer_capacity: usize,
    pub market_channel_size: usize,
    pub order_channel_size: usize,
    pub persist_channel_size: usize,
    pub layout: Layout,
    pub wait: Wait,
}

/// `[strategy.persistence]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersistenceConfig {
    pub data_dir: PathBuf,
    pub database_path: PathBuf,
    #[serde(rename = "snapshot_interval_ms", deserialize_with = "span")]
    pub snapshot_interval: Span,
    pub batch_size: usize,
    pub durability: Durability,
}

/// `[paper]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperConfig {
    pub starting_cash: Money,
    pub fill_model: FillModel,
    #[serde(rename = "order_latency_ms", deserialize_with = "exact_span")]
    pub order_latency: Span,
    #[serde(rename = "report_latency_ms", deserialize_with = "exact_span")]
    pub report_latency: Span,
    #[serde(rename = "maker_fee_bps")]
    pub maker_fee: Bps,
    #[serde(rename = "taker_fee_bps")]
    pub taker_fee: Bps,
    #[serde(rename = "slippage_bps")]
    pub slippage: Bps,
    pub queue_position: f64,
    pub base_probability: f64,
    pub seed: u64,
    pub fee_tiers: Vec<FeeTier>,
    #[serde(rename = "half_spread_bps")]
    pub half_spread: Bps,
    pub bar_delay: u32,
    pub volume_share: Decimal,
    pub impact: Decimal,
    pub short_selling: bool,
    pub borrow_annual: Decimal,
    #[serde(rename = "funding_interval_ms", deserialize_with = "span")]
    pub funding_interval: Span,
    pub margin: Margin,
    pub leverage: Decimal,
    pub maintenance: Decimal,
    pub margin_tiers: Vec<MarginTier>,
    #[serde(rename = "liquidation_fee_bps")]
    pub liquidation_fee: Bps,
}

/// Fees from a volume on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct FeeTier {
    pub volume_from: Money,
    pub maker: Bps,
    pub taker: Bps,
}

/// Margin rates from a worth on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct MarginTier {
    pub worth_from: Money,
    pub initial: Rate,
    pub maintenance: Rate,
}

/// `[bars]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarsConfig {
    pub rule: BarsRule,
}

/// `[data]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    pub directory: PathBuf,
}

/// `[venue]`: one section per venue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueConfig {
    /// `[venue.binance]`.
    pub binance: BinanceConfig,
}

/// `[venue.binance]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BinanceConfig {
    pub market: Vec<MarketName>,
    pub observe_symbols: Vec<SymbolName>,
    streams: Option<Vec<Stream>>,
    #[serde(rename = "idle_timeout_ms", deserialize_with = "duration")]
    pub idle_timeout: Duration,
    pub spot_rest: String,
    pub spot_ws: String,
    pub spot_ws_api: String,
    pub futures_rest: String,
    pub futures_ws_public: String,
    pub futures_ws_market: String,
    pub futures_ws_private: String,
    pub futures_ws_api: String,
}

impl BinanceConfig {
    /// The streams to open for a symbol of this market.
    #[must_use]
    pub fn streams(&self, market: MarketName) -> Vec<Stream> {
        use Stream::{AggregateTrade, BookTicker, Depth, MarkPrice, Trade};
        match (&self.streams, market) {
            (Some(chosen), MarketName::Spot) => {
                chosen.iter().copied().filter(|one| *one != MarkPrice).collect()
            }
            (Some(chosen), _) => chosen.clone(),
            (None, MarketName::Spot) => vec![Depth, Trade, BookTicker],
            (None, _) => vec![Depth, AggregateTrade, BookTicker, MarkPrice],
        }
    }
}

/// `[http]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    pub enabled: bool,
    pub listen: SocketAddr,
}

/// `[shutdown]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShutdownConfig {
    pub open_orders: OpenOrders,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
        pub enum $name { $($(#[$word])* #[serde(rename = $text)] $variant,)+ }
    };
}

words! {
    /// How the stages are spread over threads.
    Layout {
        /// One hot thread.
        Fused = "fused",
        /// A thread per stage.
        Pipelined = "pipelined",
    }
}
words! {
    /// What an idle hot thread does.
    Wait {
        /// Keeps looking.
        Spin = "spin",
        /// Looks for a while, then sleeps until woken.
        SpinThenPark = "spin-then-park",
        /// Sleeps until woken.
        Park = "park",
    }
}
words! {
    /// When the journal reaches the disk.
    Durability {
        /// Whenever the system writes it.
        Buffered = "buffered",
        /// Every few milliseconds.
        Grouped = "grouped",
        /// Before an order leaves.
        Durable = "durable",
    }
}
words! {
    /// When a resting order fills.
    FillModel {
        /// After the volume ahead of it has traded.
        Queue = "queue",
        /// By chance at the touch.
        Touch = "touch",
        /// When the market trades through it.
        Through = "through",
    }
}
words! {
    /// What backs positions that need margin.
    Margin {
        /// Nobody asks.
        Off = "off",
        /// The whole account.
        Cross = "cross",
        /// Each position's own margin.
        Isolated = "isolated",
    }
}
words! {
    /// A market-data stream.
    Stream {
        /// Changes of the book.
        Depth = "depth",
        /// Single trades.
        Trade = "trade",
        /// Trades of one taker order at one price.
        AggregateTrade = "aggTrade",
        /// Best bid and ask.
        BookTicker = "bookTicker",
        /// Mark price and funding.
        MarkPrice = "markPrice",
    }
}
words! {
    /// What happens to open orders at the end.
    OpenOrders {
        /// They are cancelled.
        Cancel = "cancel",
        /// They stay.
        Leave = "leave",
    }
}

impl TryFrom<String> for FeeTier {
    type Error = NumberError;
    fn try_from(text: String) -> Result<Self, NumberError> {
        let [volume, maker, taker] = three(&text)?;
        let volume_from = Money::from_decimal(volume)?;
        Ok(Self { volume_from, maker: Bps::new(maker), taker: Bps::new(taker) })
    }
}

impl TryFrom<String> for MarginTier {
    type Error = NumberError;
    fn try_from(text: String) -> Result<Self, NumberError> {
        let [worth, initial, maintenance] = three(&text)?;
        let worth_from = Money::from_decimal(worth)?;
        Ok(Self { worth_from, initial: Rate::new(initial), maintenance: Rate::new(maintenance) })
    }
}

/// The three decimals of a row.
fn three(text: &str) -> Result<[Decimal; 3], NumberError> {
    let wrong = || NumberError::NotDecimal { text: text.to_owned() };
    let numbers: Result<Vec<Decimal>, _> = text.split(':').map(str::parse).collect();
    numbers.ok().and_then(|numbers| numbers.try_into().ok()).ok_or_else(wrong)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstrumentFacts {
    market: MarketName,
    symbol: String,
    base: String,
    quote: String,
    tick_size: Price,
    lot_size: Qty,
    min_quantity: Qty,
    max_quantity: Qty,
    min_notional: Money,
}

fn instrument_specs<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<InstrumentSpec>, D::Error> {
    let facts = Vec::<InstrumentFacts>::deserialize(from)?;
    let spec = |one: InstrumentFacts| InstrumentSpec {
        venue: "binance".to_owned(),
        market: one.market.market(),
        symbol: one.symbol,
        base: one.base,
        quote: one.quote,
        tick_size: one.tick_size,
        lot_size: one.lot_size,
        min_quantity: one.min_quantity,
        max_quantity: one.max_quantity,
        min_notional: one.min_notional,
    };
    Ok(facts.into_iter().map(spec).collect())
}

fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
    i64::deserialize(from).map(Span::from_millis)
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(Duration::from_millis)
}

/// Milliseconds with up to six decimals, exact to the nanosecond.
fn exact_span<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
    let nanos = <Decimal as Deserialize>::deserialize(from)?.checked_mul(Decimal::from(1_000_000));
    let nanos = nanos.filter(|nanos| nanos.fract().is_zero()).map(i64::try_from);
    match nanos {
        Some(Ok(nanos)) => Ok(Span::from_nanos(nanos)),
        _ => Err(D::Error::custom("not a whole number of nanoseconds")),
    }
}
