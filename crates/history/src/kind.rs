//! The kinds of data, and the columns of each.
//!
//! One table describes them all, so that reading, writing, merging and exporting are written
//! once. A row is a fixed number of 64-bit integers; what each means is in its column.

use std::{fmt, str::FromStr};

use domain::Span;

/// Columns of the widest kind.
pub(crate) const WIDTH: usize = 11;
/// Decimals of rates, such as a funding rate.
pub(crate) const RATE_DECIMALS: u8 = 18;
/// Decimals of mark and index prices, which are finer than the tick.
pub(crate) const REFERENCE_DECIMALS: u8 = 10;
/// Decimals of split ratios and of dividends per unit.
pub(crate) const RATIO_DECIMALS: u8 = 9;

/// The length of a bar: whole seconds, up to a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(u32);

const UNITS: [(u32, char); 5] = [(604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];

impl Interval {
    /// A minute.
    pub const MINUTE: Self = Self(60);
    /// An hour.
    pub const HOUR: Self = Self(3_600);
    /// A day.
    pub const DAY: Self = Self(86_400);

    /// An interval of whole seconds, `None` for zero or more than a week.
    #[must_use]
    pub const fn from_secs(seconds: u32) -> Option<Self> {
        if seconds == 0 || seconds > 604_800 { None } else { Some(Self(seconds)) }
    }

    /// Its length.
    #[must_use]
    pub fn span(self) -> Span {
        Span::from_secs(i64::from(self.0))
    }

    /// Whole seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = UNITS.iter().find(|(unit, _)| self.0.is_multiple_of(*unit));
        let (unit, letter) = fits.copied().unwrap_or((1, 's'));
        write!(f, "{}{letter}", self.0 / unit)
    }
}

impl FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a length such as 1s, 1m, 4h, 1d or 1w");
        let letter = text.chars().last().ok_or_else(wrong)?;
        let (unit, _) = UNITS.iter().find(|(_, one)| *one == letter).ok_or_else(wrong)?;
        let count: u32 = text.trim_end_matches(letter).parse().map_err(|_| wrong())?;
        count.checked_mul(*unit).and_then(Self::from_secs).ok_or_else(wrong)
    }
}

/// A kind of data of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Bars of one length. Their event time is their end.
    Bars(Interval),
    /// Settlements of funding.
    Funding,
    /// Splits and dividends.
    Actions,
    /// Changes and snapshots of the book, one row per level.
    Depth,
    /// Best bid and ask.
    Quotes,
    /// Single trades.
    Trades,
    /// Trades of one taker order at one price, joined.
    AggregateTrades,
    /// Mark price, index and funding of a perpetual.
    Marks,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bars(interval) => write!(f, "bars_{interval}"),
            Self::Funding => f.write_str("funding"),
            Self::Actions => f.write_str("actions"),
            Self::Depth => f.write_str("depth"),
            Self::Quotes => f.write_str("quotes"),
            Self::Trades => f.write_str("trades"),
            Self::AggregateTrades => f.write_str("aggregate_trades"),
            Self::Marks => f.write_str("marks"),
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "funding" => Ok(Self::Funding),
            "actions" => Ok(Self::Actions),
            "depth" => Ok(Self::Depth),
            "quotes" => Ok(Self::Quotes),
            "trades" => Ok(Self::Trades),
            "aggregate_trades" => Ok(Self::AggregateTrades),
            "marks" => Ok(Self::Marks),
            _ => match text.strip_prefix("bars_") {
                Some(interval) => interval.parse().map(Self::Bars),
                None => Err(format!(
                    "{text:?} is not a kind of data; there are bars_<length> such as bars_1m, \
                     trades, aggregate_trades, quotes, depth, marks, funding and actions"
                )),
            },
        }
    }
}

/// The span of one file. The rarer the rows, the longer: a file of a few rows costs as much
/// to write and to open as one of thousands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filing {
    Day,
    Year,
    Decade,
}

/// What an integer of a row means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Nanoseconds since the epoch.
    Time,
    /// A whole number.
    Count,
    /// Zero or one.
    Flag,
    /// A price in decimals of the instrument's tick.
    Price,
    /// A quantity in decimals of the instrument's lot.
    Quantity,
    /// A decimal with this fixed number of decimals.
    Fixed(u8),
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) meaning: Meaning,
    /// Whether every row has a value.
    pub(crate) required: bool,
}

const fn must(name: &'static str, meaning: Meaning) -> Column {
    Column { name, meaning, required: true }
}

const fn may(name: &'static str, meaning: Meaning) -> Column {
    Column { name, meaning, required: false }
}

/// Places of columns that code must know by name.
pub(crate) mod at {
    pub(crate) const TIME: usize = 0;
    pub(crate) const BAR_END: usize = 1;
    pub(crate) const BAR_OPEN: usize = 2;
    pub(crate) const BAR_CLOSE: usize = 5;
    pub(crate) const BAR_VOLUME: usize = 6;
    pub(crate) const EXCHANGE_TIME: usize = 1;
    pub(crate) const SEQUENCE: usize = 2;
    pub(crate) const ID: usize = 3;
}

use Meaning::{Count, Fixed, Flag, Price, Quantity, Time};

