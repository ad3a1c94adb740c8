//! Where a time axis has its marks: at round moments of the calendar in UTC.

use domain::{Span, Timestamp};
use jiff::{civil::Date, tz::TimeZone};

use crate::moment;

/// Lengths between marks in seconds, up to a fortnight.
const STEPS: [i64; 16] = [
    1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    1_209_600,
];
const DAY: i64 = 86_400;
/// Months between marks.
const MONTHS: [i64; 4] = [1, 3, 6, 12];

/// At most about `most` marks from `from` to `to`, each with its text.
pub(super) fn marks(from: Timestamp, to: Timestamp, most: i64) -> Vec<(Timestamp, String)> {
    let length = to.since(from).as_nanos() / 1_000_000_000;
    let step = STEPS.iter().find(|step| length / **step <= most);
    match step {
        Some(step) => even(from, to, *step),
        None => calendar(from, to, most),
    }
}

fn even(from: Timestamp, to: Timestamp, step: i64) -> Vec<(Timestamp, String)> {
    let nanos = Span::from_secs(step).as_nanos();
    let first = from.as_nanos().div_euclid(nanos) * nanos;
    let pattern = match step {
        step if step < 60 => "%H:%M:%S",
        step if step < DAY => "%H:%M",
        _ => "%-d %b",
    };
    let times = (0..).map(|place| Timestamp::from_nanos(first.saturating_add(place * nanos)));
    let inside = times.skip_while(|time| *time < from).take_while(|time| *time <= to);
    inside.map(|time| (time, text(time, pattern))).collect()
}

/// Midnight shows its day, New Year its year.
fn text(time: Timestamp, pattern: &str) -> String {
    let midnight = time.as_nanos() % (DAY * 1_000_000_000) == 0;
    let pattern = if midnight { "%-d %b" } else { pattern };
    let text = moment::formatted(time, pattern);
    if text == "1 Jan" { moment::formatted(time, "%Y") } else { text }
}

fn calendar(from: Timestamp, to: Timestamp, most: i64) -> Vec<(Timestamp, String)> {
    let (Some(first), Some(last)) = (month_number(from), month_number(to)) else {
        return Vec::new();
    };
    let years = (last - first) / 12 / most.max(1) + 1;
    let step = MONTHS.iter().copied().find(|step| (last - first) / step <= most);
    let step = step.unwrap_or(12 * years);
    let months = (first.div_euclid(step)..=last.div_euclid(step)).map(|place| place * step);
    let marks = months.filter_map(|month| {
        let time = month_start(month)?;
        let pattern = if month % 12 == 0 { "%Y" } else { "%b" };
        Some((time, moment::formatted(time, pattern)))
    });
    marks.filter(|(time, _)| *time >= from && *time <= to).collect()
}

/// Months since the year zero.
fn month_number(time: Timestamp) -> Option<i64> {
    let moment = jiff::Timestamp::from_nanosecond(i128::from(time.as_nanos())).ok()?;
    let date = TimeZone::UTC.to_datetime(moment).date();
    Some(i64::from(date.year()) * 12 + i64::from(date.month()) - 1)
}

fn month_start(number: i64) -> Option<Timestamp> {
    let year = i16::try_from(number.div_euclid(12)).ok()?;
    let month = i8::try_from(number.rem_euclid(12) + 1).ok()?;
    let midnight = Date::new(year, month, 1).ok()?.to_datetime(jiff::civil::Time::midnight());
    let nanos = TimeZone::UTC.to_timestamp(midnight).ok()?.as_nanosecond();
    Some(Timestamp::from_nanos(i64::try_from(nanos).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        let moment: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_nanos(i64::try_from(moment.as_nanosecond()).unwrap())
    }

    fn texts(from: &str, to: &str) -> Vec<String> {
        marks(at(from), at(to), 8).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn an_afternoon_has_hours_and_midnight_has_a_date() {
        let seen = texts("2024-03-01T18:00:00Z", "2024-03-02T03:00:00Z");
        assert_eq!(seen, ["18:00", "21:00", "2 Mar", "03:00"]);
    }

    #[test]
    fn years_are_marked_at_new_year() {
        assert_eq!(
            texts("2022-06-01T00:00:00Z", "2024-08-01T00:00:00Z"),
            ["Jul", "2023", "Jul", "2024", "Jul"]
        );
        let long = texts("1990-06-01T00:00:00Z", "2024-08-01T00:00:00Z");
        assert!(long.iter().all(|text| text.parse::<u16>().is_ok()), "{long:?}");
    }

    proptest! {
        #[test]
        fn marks_are_in_order_inside_and_not_too_many(
            from in -2_000_000_000_i64..4_000_000_000,
            length in 0_i64..2_000_000_000,
        ) {
            let (from, to) = (Timestamp::from_millis(from * 1_000), Timestamp::from_millis((from + length) * 1_000));
            let found = marks(from, to, 8);
            prop_assert!(found.len() <= 10, "{}", found.len());
            prop_assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0));
            prop_assert!(found.iter().all(|(time, _)| *time >= from && *time <= to));
        }
    }
}
