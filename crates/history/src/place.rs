//! Where data live: names of instruments, periods of files, paths of the catalogue.
//!
//! ```text
//! venue=coinbase/market=spot/kind=bars_1m/symbol=BTC-USD/day=2024-08-08/part-0.parquet
//! ```
//!
//! The day is the first day of the file's period: a day for ticks and for bars below an hour, a
//! year for bars below a day, a decade for longer bars, funding, splits and dividends.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use domain::Market;
use jiff::{Timestamp as Moment, civil::Date, tz::TimeZone};

use crate::kind::{Filing, Kind};

const DAY_NANOS: i64 = 86_400_000_000_000;

/// An instrument: venue, market and symbol. Written `coinbase:spot:BTC-USD`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentKey {
    /// The venue's name in lower case.
    pub venue: String,
    /// The kind of market.
    pub market: Market,
    /// The symbol in upper case.
    pub symbol: String,
}

impl InstrumentKey {
    /// A key whose parts can be the names of folders.
    ///
    /// # Errors
    /// When a name is empty or has other characters than letters, digits, `.`, `_` and `-`.
    pub fn new(venue: &str, market: Market, symbol: &str) -> Result<Self, String> {
        let venue = clean("venue", &venue.to_lowercase())?;
        let symbol = clean("symbol", &symbol.to_uppercase().replace('/', "-"))?;
        Ok(Self { venue, market, symbol })
    }
}

fn clean(what: &str, name: &str) -> Result<String, String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '^');
    let starts_well = !name.starts_with('.') && !name.is_empty();
    if starts_well && name.chars().all(fine) {
        Ok(name.to_owned())
    } else {
        Err(format!("{what} {name:?} must consist of letters, digits, `.`, `_` and `-`"))
    }
}

/// A market's name, as in `spot`, `linear_perpetual` or `usdm`.
///
/// # Errors
/// A sentence that lists the names.
pub fn market_from(text: &str) -> Result<Market, String> {
    match text {
        "spot" => Ok(Market::Spot),
        "linear_perpetual" | "usdm" => Ok(Market::LinearPerpetual),
        "inverse_perpetual" | "coinm" => Ok(Market::InversePerpetual),
        _ => Err(format!(
            "{text:?} is not a market; there are spot, linear_perpetual and inverse_perpetual"
        )),
    }
}

impl fmt::Display for InstrumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.venue, self.market, self.symbol)
    }
}

impl FromStr for InstrumentKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, ':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(venue), Some(market), Some(symbol)) => {
                Self::new(venue, market_from(market)?, symbol)
            }
            _ => Err(format!("{text:?} is not of the form venue:market:symbol")),
        }
    }
}

/// Data of one kind of one instrument.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// The instrument.
    pub instrument: InstrumentKey,
    /// The kind.
    pub kind: Kind,
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.instrument, self.kind)
    }
}

impl Series {
    /// The folder of its files, below the catalogue.
    pub(crate) fn folder(&self) -> PathBuf {
        let InstrumentKey { venue, market, symbol } = &self.instrument;
        [
            format!("venue={venue}"),
            format!("market={market}"),
            format!("kind={}", self.kind),
            format!("symbol={symbol}"),
        ]
        .iter()
        .collect()
    }

    /// The file of a period, below the catalogue.
    pub(crate) fn file(&self, period: Period) -> PathBuf {
        self.folder().join(format!("day={period}")).join("part-0.parquet")
    }

    /// The series of a folder, `None` for a folder that is none of ours.
    pub(crate) fn of_folder(folder: &Path) -> Option<Self> {
        let mut values = folder.iter().map(|part| part.to_str());
        let mut next = |key: &str| values.next()??.strip_prefix(key)?.strip_prefix('=');
        let (venue, market) = (next("venue")?, next("market")?);
        let (kind, symbol) = (next("kind")?, next("symbol")?);
        let instrument = InstrumentKey::new(venue, market_from(market).ok()?, symbol).ok()?;
        Some(Self { instrument, kind: kind.parse().ok()? })
    }
}

/// A file's period, known by its first day. Ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Period {
    /// Days since the epoch.
    first_day: i32,
}

impl Period {
    /// The period that holds a moment.
    pub(crate) fn of(kind: Kind, nanos: i64) -> Self {
        let day = i32::try_from(nanos.div_euclid(DAY_NANOS)).expect("64 bits hold 107,000 days");
        let year = date_of(nanos).year();
        let first_year = match kind.filing() {
            Filing::Day => return Self { first_day: day },
            Filing::Year => year,
            Filing::Decade => year - year.rem_euclid(10),
        };
        Self { first_day: days_to(Date::constant(first_year, 1, 1)) }
    }

    /// From the text of a folder.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.parse::<Date>().ok().map(|date| Self { first_day: days_to(date) })
    }

    /// The first moment.
    pub(crate) fn start(self) -> i64 {
        i64::from(self.first_day) * DAY_NANOS
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        date_of(self.start()).fmt(f)
    }
}

/// The UTC day of a moment.
pub(crate) fn date_of(nanos: i64) -> Date {
    TimeZone::UTC.to_datetime(moment(nanos)).date()
}

pub(crate) fn days_to(date: Date) -> i32 {
    let start = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).map(Moment::as_second);
    let days = start.unwrap_or(0).div_euclid(86_400);
    i32::try_from(days).expect("a calendar day is within 64-bit seconds")
}

/// A moment of the calendar library.
pub(crate) fn moment(nanos: i64) -> Moment {
    Moment::from_nanosecond(i128::from(nanos)).expect("64-bit nanoseconds are in its range")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Interval;

    #[test]
    fn a_series_is_found_again_from_its_folder() {
        let instrument = InstrumentKey::new("Coinbase", Market::Spot, "btc/usd").unwrap();
        assert_eq!(instrument.to_string(), "coinbase:spot:BTC-USD");
        assert_eq!("coinbase:spot:BTC-USD".parse::<InstrumentKey>().unwrap(), instrument);
        let series = Series { instrument, kind: Kind::Bars(Interval::MINUTE) };
        assert_eq!(Series::of_folder(&series.folder()).unwrap(), series);
        assert_eq!(
            series.file(Period::of(series.kind, 1_723_075_200_000_000_000)).to_str().unwrap(),
            "venue=coinbase/market=spot/kind=bars_1m/symbol=BTC-USD/day=2024-08-08/part-0.parquet"
        );
    }

    #[test]
    fn rare_data_are_kept_for_long_and_periods_are_ordered() {
        let noon = 1_723_118_400_000_000_000;
        assert_eq!(Period::of(Kind::Bars(Interval::HOUR), noon).to_string(), "2024-01-01");
        assert_eq!(Period::of(Kind::Funding, noon).to_string(), "2020-01-01");
        assert_eq!(Period::of(Kind::Bars(Interval::DAY), noon).to_string(), "2020-01-01");
        assert_eq!(Period::of(Kind::Trades, noon).to_string(), "2024-08-08");
        let before = Period::of(Kind::Trades, -1);
        assert_eq!(before.to_string(), "1969-12-31");
        assert!(before < Period::of(Kind::Trades, 0));
        assert_eq!(Period::parse("1969-12-31"), Some(before));
    }

    #[test]
    fn names_that_would_leave_the_catalogue_are_refused() {
        for symbol in ["", "..", "A B", "a=b", "../x"] {
            assert!(InstrumentKey::new("x", Market::Spot, symbol).is_err(), "{symbol:?}");
        }
        assert!("binance:futures:BTC".parse::<InstrumentKey>().unwrap_err().contains("spot"));
    }
}
