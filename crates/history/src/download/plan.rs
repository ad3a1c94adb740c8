//! Which files or pages bring the days that are missing, in as few requests as there can be.

use std::path::PathBuf;

use domain::Market;

use super::{
    Day, Order, Origin, What,
    order::granularity,
    page::{Form, Page},
};

const DAY_SECONDS: i64 = 86_400;
/// Days of one import, where a page does not hold more.
const BATCH_DAYS: usize = 31;
/// Settlements a day at most: one an hour.
const FUNDING_SECONDS: i64 = 3_600;

/// One thing to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The first day that it was planned for.
    pub(crate) first: Day,
    /// The last one.
    pub(crate) last: Day,
    /// Path and query below the base address.
    pub(crate) address: String,
    /// Its file, below the folder of downloads.
    pub(crate) file: PathBuf,
    /// Request weight.
    pub(crate) weight: u32,
    /// How to tell whether it is what was asked for.
    pub(crate) proof: Proof,
}

/// How to tell whether an answer is what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By a file beside it. A monthly file may be replaced by daily ones.
    Checksum {
        /// Whether days can be asked for instead.
        divisible: bool,
    },
    /// By its rows.
    Rows(Page),
}

/// Pieces that are imported together. Their days are those from the first to the last.
pub(crate) type Batch = Vec<Piece>;

/// What to fetch for these days, which are sorted.
pub(crate) fn plan(order: &Order, missing: &[Day]) -> Result<Vec<Batch>, String> {
    match order.origin {
        Origin::BinanceVision => Ok(months(missing).map(|days| files(order, days)).collect()),
        Origin::Binance | Origin::Coinbase => pages(order, missing),
    }
}

/// The days, month by month.
fn months(days: &[Day]) -> impl Iterator<Item = &[Day]> {
    days.chunk_by(|one, next| one.first_of_month() == next.first_of_month())
}

/// The files for days of one month.
fn files(order: &Order, days: &[Day]) -> Batch {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Vec::new() };
    let in_month = first.first_of_month().to(first.last_of_month()).count();
    let only_monthly = order.what == What::Funding || !order.daily();
    if only_monthly || days.len() == in_month {
        let proof = Proof::Checksum { divisible: !only_monthly };
        return vec![archived(order, "monthly", (*first, *last), &first.month(), proof)];
    }
    daily_files(order, days)
}

/// One file a day.
pub(crate) fn daily_files(order: &Order, days: &[Day]) -> Batch {
    let proof = || Proof::Checksum { divisible: false };
    days.iter()
        .map(|day| archived(order, "daily", (*day, *day), &day.to_string(), proof()))
        .collect()
}

fn archived(
    order: &Order,
    pace: &str,
    (first, last): (Day, Day),
    date: &str,
    proof: Proof,
) -> Piece {
    let market = if order.market == Market::Spot { "spot" } else { "futures/um" };
    let symbol = &order.symbol;
    let (folder, name) = match order.what {
        What::Bars(interval) => (format!("klines/{symbol}/{interval}"), interval.to_string()),
        What::AggregateTrades => (format!("aggTrades/{symbol}"), "aggTrades".into()),
        What::Trades => (format!("trades/{symbol}"), "trades".into()),
        What::Funding => (format!("fundingRate/{symbol}"), "fundingRate".into()),
    };
    let path = format!("data/{market}/{pace}/{folder}/{symbol}-{name}-{date}.zip");
    let file = PathBuf::from("binance-vision").join(&path);
    Piece { first, last, address: format!("/{path}"), file, weight: 1, proof }
}

/// The pages for days: each run of days that follow each other is cut into spans of as many
/// rows as an answer may have.
fn pages(order: &Order, missing: &[Day]) -> Result<Vec<Batch>, String> {
    let terms = Terms::of(order)?;
    let span = terms.row_seconds * i64::from(terms.most);
    let days_of_page = usize::try_from(span / DAY_SECONDS).unwrap_or(0);
    let batch_days = BATCH_DAYS.max(days_of_page);
    let mut batches = Vec::new();
    for run in missing.chunk_by(|one, next| one.next() == *next) {
        for days in run.chunks(batch_days) {
            let (Some(first), Some(last)) = (days.first(), days.last()) else { continue };
            let end = last.next().start_secs();
            let mut from = first.start_secs();
            let mut batch = Vec::new();
            while from < end {
                let to = end.min(from + span);
                batch.push(terms.piece(order, from, to));
                from = to;
            }
            batches.push(batch);
        }
    }
    Ok(batches)
}

/// What is the same for all pages of an order.
struct Terms {
    /// The shortest distance of two rows.
    row_seconds: i64,
    most: u32,
    weight: u32,
    path: String,
    form: Form,
    folder: PathBuf,
}

impl Terms {
    fn of(order: &Order) -> Result<Self, String> {
        let symbol = &order.symbol;
        let folder = PathBuf::from(if order.origin == Origin::Coinbase {
            "coinbase"
        } else {
            "binance-rest"
        });
        let folder = folder.join(order.market.to_string()).join(symbol);
        Ok(match (order.origin, order.what) {
            (Origin::Coinbase, What::Bars(interval)) => Self {
                row_seconds: i64::from(interval.seconds()),
                most: 350,
                weight: 1,
                path: format!("/api/v3/brokerage/market/products/{symbol}/candles"),
                form: Form::Candles(granularity(interval)?),
                folder: folder.join(interval.to_string()),
            },
            (_, What::Bars(interval)) => {
                let spot = order.market == Market::Spot;
                Self {
                    row_seconds: i64::from(interval.seconds()),
                    most: if spot { 1_000 } else { 1_500 },
                    weight: if spot { 2 } else { 10 },
                    path: if spot { "/api/v3/klines" } else { "/fapi/v1/klines" }.into(),
                    form: Form::Klines(interval),
                    folder: folder.join(interval.to_string()),
                }
            }
            (_, What::Funding) => Self {
                row_seconds: FUNDING_SECONDS,
                // One more is asked for than can be there: a full answer would be a cut one.
                most: 999,
                weight: 1,
                path: "/fapi/v1/fundingRate".into(),
                form: Form::Funding,
                folder: folder.join("funding"),
            },
            _ => return Err("these rows are in the archive only".into()),
        })
    }

    /// The page from one moment to before another, in seconds.
    fn piece(&self, order: &Order, from: i64, to: i64) -> Piece {
        let symbol = &order.symbol;
        let (from_ms, last_ms) = (from * 1_000, to * 1_000 - 1);
        let query = match self.form {
            Form::Klines(interval) => format!(
                "symbol={symbol}&interval={interval}&startTime={from_ms}&endTime={last_ms}\
                 &limit={}",
                self.most
            ),
            Form::Funding => {
                format!("symbol={symbol}&startTime={from_ms}&endTime={last_ms}&limit=1000")
            }
            Form::Candles(name) => {
                format!("start={from}&end={}&granularity={name}&limit={}", to - 1, self.most)
            }
        };
        let page = Page {
            form: self.form,
            path: self.path.clone(),
            query: query.clone(),
            from_ms,
            to_ms: to * 1_000,
            most: self.most,
        };
        let day = |seconds: i64| Day::of_nanos(seconds * 1_000_000_000);
        Piece {
            first: day(from),
            last: day(to - 1),
            address: format!("{}?{query}", self.path),
            file: self.folder.join(format!("{from}-{to}.json")),
            weight: self.weight,
            proof: Proof::Rows(page),
        }
    }
}
