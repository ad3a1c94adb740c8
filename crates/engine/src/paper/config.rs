//! How the pretend exchange behaves: the settings, and which of them is wrong.
//!
//! What the settings do is told where it is done; this is the list. Every error names its setting.

use domain::{Bps, InstrumentId, Money, NumberError, Rate, RunNumber, Span};

use super::{fill_model::FillModel, margin::MarginConfig};
use crate::{PriceSource, portfolio::OpeningPosition};

/// Fees from a traded volume on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeTier {
    /// The volume of the last 30 days from which on these fees hold, in quote currency.
    pub volume_from: Money,
    /// The fee on executions of waiting orders; negative is a rebate.
    pub maker: Bps,
    /// The fee on executions that take.
    pub taker: Bps,
}

/// Fees of one instrument that are not those of the others, whatever the volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstrumentFee {
    /// Of which instrument.
    pub instrument: InstrumentId,
    /// The fee on executions of waiting orders; negative is a rebate.
    pub maker: Bps,
    /// The fee on executions that take.
    pub taker: Bps,
}

/// What orders cost and get where only bars are known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BarConfig {
    /// Half the distance between bid and ask, as a share of the price.
    pub half_spread: Bps,
    /// Whole bars that pass between the arrival of a request and the bar that carries it out.
    pub delay: u32,
    /// The largest share of a bar's volume that orders of ours get in it; `None` for no bound.
    pub volume_share: Option<Rate>,
    /// The coefficient of the square-root law, see [`crate::paper`]; zero for no impact.
    pub impact: Rate,
}

/// What it costs to sell what is not held, on spot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BorrowConfig {
    /// Interest a year for every asset that is not named; `None` where it cannot be borrowed.
    pub annual: Option<Rate>,
    /// Base assets with a rate of their own.
    pub by_asset: Vec<(String, Option<Rate>)>,
}

impl BorrowConfig {
    /// One rate for every asset; `None` for no borrowing at all.
    #[must_use]
    pub const fn flat(annual: Option<Rate>) -> Self {
        Self { annual, by_asset: Vec::new() }
    }

    /// The rate of an asset.
    #[must_use]
    pub fn of(&self, base: &str) -> Option<Rate> {
        let own = self.by_asset.iter().find(|(asset, _)| asset == base);
        own.map_or(self.annual, |(_, rate)| *rate)
    }
}

/// When perpetuals settle their funding, at whole multiples of the interval since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundingConfig {
    /// The interval of every perpetual that is not named; `None` for no known schedule.
    pub every: Option<Span>,
    /// Instruments with an interval of their own.
    pub by_instrument: Vec<(InstrumentId, Option<Span>)>,
}

impl FundingConfig {
    /// The interval of an instrument.
    #[must_use]
    pub fn of(&self, instrument: InstrumentId) -> Option<Span> {
        let own = self.by_instrument.iter().find(|(id, _)| *id == instrument);
        own.map_or(self.every, |(_, every)| *every)
    }
}

/// Whether the costs of each execution are kept for [`super::PaperBroker::take_costs`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CostRecording {
    /// They are not: nobody would take them.
    #[default]
    Off,
    /// They are.
    On,
}

/// How the pretend exchange behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct PaperConfig {
    /// Where prices come from.
    pub prices: PriceSource,
    /// When waiting orders trade.
    pub fill_model: FillModel,
    /// How long a request takes to the exchange. Without meaning inside bars.
    pub order_latency: Span,
    /// How long a report takes back, at least one nanosecond. Without meaning inside bars.
    pub report_latency: Span,
    /// The fee on executions of waiting orders; negative is a rebate.
    pub maker_fee: Bps,
    /// The fee on executions that take.
    pub taker_fee: Bps,
    /// Other fees from a volume on, lowest volume first.
    pub fee_tiers: Vec<FeeTier>,
    /// Instruments with fees of their own, such as spot beside perpetuals.
    pub instrument_fees: Vec<InstrumentFee>,
    /// How much worse than it looks the market is for us: see [`super::Slippage`].
    pub slippage: Bps,
    /// Execution within bars.
    pub bars: BarConfig,
    /// Short selling on spot.
    pub borrow: BorrowConfig,
    /// When perpetuals settle.
    pub funding: FundingConfig,
    /// Margin and liquidation; `None` where nobody asks for any.
    pub margin: Option<MarginConfig>,
    /// Cash of the account at the start.
    pub opening_cash: Money,
    /// Positions at the start.
    pub opening_positions: Vec<OpeningPosition>,
    /// Whether costs are kept.
    pub costs: CostRecording,
    /// The seed of the fill model's chance.
    pub seed: u64,
    /// The run that trade ids belong to.
    pub run: RunNumber,
}

