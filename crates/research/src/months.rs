//! Returns by calendar month, in UTC.

use domain::Timestamp;

/// One month of a history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Month {
    /// The year, such as 2024.
    pub year: i16,
    /// 1 for January to 12 for December.
    pub month: i8,
    /// Equity when it began.
    pub opening: f64,
    /// Equity when it ended, or at the end of the history.
    pub closing: f64,
}

impl Month {
    /// The growth of the month; `None` for an account that was worth nothing.
    #[must_use]
    pub fn growth(&self) -> Option<f64> {
        (self.opening > 0.0).then(|| self.closing / self.opening - 1.0)
    }
}

/// Collects months as a history goes by. Months without data are left out.
#[derive(Clone, Debug)]
pub(crate) struct Months {
    done: Vec<Month>,
    equity: f64,
    /// The first moment that is not part of the last month.
    ends: Timestamp,
}

impl Months {
    pub(crate) const fn new(opening: f64) -> Self {
        Self { done: Vec::new(), equity: opening, ends: Timestamp::EPOCH }
    }

    pub(crate) fn push(&mut self, time: Timestamp, equity: f64) {
        if time >= self.ends || self.done.is_empty() {
            self.begin(time);
        }
        self.equity = equity;
        if let Some(month) = self.done.last_mut() {
            month.closing = equity;
        }
    }

    fn begin(&mut self, time: Timestamp) {
        let Some((year, month, ends)) = month_of(time) else { return };
        self.ends = ends;
        self.done.push(Month { year, month, opening: self.equity, closing: self.equity });
    }

    pub(crate) fn finish(self) -> Vec<Month> {
        self.done
    }
}

/// Year, month and the end of the month; `None` beyond what a calendar holds.
fn month_of(time: Timestamp) -> Option<(i16, i8, Timestamp)> {
    let moment = jiff::Timestamp::from_nanosecond(i128::from(time.as_nanos())).ok()?;
    let date = jiff::tz::TimeZone::UTC.to_datetime(moment).date();
    let next = date.last_of_month().tomorrow().ok()?;
    let ends = jiff::tz::TimeZone::UTC
        .to_timestamp(next.to_datetime(jiff::civil::Time::midnight()))
        .ok()?;
    let ends = ends.as_nanosecond();
    let ends = Timestamp::from_nanos(i64::try_from(ends).ok()?);
    Some((date.year(), date.month(), ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let moment: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_nanos(i64::try_from(moment.as_nanosecond()).unwrap())
    }

    #[test]
    fn a_month_opens_with_what_the_last_one_closed_with() {
        let mut months = Months::new(100.0);
        for (time, equity) in [
            ("2023-12-31T23:59:59Z", 110.0),
            ("2024-01-01T00:00:00Z", 121.0),
            ("2024-01-31T00:00:00Z", 99.0),
            ("2024-03-15T12:00:00Z", 198.0),
        ] {
            months.push(at(time), equity);
        }
        let months = months.finish();
        let names: Vec<_> = months.iter().map(|one| (one.year, one.month)).collect();
        assert_eq!(names, [(2023, 12), (2024, 1), (2024, 3)], "February had no data");
        let growth: Vec<f64> = months.iter().map(|one| one.growth().unwrap()).collect();
        assert!((growth[0] - 0.1).abs() < 1e-12 && (growth[1] + 0.1).abs() < 1e-12, "{growth:?}");
        assert!((growth[2] - 1.0).abs() < 1e-12);
    }
}
