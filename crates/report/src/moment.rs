//! Points in time and lengths of time as texts. Always UTC.

use domain::Timestamp;
use jiff::tz::TimeZone;

/// ISO 8601 with as many decimals as it takes, such as `2024-01-31T12:00:00Z`.
pub(crate) fn iso(time: Timestamp) -> String {
    // Nanoseconds in 64 bits reach from 1677 to 2262, all of which a calendar holds.
    jiff::Timestamp::from_nanosecond(i128::from(time.as_nanos()))
        .map_or_else(|_| format!("{} ns", time.as_nanos()), |moment| moment.to_string())
}

/// For people: `2024-01-31 12:00`, with seconds only where there are some.
pub(crate) fn minute(time: Timestamp) -> String {
    let even = time.as_nanos() % 60_000_000_000 == 0;
    formatted(time, if even { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" })
}

/// Any pattern of `strftime`.
pub(crate) fn formatted(time: Timestamp, pattern: &str) -> String {
    let Ok(moment) = jiff::Timestamp::from_nanosecond(i128::from(time.as_nanos())) else {
        return iso(time);
    };
    TimeZone::UTC.to_datetime(moment).strftime(pattern).to_string()
}

/// A length of time in the unit that suits it, such as `3.5 days`.
pub(crate) fn length(seconds: f64) -> String {
    let units = [
        (365.242_5 * 86_400.0, "years"),
        (86_400.0, "days"),
        (3_600.0, "hours"),
        (60.0, "minutes"),
        (1.0, "seconds"),
    ];
    let suits = |(unit, _): &&(f64, &str)| seconds >= 2.0 * unit;
    let (unit, name) = units.iter().find(suits).copied().unwrap_or((1.0, "seconds"));
    let value = seconds / unit;
    let digits = usize::from(value < 100.0);
    format!("{} {name}", crate::figure::grouped(value, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_iso_8601_in_utc_to_the_nanosecond() {
        assert_eq!(iso(Timestamp::EPOCH), "1970-01-01T00:00:00Z");
        assert_eq!(iso(Timestamp::from_nanos(1_500_000_001)), "1970-01-01T00:00:01.500000001Z");
        assert!(iso(Timestamp::MAX).starts_with("2262-"));
    }

    #[test]
    fn people_see_seconds_only_where_there_are_some() {
        assert_eq!(minute(Timestamp::from_millis(60_000)), "1970-01-01 00:01");
        assert_eq!(minute(Timestamp::from_millis(61_000)), "1970-01-01 00:01:01");
    }

    #[test]
    fn lengths_use_the_unit_that_suits_them() {
        let seen = [0.5, 119.0, 7_200.0, 86_400.0 * 400.0, 86_400.0 * 1_461.0].map(length);
        assert_eq!(seen, ["0.5 seconds", "119 seconds", "2.0 hours", "400 days", "4.0 years"]);
    }
}