impl PaperConfig {
    /// The market's book, one millisecond each way, the queue model, an empty account without
    /// margin, no costs of any kind (borrowing is free), and funding every eight hours.
    #[must_use]
    pub fn new(run: RunNumber, seed: u64) -> Self {
        Self {
            prices: PriceSource::default(),
            fill_model: FillModel::Queue,
            order_latency: Span::from_millis(1),
            report_latency: Span::from_millis(1),
            maker_fee: Bps::default(),
            taker_fee: Bps::default(),
            fee_tiers: Vec::new(),
            instrument_fees: Vec::new(),
            slippage: Bps::default(),
            bars: BarConfig::default(),
            borrow: BorrowConfig::flat(Some(Rate::default())),
            funding: FundingConfig {
                every: Some(Span::from_secs(8 * 3_600)),
                by_instrument: Vec::new(),
            },
            margin: None,
            opening_cash: Money::ZERO,
            opening_positions: Vec::new(),
            costs: CostRecording::Off,
            seed,
            run,
        }
    }
}

/// Which setting of a [`PaperConfig`] must be corrected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PaperConfigError {
    /// Set an order latency of zero or more.
    #[error("an order latency of {latency} is below zero")]
    OrderLatency {
        /// As configured.
        latency: Span,
    },
    /// Set a report latency above zero: a report cannot be part of its own cause.
    #[error("a report latency of {} ns is below 1 ns", latency.as_nanos())]
    ReportLatency {
        /// As configured.
        latency: Span,
    },
    /// Set slippage from 0 to below 10,000 bps, with at most eight decimals.
    #[error("slippage of {slippage} is not in 0..10000 bps with at most eight decimals")]
    Slippage {
        /// As configured.
        slippage: Bps,
    },
    /// Set half a spread from 0 to below 10,000 bps, with at most eight decimals.
    #[error("half a spread of {half_spread} is not in 0..10000 bps with at most eight decimals")]
    HalfSpread {
        /// As configured.
        half_spread: Bps,
    },
    /// Set a share above zero and up to one.
    #[error("a volume share of {} is not above 0 and up to 1", share.decimal())]
    VolumeShare {
        /// As configured.
        share: Rate,
    },
    /// Set a coefficient from 0 to 1,000.
    #[error("an impact coefficient of {} is not within 0 to 1000", impact.decimal())]
    Impact {
        /// As configured.
        impact: Rate,
    },
    /// Set both factors of the probability within 0 to 1.
    #[error("queue position and base probability must be within 0 to 1: {model:?}")]
    Probability {
        /// As configured.
        model: FillModel,
    },
    /// Set fees that can be charged exactly.
    #[error("a fee rate cannot be charged")]
    Fee {
        /// What is wrong with it.
        source: NumberError,
    },
    /// Order the fee tiers by volume, each above the one before.
    #[error("the fee tier from {volume_from} on must begin above the one before, and above zero")]
    FeeTiers {
        /// Of the tier out of order.
        volume_from: Money,
    },
    /// Set a yearly interest from 0 to 100 (ten thousand percent).
    #[error("borrow interest of {} a year on {asset} is not within 0 to 100", annual.decimal())]
    Borrow {
        /// Of which asset, `*` for all others.
        asset: String,
        /// As configured.
        annual: Rate,
    },
    /// Set a funding interval of a second or more.
    #[error("a funding interval of {every} is below one second")]
    FundingInterval {
        /// As configured.
        every: Span,
    },
    /// Name an instrument of the session.
    #[error("{setting} names instrument {}, which the session does not have", instrument.index())]
    UnknownInstrument {
        /// Which setting.
        setting: &'static str,
        /// As configured.
        instrument: InstrumentId,
    },
    /// Set `0 < maintenance < initial <= 1` in every tier.
    #[error("the margin tier from {notional_from} on needs 0 < maintenance < initial <= 1")]
    MarginRates {
        /// Of the wrong tier.
        notional_from: Money,
    },
    /// Let the margin tiers begin at zero and grow.
    #[error("the margin tiers must begin at zero and grow; there is none or one is out of order")]
    MarginTiers,
    /// Set a liquidation fee that can be charged, of zero or more.
    #[error("a liquidation fee of {fee} cannot be charged")]
    LiquidationFee {
        /// As configured.
        fee: Bps,
    },
    /// The opening positions do not add up within range.
    #[error("the opening account cannot be kept")]
    Opening {
        /// What is wrong with it.
        source: NumberError,
    },
}
