//! What a back-test found: plain data, complete enough for any report.

use domain::{InstrumentId, Instruments, Lots, Money, Side, StrategyId, Ticks, Timestamp};
use engine::{
    performance::{Performance, RoundTrip},
    snapshot::EngineSnapshot,
};

use crate::{ChartSeries, Month};

/// The whole result of one back-test.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The instruments of the session; ids below are places in it.
    pub instruments: Instruments,
    /// The strategies' names in the order of their ids.
    pub strategies: Vec<String>,
    /// The first and the last market event; `None` when there was none.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Market events dealt with.
    pub events: u64,
    /// Whether somebody stopped it before the history ended.
    pub stopped: bool,
    /// Cash plus positions before the first event.
    pub opening_equity: Money,
    /// Returns, ratios and figures about trades.
    pub performance: Performance,
    /// Counters, positions, cash, equity and the fingerprint at the end.
    pub snapshot: EngineSnapshot,
    /// Equity over time, in quote currency.
    pub equity: ChartSeries,
    /// How far equity is below its highest value so far, as a fraction from 0 to 1.
    pub drawdown: ChartSeries,
    /// The worth of all positions without sign, as a multiple of equity.
    pub exposure: ChartSeries,
    /// Growth by calendar month.
    pub months: Vec<Month>,
    /// Returns of equal periods, for tests of significance.
    pub returns: Vec<f64>,
    /// Prices, by instrument.
    pub prices: Vec<ChartSeries>,
    /// Fills, up to a bound; `left_out` says how many more there were.
    pub markers: Vec<Marker>,
    /// Finished round trips in the order of their ends, up to the same bound.
    pub round_trips: Vec<RoundTrip>,
    /// How many fills and round trips are not in the lists.
    pub left_out: LeftOut,
    /// Positions that were open at the end.
    pub open_trips: Vec<RoundTrip>,
    /// Where money went.
    pub costs: Costs,
}

/// One fill, for charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// When.
    pub time: Timestamp,
    /// Whose.
    pub strategy: StrategyId,
    /// In what.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// At what price.
    pub price: Ticks,
    /// How much.
    pub quantity: Lots,
}

/// What did not fit the lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Fills.
    pub markers: u64,
    /// Round trips.
    pub round_trips: u64,
}

/// Where money went; every amount is what it cost us, so what we received is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// What all fills came to, without sign.
    pub traded: Money,
    /// Fees less rebates.
    pub fees: Money,
    /// Half the spread, on each fill that took.
    pub spread: Money,
    /// Prices beyond the touch.
    pub impact: Money,
    /// Prices made worse by the slippage setting.
    pub slippage: Money,
    /// Funding of perpetuals.
    pub funding: Money,
    /// Interest on what was sold short.
    pub borrow: Money,
    /// Dividends; negative when received.
    pub dividends: Money,
    /// Cash paid in place of fractions at splits; negative when received.
    pub cash_in_lieu: Money,
    /// Liquidations by the venue.
    pub liquidations: u64,
}

impl Costs {
    /// Everything together, without what was traded.
    #[must_use]
    pub fn total(&self) -> Money {
        self.fees
            + self.spread
            + self.impact
            + self.slippage
            + self.funding
            + self.borrow
            + self.dividends
            + self.cash_in_lieu
    }
}
