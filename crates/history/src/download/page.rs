//! Reads just enough of an answer to know whether it is the one that was asked for.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Day;
use crate::{kind::Interval, read::KeptAnswer};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Binance's klines: lists that begin with the time in milliseconds.
    Klines(Interval),
    /// Binance's settlements of funding: objects.
    Funding,
    /// Coinbase's candles of this granularity, newest first.
    Candles(&'static str),
}

/// The span that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) form: Form,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) from_ms: i64,
    /// The moment after the last one.
    pub(crate) to_ms: i64,
    /// Rows that it can have at most.
    pub(crate) most: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settled {
    funding_time: i64,
}

#[derive(Deserialize)]
struct Candles<'a> {
    #[serde(borrow)]
    candles: Vec<Candle<'a>>,
}

#[derive(Deserialize)]
struct Candle<'a> {
    start: &'a str,
}

impl Page {
    /// The answer as it goes into a file, which [`Self::days`] reads again.
    pub(crate) fn kept(&self, body: &[u8]) -> Result<Vec<u8>, String> {
        let text = std::str::from_utf8(body).map_err(|_| "it is not text".to_owned())?;
        if matches!(self.form, Form::Candles(_)) {
            return Ok(text.as_bytes().to_vec());
        }
        let response: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
        // One answer is one line; a line end between values means nothing.
        let response = response.get().replace(['\n', '\r'], " ");
        let response = RawValue::from_string(response).map_err(|error| error.to_string())?;
        let kept = KeptAnswer { path: &self.path, query: &self.query, response: &response };
        serde_json::to_vec(&kept).map_err(|error| error.to_string())
    }

    /// The days of the rows in a kept answer, with the number of rows of each.
    ///
    /// # Errors
    /// When the form is another one, a row is outside the span, or there are too many.
    pub(crate) fn days(&self, kept: &[u8]) -> Result<BTreeMap<Day, u32>, String> {
        let times = self.times(kept).map_err(|error| error.to_string())?;
        if times.len() > self.most as usize {
            let (rows, most) = (times.len(), self.most);
            return Err(format!("{rows} rows where there can be {most}"));
        }
        let mut days = BTreeMap::new();
        for time in times {
            let time = time?;
            if time < self.from_ms || time >= self.to_ms {
                let (from, to) = (self.from_ms, self.to_ms);
                return Err(format!("a row of {time} ms, not between {from} and {to}"));
            }
            *days.entry(Day::of_nanos(time.saturating_mul(1_000_000))).or_default() += 1;
        }
        Ok(days)
    }

    fn times(&self, kept: &[u8]) -> serde_json::Result<Vec<Result<i64, String>>> {
        if matches!(self.form, Form::Candles(_)) {
            let Candles { candles } = serde_json::from_slice(kept)?;
            let seconds = |candle: &Candle<'_>| {
                let parsed = candle.start.parse::<i64>().ok();
                let millis = parsed.and_then(|seconds| seconds.checked_mul(1_000));
                millis.ok_or_else(|| format!("{:?} is not a time", candle.start))
            };
            return Ok(candles.iter().map(seconds).collect());
        }
        let KeptAnswer { response, .. } = serde_json::from_slice(kept)?;
        if self.form == Form::Funding {
            let settled: Vec<Settled> = serde_json::from_str(response.get())?;
            return Ok(settled.into_iter().map(|one| Ok(one.funding_time)).collect());
        }
        let rows: Vec<Vec<&RawValue>> = serde_json::from_str(response.get())?;
        let time = |row: &Vec<&RawValue>| {
            let parsed = row.first().and_then(|value| value.get().parse().ok());
            parsed.ok_or_else(|| "a row does not begin with a time".to_owned())
        };
        Ok(rows.iter().map(time).collect())
    }
}