const BARS: &[Column] = &[
    must("start", Time),
    must("end", Time),
    must("open", Price),
    must("high", Price),
    must("low", Price),
    must("close", Price),
    must("volume", Quantity),
];
const TRADES: &[Column] = &[
    must("time", Time),
    may("exchange_time", Time),
    must("sequence", Count),
    must("id", Count),
    must("price", Price),
    must("quantity", Quantity),
    must("taker_buys", Flag),
];
const QUOTES: &[Column] = &[
    must("time", Time),
    may("exchange_time", Time),
    must("sequence", Count),
    must("update_id", Count),
    must("bid_price", Price),
    must("bid_quantity", Quantity),
    must("ask_price", Price),
    must("ask_quantity", Quantity),
];
const DEPTH: &[Column] = &[
    must("time", Time),
    may("exchange_time", Time),
    must("sequence", Count),
    must("level", Count),
    must("first_update_id", Count),
    must("last_update_id", Count),
    must("snapshot", Flag),
    must("status", Count),
    must("bid", Flag),
    must("price", Price),
    must("quantity", Quantity),
];
const MARKS: &[Column] = &[
    must("time", Time),
    may("exchange_time", Time),
    must("sequence", Count),
    must("mark", Fixed(REFERENCE_DECIMALS)),
    may("index", Fixed(REFERENCE_DECIMALS)),
    may("funding_rate", Fixed(RATE_DECIMALS)),
    may("next_funding", Time),
];
const FUNDING: &[Column] = &[
    must("time", Time),
    must("rate", Fixed(RATE_DECIMALS)),
    may("price", Fixed(REFERENCE_DECIMALS)),
];
const ACTIONS: &[Column] = &[
    must("time", Time),
    must("order", Count),
    may("split_ratio", Fixed(RATIO_DECIMALS)),
    may("dividend", Fixed(RATIO_DECIMALS)),
];

impl Kind {
    /// The columns in the order of the file.
    pub(crate) const fn columns(self) -> &'static [Column] {
        match self {
            Self::Bars(_) => BARS,
            Self::Funding => FUNDING,
            Self::Actions => ACTIONS,
            Self::Depth => DEPTH,
            Self::Quotes => QUOTES,
            Self::Trades | Self::AggregateTrades => TRADES,
            Self::Marks => MARKS,
        }
    }

    /// The columns that tell one row from another, and by which rows are sorted.
    pub(crate) const fn key(self) -> [usize; 3] {
        match self {
            Self::Bars(_) | Self::Funding => [0, 0, 0],
            Self::Actions => [0, 1, 1],
            Self::Marks => [0, at::SEQUENCE, at::SEQUENCE],
            Self::Depth | Self::Quotes | Self::Trades | Self::AggregateTrades => {
                [0, at::SEQUENCE, at::ID]
            }
        }
    }

    /// What a file of the catalogue holds.
    pub(crate) const fn filing(self) -> Filing {
        match self {
            Self::Bars(interval) if interval.0 >= Interval::DAY.0 => Filing::Decade,
            Self::Bars(interval) if interval.0 >= Interval::HOUR.0 => Filing::Year,
            Self::Funding | Self::Actions => Filing::Decade,
            Self::Bars(_)
            | Self::Depth
            | Self::Quotes
            | Self::Trades
            | Self::AggregateTrades
            | Self::Marks => Filing::Day,
        }
    }

    /// The column of the event's time.
    pub(crate) const fn event_time(self) -> usize {
        match self {
            Self::Bars(_) => at::BAR_END,
            _ => at::TIME,
        }
    }

    /// The place among events of the same time: first what is over (bars), then what happens
    /// before the next trade (funding, splits and dividends), then what happens in the market.
    pub(crate) const fn rank(self) -> u8 {
        match self {
            Self::Bars(_) => 0,
            Self::Funding => 1,
            Self::Actions => 2,
            Self::Depth | Self::Quotes | Self::Trades | Self::AggregateTrades | Self::Marks => 3,
        }
    }
}

/// A row: one integer a column, and which of them are absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) values: [i64; WIDTH],
    pub(crate) absent: u16,
}

impl Row {
    pub(crate) fn of(values: &[i64]) -> Self {
        let mut row = Self::default();
        row.values[..values.len()].copy_from_slice(values);
        row
    }

    pub(crate) const fn is_absent(&self, column: usize) -> bool {
        self.absent & (1 << column) != 0
    }

    pub(crate) fn get(&self, column: usize) -> Option<i64> {
        (!self.is_absent(column)).then_some(self.values[column])
    }

    pub(crate) fn set(&mut self, column: usize, value: Option<i64>) {
        match value {
            Some(value) => self.values[column] = value,
            None => self.absent |= 1 << column,
        }
    }

    pub(crate) fn key(&self, kind: Kind) -> [i64; 3] {
        kind.key().map(|column| self.values[column])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_written_in_its_largest_unit_and_read_back() {
        for text in ["1s", "90s", "1m", "15m", "1h", "8h", "1d", "1w"] {
            assert_eq!(text.parse::<Interval>().unwrap().to_string(), text);
        }
        assert_eq!("60m".parse::<Interval>().unwrap(), Interval::HOUR);
        for text in ["", "m", "0m", "1", "1M", "1y", "-1m", "2w", "99999999999m"] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_kind_is_read_back_from_its_name_and_fits_a_row() {
        let kinds = [
            Kind::Bars(Interval::MINUTE),
            Kind::Funding,
            Kind::Actions,
            Kind::Depth,
            Kind::Quotes,
            Kind::Trades,
            Kind::AggregateTrades,
            Kind::Marks,
        ];
        for kind in kinds {
            assert_eq!(kind.to_string().parse::<Kind>().unwrap(), kind);
            assert!(kind.columns().len() <= WIDTH);
            assert!(kind.key().iter().all(|column| kind.columns()[*column].required));
        }
        assert!("bars".parse::<Kind>().unwrap_err().contains("bars_1m"));
    }
}
