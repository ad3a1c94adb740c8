//! What is wanted: which rows of which instrument for which days, and from where.

use std::time::Duration;

use domain::Market;

use super::{Allowance, Day};
use crate::{
    kind::{Interval, Kind},
    place::{InstrumentKey, Series},
    read::{Content, Format, ReadOptions},
};

const DAY_SECONDS: u32 = 86_400;
const BINANCE_LENGTHS: [u32; 14] = [
    60, 180, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800, 43_200, 86_400, 259_200,
    604_800,
];

/// Who publishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Binance's archive of files.
    BinanceVision,
    /// Binance's REST interface.
    Binance,
    /// Coinbase's Advanced Trade REST interface.
    Coinbase,
}

/// What the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Bars of a length.
    Bars(Interval),
    /// Trades of one taker order, joined.
    AggregateTrades,
    /// Single trades.
    Trades,
    /// Settlements of funding.
    Funding,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// From whom.
    pub origin: Origin,
    /// The market.
    pub market: Market,
    /// The symbol as the venue writes it.
    pub symbol: String,
    /// Which rows.
    pub what: What,
    /// The first day.
    pub first: Day,
    /// The last day, itself included.
    pub last: Day,
}

impl Order {
    /// Whether anybody could carry it out.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Self { origin, market, what, .. } = *self;
        if self.last < self.first {
            return Err(format!(
                "the last day, {}, is before the first, {}",
                self.last, self.first
            ));
        }
        if market == Market::InversePerpetual {
            return Err("there are downloads of the markets spot and usdm only".into());
        }
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        let dashes = self.symbol.bytes().filter(|byte| *byte == b'-').count();
        let expected_dashes = usize::from(origin == Origin::Coinbase);
        if !self.symbol.bytes().all(plain) || self.symbol.is_empty() || dashes != expected_dashes {
            let example = if origin == Origin::Coinbase { "BTC-USD" } else { "BTCUSDT" };
            return Err(format!("{:?} is not a symbol such as {example}", self.symbol));
        }
        match (origin, what) {
            (Origin::Coinbase, What::Bars(interval)) if market == Market::Spot => {
                granularity(interval).map(|_| ())
            }
            (Origin::Coinbase, _) => Err("of Coinbase there are klines of spot only".into()),
            (Origin::Binance, What::Trades | What::AggregateTrades) => {
                Err("Binance's REST has no trades by day; take them --from binance-vision".into())
            }
            (_, What::Funding) if market == Market::Spot => {
                Err("spot markets have no funding; state --market usdm".into())
            }
            (_, What::Bars(interval)) => binance_length(interval, market),
            _ => Ok(()),
        }
    }

    /// The series that it fills.
    pub(crate) fn series(&self) -> Result<Series, String> {
        let venue = if self.origin == Origin::Coinbase { "coinbase" } else { "binance" };
        let instrument = InstrumentKey::new(venue, self.market, &self.symbol)?;
        let kind = match self.what {
            What::Bars(interval) => Kind::Bars(interval),
            What::AggregateTrades => Kind::AggregateTrades,
            What::Trades => Kind::Trades,
            What::Funding => Kind::Funding,
        };
        Ok(Series { instrument, kind })
    }

    /// How its files are read.
    pub(crate) fn reading(&self) -> ReadOptions {
        let (content, interval) = match self.what {
            What::Bars(interval) => (Content::Bars, Some(interval)),
            What::AggregateTrades => (Content::AggregateTrades, None),
            What::Trades => (Content::Trades, None),
            What::Funding => (Content::Funding, None),
        };
        let format = match self.origin {
            Origin::BinanceVision => Format::BinanceVision,
            Origin::Binance => Format::BinanceRest,
            Origin::Coinbase => Format::Coinbase,
        };
        let (market, symbol) = (Some(self.market), Some(self.symbol.clone()));
        ReadOptions { format, market, symbol, interval, ..ReadOptions::new(content) }
    }

    /// What the venue documents as allowed. The archive documents nothing: twenty a second.
    pub(crate) const fn allowance(&self) -> Allowance {
        let (most, seconds) = match (self.origin, self.what, self.market) {
            (Origin::BinanceVision, ..) => (20, 1),
            (Origin::Coinbase, ..) => (10, 1),
            (Origin::Binance, What::Funding, _) => (500, 300),
            (Origin::Binance, _, Market::Spot) => (6_000, 60),
            (Origin::Binance, ..) => (2_400, 60),
        };
        Allowance { most, span: Duration::from_secs(seconds) }
    }

    /// Whether each day of a listed instrument has a row.
    pub(crate) const fn daily(&self) -> bool {
        !matches!(self.what, What::Bars(interval) if interval.seconds() > DAY_SECONDS)
    }
}

fn binance_length(interval: Interval, market: Market) -> Result<(), String> {
    let seconds = interval.seconds();
    if BINANCE_LENGTHS.contains(&seconds) || (seconds == 1 && market == Market::Spot) {
        Ok(())
    } else {
        Err(format!("Binance has no klines of {interval} in this market"))
    }
}

/// Coinbase's name of a length.
pub(crate) fn granularity(interval: Interval) -> Result<&'static str, String> {
    Ok(match interval.seconds() {
        60 => "ONE_MINUTE",
        300 => "FIVE_MINUTE",
        900 => "FIFTEEN_MINUTE",
        1_800 => "THIRTY_MINUTE",
        3_600 => "ONE_HOUR",
        7_200 => "TWO_HOUR",
        14_400 => "FOUR_HOUR",
        21_600 => "SIX_HOUR",
        86_400 => "ONE_DAY",
        _ => return Err(format!("Coinbase has no candles of {interval}")),
    })
}
