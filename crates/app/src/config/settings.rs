//! Every setting of the program: its name, type, range, default and purpose, once.
//!
//! The loader, the messages, `config show` and the reference in `docs/configuration.md`
//! all read this table. A new setting is a row here and a field in `model.rs`. The
//! parameters of the strategies are not here but in `strategies::CATALOGUE`; `table.rs`
//! joins the two.

use strategies::parameter::Range;

use super::kind::{Columns, Kind};

/// One row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// The full name, sections joined by points.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    pub(super) preset: Preset,
    pub(super) purpose: &'static str,
}

impl Setting {
    /// The section and the name within it.
    pub(super) fn split(&self) -> (&'static str, &'static str) {
        self.path.rsplit_once('.').unwrap_or(("", self.path))
    }
}

/// What holds when nobody sets it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Preset {
    /// This value, written as in a file.
    Is(&'static str),
    /// The value of another setting.
    Follows(&'static str),
    /// Nothing; the text says what that means.
    Unset(&'static str),
    /// It must be written.
    Required,
}

use Kind::{
    BarRule, Choice, Choices, Flag, Listen, Name, Number, Path, Real, Rows, Strategy, Symbol,
    Symbols, Url, Whole,
};
use Preset::{Follows, Is, Required, Unset};

const fn row(path: &'static str, kind: Kind, preset: Preset, purpose: &'static str) -> Setting {
    Setting { path, kind, preset, purpose }
}

const QUANTITY: Kind = Number(Range::above(0, 1_000_000_000_000_000, 18));
const QUANTITY_OR_NONE: Kind = Number(Range::from(0, 1_000_000_000_000_000, 18));
const AMOUNT: Kind = Number(Range::above(0, 1_000_000_000_000_000, 18));
const LATENCY_MS: Kind = Number(Range::above(0, 60_000, 6));
const LATENCY_MS_OR_NONE: Kind = Number(Range::from(0, 60_000, 6));
const FEE_BPS: Kind = Number(Range::from(-100, 1_000, 8));
const FEE_OR_NONE: Kind = Number(Range::from(0, 1_000, 8));
const WORTH: Range = Range::from(0, 1_000_000_000_000_000, 18);
const FEE: Range = Range::from(-100, 1_000, 8);
const MARGIN: Range = Range::above(0, 1, 8);
const FEE_TIER: Columns = &[("volume", WORTH), ("maker_bps", FEE), ("taker_bps", FEE)];
const MARGIN_TIER: Columns = &[("worth", WORTH), ("initial", MARGIN), ("maintenance", MARGIN)];
const CHANNEL: Kind = Whole(1, 1_000_000);

/// The settings, section by section, in the order in which they are shown.
pub(super) const SETTINGS: &[Setting] = &[
    row(
        "strategy.strategy_id",
        Name,
        Is("\"imbalance_v1\""),
        "Name of this strategy in order ids, records and reports.",
    ),
    row("strategy.kind", Strategy, Is("\"imbalance\""), "Which strategy of the catalogue trades."),
    row(
        "strategy.symbols",
        Symbols,
        Is("[\"BTCUSDT\"]"),
        "What is traded. A symbol without a market is traded in each market of \
         `venue.binance.market`; `spot:BTCUSDT` and `usdm:BTCUSDT` name one.",
    ),
    row(
        "strategy.paper_trading",
        Flag,
        Is("true"),
        "Trade against the paper broker. Live orders are not part of this release.",
    ),
    row(
        "strategy.enable_ml",
        Flag,
        Is("false"),
        "Score signals with a model. Models are not part of this release.",
    ),
    row(
        "strategy.risk_limits.max_position_size",
        QUANTITY,
        Is("1.0"),
        "Largest position per instrument, long or short, in base units, with every open order \
         counted as filled.",
    ),
    row(
        "strategy.risk_limits.max_order_size",
        QUANTITY,
        Is("0.5"),
        "Largest single order, in base units.",
    ),
    row(
        "strategy.risk_limits.max_notional_exposure",
        AMOUNT,
        Is("100000.0"),
        "Largest worst-case value of all positions and open orders together, in quote currency.",
    ),
    row(
        "strategy.risk_limits.max_order_notional",
        AMOUNT,
        Follows("strategy.risk_limits.max_notional_exposure"),
        "Largest value of a single order, in quote currency.",
    ),
    row(
        "strategy.risk_limits.max_orders_per_second",
        Whole(1, 100_000),
        Is("10"),
        "New orders within any second of event time.",
    ),
    row(
        "strategy.risk_limits.max_open_orders",
        Whole(1, 10_000),
        Is("64"),
        "Orders that may be open at once, over all instruments.",
    ),
    row(
        "strategy.risk_limits.stale_after_ms",
        Whole(1, 3_600_000),
        Is("2000"),
        "An instrument whose book is silent this long gets no new orders.",
    ),
    row(
        "strategy.risk_limits.price_collar_bps",
        Number(Range::above(0, 10_000, 8)),
        Is("100"),
        "Farthest a limit price may lie from the mid price; also the price that a market order \
         is assumed to reach.",
    ),
    row(
        "strategy.performance.buffer_capacity",
        Whole(3, 1_000_000),
        Is("1000"),
        "Book snapshots kept per instrument for the features.",
    ),
    row(
        "strategy.performance.market_channel_size",
        CHANNEL,
        Is("10000"),
        "Slots between market data and strategy in the pipelined layout.",
    ),
    row(
        "strategy.performance.order_channel_size",
        CHANNEL,
        Is("1000"),
        "Slots between strategy and execution in the pipelined layout.",
    ),
    row(
        "strategy.performance.persist_channel_size",
        CHANNEL,
        Is("10000"),
        "Slots between the journal and the database writer.",
    ),
    row(
        "strategy.performance.layout",
        Choice(&["fused", "pipelined"]),
        Is("\"fused\""),
        "`fused`: one hot thread. `pipelined`: a thread per stage. Both give the same orders.",
    ),
    row(
        "strategy.performance.wait",
        Choice(&["spin", "spin-then-park", "park"]),
        Is("\"spin-then-park\""),
        "What an idle hot thread does. At most cores - 1 threads may spin.",
    ),
    row(
        "strategy.persistence.data_dir",
        Path,
        Is("\"./data\""),
        "Folder of the journal, the kill switch and its token.",
    ),
    row(
        "strategy.persistence.database_path",
        Path,
        Is("\"./data/strategy.db\""),
        "The SQLite database, a projection of the journal that can be rebuilt.",
    ),
    row(
        "strategy.persistence.snapshot_interval_ms",
        Whole(1, 86_400_000),
        Is("60000"),
        "Event time between two rows of `strategy_snapshots`, in milliseconds.",
    ),
    row(
        "strategy.persistence.batch_size",
        Whole(1, 100_000),
        Is("100"),
        "Records per database transaction.",
    ),
    row(
        "strategy.persistence.durability",
        Choice(&["buffered", "grouped", "durable"]),
        Is("\"buffered\""),
        "When the journal reaches the disk: left to the system, every few milliseconds, or \
         before an order leaves.",
    ),
    row(
        "paper.starting_cash",
        Number(Range::from(0, 1_000_000_000_000_000, 18)),
        Is("\"100000\""),
        "Cash at the first start, in quote currency.",
    ),
    row(
        "paper.fill_model",
        Choice(&["queue", "touch", "through"]),
        Is("\"queue\""),
        "When a resting order fills. `queue`: after the volume ahead of it has traded. `touch`: \
         by chance at the touch (optimistic). `through`: only when the market trades through it \
         (pessimistic).",
    ),
    row(
        "paper.order_latency_ms",
        LATENCY_MS_OR_NONE,
        Is("1"),
        "Event time from decision to venue.",
    ),
    row(
        "paper.report_latency_ms",
        LATENCY_MS,
        Is("1"),
        "Event time from venue to us. Above zero, because it is also the distance by which the \
         threads of the pipelined layout may run apart.",
    ),
    row("paper.maker_fee_bps", FEE_BPS, Is("2"), "Fee for resting orders; below zero is a rebate."),
    row("paper.taker_fee_bps", FEE_BPS, Is("5"), "Fee for orders that take."),
    row(
        "paper.fee_tiers",
        Rows(FEE_TIER),
        Is("[]"),
        "Other fees from a traded volume of the last 30 days on, in quote currency, lowest \
         volume first, such as `\"1000000:1.6:4\"`.",
    ),
    row(
        "paper.slippage_bps",
        Number(Range::from(0, 1_000, 8)),
        Is("0"),
        "Adverse selection: how much worse than it looks the market is for us.",
    ),
    row(
        "paper.queue_position",
        Real(Range::from(0, 1, 18)),
        Is("0.5"),
        "For `touch`: 0 is the back of the queue, 1 the front.",
    ),
    row(
        "paper.base_probability",
        Real(Range::from(0, 1, 18)),
        Is("0.5"),
        "For `touch`: chance of a fill at the very front.",
    ),
    row(
        "paper.seed",
        Whole(0, u64::MAX >> 1),
        Is("42"),
        "Seed of every random draw of the broker.",
    ),
    row(
        "paper.half_spread_bps",
        Number(Range::below(0, 10_000, 8)),
        Is("0"),
        "Where prices come from bars: half the distance between bid and ask.",
    ),
    row(
        "paper.bar_delay",
        Whole(0, 1_000),
        Is("0"),
        "Where prices come from bars: whole bars between a decision and its execution, on top \
         of waiting for the next one.",
    ),
    row(
        "paper.volume_share",
        Number(Range::from(0, 1, 8)),
        Is("0"),
        "Where prices come from bars: largest share of a bar's volume that our orders get; 0 for \
         no bound.",
    ),
    row(
        "paper.impact",
        Number(Range::from(0, 1_000, 8)),
        Is("0"),
        "Where prices come from bars: how far large orders move the price against themselves, \
         the coefficient of the square-root law; 0 for not at all.",
    ),
    row(
        "paper.short_selling",
        Flag,
        Is("true"),
        "Whether what is sold on spot without being held can be borrowed.",
    ),
    row(
        "paper.borrow_annual",
        Number(Range::from(0, 100, 8)),
        Is("0"),
        "Interest a year on what is borrowed, as a plain fraction: 0.05 is five percent.",
    ),
    row(
        "paper.funding_interval_ms",
        Whole(0, 86_400_000),
        Is("28800000"),
        "Time between two settlements of a perpetual's funding; 0 for no known schedule.",
    ),
    row(
        "paper.margin",
        Choice(&["off", "cross", "isolated"]),
        Is("\"off\""),
        "What backs perpetuals and borrowed spot. `off`: nobody asks. `cross`: the whole account. \
         `isolated`: each position by its own margin.",
    ),
    row(
        "paper.leverage",
        Number(Range::from(1, 1_000, 6)),
        Is("10"),
        "Worth of a position over the margin that opens it, where `margin_tiers` is empty.",
    ),
    row(
        "paper.maintenance",
        Number(Range::between(0, 1, 8)),
        Is("0.005"),
        "Share of a position's worth below which its backing must not fall, where \
         `margin_tiers` is empty. Less than one over the leverage.",
    ),
    row(
        "paper.margin_tiers",
        Rows(MARGIN_TIER),
        Is("[]"),
        "Rates for the part of a position from a worth on, in quote currency, the first from 0, \
         such as `\"0:0.1:0.005\", \"500000:0.2:0.01\"`.",
    ),
    row("paper.liquidation_fee_bps", FEE_OR_NONE, Is("0"), "Fee on a forced execution."),
    row(
        "bars.rule",
        BarRule,
        Is("\"1m\""),
        "When a bar ends that is built from trades for a strategy that decides on bars: after a \
         time such as `15s`, `1m`, `4h` or `1d`, a number of trades such as `500 ticks`, or a \
         quantity in base units such as `12.5 volume`.",
    ),
    row(
        "data.directory",
        Path,
        Is("\"./data/history\""),
        "Folder of the catalogue of historical market data.",
    ),
    row(
        "venue.binance.market",
        Choices(&["spot", "usdm"]),
        Is("[\"usdm\"]"),
        "Markets of the symbols that name none.",
    ),
    row(
        "venue.binance.observe_symbols",
        Symbols,
        Is("[]"),
        "Symbols whose market data is followed and recorded without trading. The only place \
         for `coinm:` symbols, and only in replays.",
    ),
    row(
        "venue.binance.streams",
        Choices(&["depth", "trade", "aggTrade", "bookTicker", "markPrice"]),
        Unset(
            "spot: `depth`, `trade`, `bookTicker`; usdm: `depth`, `aggTrade`, `bookTicker`, `markPrice`",
        ),
        "Streams per symbol. `markPrice` exists on futures only and is left out on spot.",
    ),
    row(
        "venue.binance.idle_timeout_ms",
        Whole(100, 3_600_000),
        Is("10000"),
        "A stream silent this long counts as broken: no new orders there, and it is reopened.",
    ),
    row("venue.binance.spot_rest", Url("http"), Is("\"https://api.binance.com\""), "Spot REST."),
    row(
        "venue.binance.spot_ws",
        Url("ws"),
        Is("\"wss://stream.binance.com:9443\""),
        "Spot market streams.",
    ),
    row(
        "venue.binance.spot_ws_api",
        Url("ws"),
        Is("\"wss://ws-api.binance.com:443/ws-api/v3\""),
        "Spot request API. Not used before live orders.",
    ),
    row(
        "venue.binance.futures_rest",
        Url("http"),
        Is("\"https://fapi.binance.com\""),
        "USD-M REST.",
    ),
    row(
        "venue.binance.futures_ws_public",
        Url("ws"),
        Is("\"wss://fstream.binance.com/public\""),
        "USD-M book streams.",
    ),
    row(
        "venue.binance.futures_ws_market",
        Url("ws"),
        Is("\"wss://fstream.binance.com/market\""),
        "USD-M trade and mark price streams.",
    ),
    row(
        "venue.binance.futures_ws_private",
        Url("ws"),
        Is("\"wss://fstream.binance.com/private\""),
        "USD-M account streams. Not used before live orders.",
    ),
    row(
        "venue.binance.futures_ws_api",
        Url("ws"),
        Is("\"wss://ws-fapi.binance.com/ws-fapi/v1\""),
        "USD-M request API. Not used before live orders.",
    ),
    row("http.enabled", Flag, Is("true"), "Serve `/health`, `/ready` and `/metrics`."),
    row(
        "http.listen",
        Listen,
        Is("\"127.0.0.1:9464\""),
        "Where. Anything but a loopback address opens the page to the network.",
    ),
    row(
        "shutdown.open_orders",
        Choice(&["cancel", "leave"]),
        Is("\"cancel\""),
        "What happens to open orders at the end of a session.",
    ),
];

/// The rows of one `[[instruments]]` table.
pub(super) const INSTRUMENT_SETTINGS: &[Setting] = &[
    row("instruments.market", Choice(&["spot", "usdm", "coinm"]), Required, "Where it is listed."),
    row("instruments.symbol", Symbol, Required, "The venue's symbol."),
    row("instruments.base", Symbol, Required, "Base asset."),
    row("instruments.quote", Symbol, Required, "Quote asset."),
    row("instruments.tick_size", QUANTITY, Required, "Smallest price step."),
    row("instruments.lot_size", QUANTITY, Required, "Smallest quantity step."),
    row(
        "instruments.min_quantity",
        QUANTITY_OR_NONE,
        Is("0"),
        "Smallest order quantity; 0 for none.",
    ),
    row(
        "instruments.max_quantity",
        QUANTITY_OR_NONE,
        Is("0"),
        "Largest order quantity; 0 for none.",
    ),
    row(
        "instruments.min_notional",
        QUANTITY_OR_NONE,
        Is("0"),
        "Smallest order value in quote currency; 0 for none.",
    ),
];

/// The name under which instruments are listed in a file.
pub(super) const INSTRUMENTS: &str = "instruments";
