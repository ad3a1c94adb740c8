//! Times as files write them.
//!
//! A whole number is a time since the epoch whose unit follows from its size; a date is in the
//! zone that the reader was given. A file states its times in one way throughout: a change of
//! unit, or rows with and without a zone, is an error.

use std::str::FromStr;

use domain::Timestamp;
use jiff::{
    civil::{Date, DateTime, Time},
    tz::{AmbiguousOffset, Offset, TimeZone},
};

use crate::place::moment;

/// The zone of dates and times that state none.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    zone: TimeZone,
    stated: bool,
}

impl Default for Zone {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, stated: false }
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let zone = match text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")) {
            Some("") => TimeZone::UTC,
            Some(offset) => fixed(offset).ok_or_else(|| unknown(text))?,
            None => match fixed(text) {
                Some(zone) => zone,
                None => TimeZone::get(text).map_err(|_| unknown(text))?,
            },
        };
        Ok(Self { zone, stated: true })
    }
}

fn unknown(text: &str) -> String {
    format!("{text:?} is not a time zone such as UTC, +03:00 or Europe/London")
}

/// `+3`, `+03:00`, `-0530`.
fn fixed(text: &str) -> Option<TimeZone> {
    offset(text).map(TimeZone::fixed)
}

fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 => digits.split_at(2),
        _ => return None,
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

/// How the times of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    /// Since the epoch, so many nanoseconds each.
    Epoch { unit: i64 },
    /// A date, with a time of day or without.
    Local { only_date: bool },
    /// A date and time with its distance from UTC.
    Absolute,
}

impl Writing {
    const fn name(self) -> &'static str {
        match self {
            Self::Epoch { unit: 1_000_000_000 } => "seconds since 1970",
            Self::Epoch { unit: 1_000_000 } => "milliseconds since 1970",
            Self::Epoch { unit: 1_000 } => "microseconds since 1970",
            Self::Epoch { .. } => "nanoseconds since 1970",
            Self::Local { only_date: true } => "dates",
            Self::Local { only_date: false } => "local times without a zone",
            Self::Absolute => "times with a zone",
        }
    }
}

/// A time that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) time: Timestamp,
    /// For a date: the beginning of the next one.
    pub(crate) next_day: Option<Timestamp>,
}

/// Reads the times of one file.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    zone: Zone,
    day_first: bool,
    writing: Option<Writing>,
    /// The latest time so far, which tells the two halves of a repeated hour apart.
    last: Option<Timestamp>,
}

impl Clock {
    pub(crate) const fn new(zone: Zone, day_first: bool) -> Self {
        Self { zone, day_first, writing: None, last: None }
    }

    /// Reads a time.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(crate) fn read(&mut self, text: &str) -> Result<Read, String> {
        let text = text.trim();
        let read = match epoch(text)? {
            Some((time, unit)) => {
                self.agree(Writing::Epoch { unit }, text)?;
                Read { time, next_day: None }
            }
            None => self.calendar(text)?,
        };
        self.last = Some(read.time);
        Ok(read)
    }

    fn agree(&mut self, writing: Writing, text: &str) -> Result<(), String> {
        let first = *self.writing.get_or_insert(writing);
        if first == writing {
            return Ok(());
        }
        let (first, this) = (first.name(), writing.name());
        Err(format!("{text:?}: mixed times: this one is in {this}, those before are in {first}"))
    }

    fn calendar(&mut self, text: &str) -> Result<Read, String> {
        let wrong = || format!("{text:?} is not a time");
        let place = text.find(['T', ' ']);
        let (date, rest) = place.map_or((text, ""), |place| (&text[..place], &text[place + 1..]));
        let date = date_of(date, self.day_first).ok_or_else(wrong)?;
        let rest = rest.trim();
        if rest.is_empty() {
            self.agree(Writing::Local { only_date: true }, text)?;
            let next = date.tomorrow().map_err(|_| wrong())?;
            let time = self.local(date.to_datetime(Time::midnight()), text)?;
            let next_day = Some(self.local(next.to_datetime(Time::midnight()), text)?);
            return Ok(Read { time, next_day });
        }
        let (clock, zone) = zone_of(rest);
        let time = time_of(clock).ok_or_else(wrong)?;
        let local = date.to_datetime(time);
        let time = if let Some(zone) = zone {
            self.agree(Writing::Absolute, text)?;
            if self.zone.stated {
                return Err(format!("{text:?} states its own zone; leave --time-zone out"));
            }
            let utc = offset_of(zone).ok_or_else(wrong)?.to_timestamp(local);
            nanos(utc.map_err(|_| wrong())?).ok_or_else(wrong)?
        } else {
            self.agree(Writing::Local { only_date: false }, text)?;
            self.local(local, text)?
        };
        Ok(Read { time, next_day: None })
    }

    /// A local time in UTC. Of a repeated hour the first one, unless that would go back.
    fn local(&self, local: DateTime, text: &str) -> Result<Timestamp, String> {
        let wrong = || format!("{text:?} is not within the years 1678 to 2261");
        let found = self.zone.zone.to_ambiguous_timestamp(local);
        if matches!(found.offset(), AmbiguousOffset::Gap { .. }) && local.time() != Time::midnight()
        {
            return Err(format!("{text:?} does not exist in this time zone: the clock skips it"));
        }
        let (earlier, later) = (found.earlier(), found.later());
        let earlier = nanos(earlier.map_err(|_| wrong())?).ok_or_else(wrong)?;
        let later = nanos(later.map_err(|_| wrong())?).ok_or_else(wrong)?;
        let goes_back = self.last.is_some_and(|last| earlier <= last && later > last);
        Ok(if goes_back { later } else { earlier })
    }
}

fn nanos(time: jiff::Timestamp) -> Option<Timestamp> {
    i64::try_from(time.as_nanosecond()).ok().map(Timestamp::from_nanos)
}

/// Whole or fractional time since the epoch, with the unit that its size tells; `None` for
/// other texts. Eight digits are a date.
fn epoch(text: &str) -> Result<Option<(Timestamp, i64)>, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || whole.len() == 8 {
        return Ok(None);
    }
    let unit: i64 = match whole.len() {
        9..=11 => 1_000_000_000,
        12..=14 => 1_000_000,
        15..=17 => 1_000,
        18..=19 => 1,
        _ => return Err(format!("{text:?} is neither a date nor a time since 1970")),
    };
    let too_large = || format!("{text:?} does not fit");
    let value: i64 = whole.parse().map_err(|_| too_large())?;
    let whole_nanos = value.checked_mul(unit).ok_or_else(too_large)?;
    // Digits below a nanosecond cannot be kept and carry nothing that a clock could know.
    let mut part = unit;
    let mut below = 0;
    for digit in fraction.bytes() {
        part /= 10;
        below += part * i64::from(digit - b'0');
    }
    Ok(Some((Timestamp::from_nanos(whole_nanos + below), unit)))
}

fn date_of(text: &str, day_first: bool) -> Option<Date> {
    let number = |part: &str| part.parse::<i16>().ok();
    let build = |year: i16, month: i16, day: i16| {
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return build(number(&text[..4])?, number(&text[4..6])?, number(&text[6..])?);
    }
    if let Some((first, rest)) = text.split_once('/') {
        let (second, year) = rest.split_once('/')?;
        if first.len() == 4 {
            return build(number(first)?, number(second)?, number(year)?);
        }
        let (month, day) = if day_first { (second, first) } else { (first, second) };
        let year = match year.len() {
            2 => number(year)? + if number(year)? < 70 { 2_000 } else { 1_900 },
            4 => number(year)?,
            _ => return None,
        };
        return build(year, number(month)?, number(day)?);
    }
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    if year.len() != 4 {
        return None;
    }
    build(number(year)?, number(month)?, number(day)?)
}

/// `09:30`, `09:30:01`, `09:30:01.123456789`.
fn time_of(text: &str) -> Option<Time> {
    let mut parts = text.trim().split(':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let second = parts.next().unwrap_or("0");
    if parts.next().is_some() {
        return None;
    }
    let (second, fraction) = second.split_once('.').unwrap_or((second, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos: i32 = format!("{fraction:0<9}").parse().ok()?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?, nanos).ok()
}

/// Splits a zone off the end of a time of day.
fn zone_of(text: &str) -> (&str, Option<&str>) {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return (clock, Some("Z"));
    }
    if let Some(clock) = text.strip_suffix("UTC") {
        return (clock.trim_end(), Some("Z"));
    }
    match text.rfind(['+', '-']) {
        Some(place) => (text[..place].trim_end(), Some(&text[place..])),
        None => (text, None),
    }
}

fn offset_of(zone: &str) -> Option<Offset> {
    if zone == "Z" { Some(Offset::UTC) } else { offset(zone) }
}

/// A time as every file of ours writes it: `2024-08-08T23:54:00.000000001Z`.
#[must_use]
pub fn iso(time: Timestamp) -> String {
    moment(time.as_nanos()).to_string()
}

/// Reads a time as a person writes it, in UTC: `2024-08-08`, `2024-08-08 12:00`, `..T12:00Z`.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub fn parse_time(text: &str) -> Result<Timestamp, String> {
    Clock::new(Zone::default(), false).read(text).map(|read| read.time)
}

/// Nanoseconds from midnight of a day in a zone to UTC.
///
/// # Errors
/// When the time does not exist there.
pub(crate) fn since_midnight(
    zone: &Zone,
    date: Date,
    nanos_of_day: i64,
) -> Result<Timestamp, String> {
    let midnight = date.to_datetime(Time::midnight());
    let local = midnight
        .checked_add(jiff::SignedDuration::from_nanos(nanos_of_day))
        .map_err(|_| format!("{nanos_of_day} ns since midnight does not fit a day"))?;
    Clock::new(zone.clone(), false).local(local, &local.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(zone: &str, text: &str) -> Result<String, String> {
        let zone = if zone.is_empty() { Zone::default() } else { zone.parse()? };
        Clock::new(zone, false).read(text).map(|read| iso(read.time))
    }

    #[test]
    fn one_moment_is_recognised_in_all_its_writings() {
        let texts = [
            "1533513600",
            "1533513600.0",
            "1533513600000",
            "1533513600000000",
            "1533513600000000000",
            "2018-08-06",
            "20180806",
            "8/6/2018",
            "08/06/18",
            "2018/8/6",
            "2018-08-06T00:00:00Z",
            "2018-08-06 00:00",
            "20180806 00:00:00.000",
            "2018-08-06T03:00:00+03:00",
            "2018-08-05 19:30:00-0430",
            "2018-08-06 00:00:00 UTC",
        ];
        for text in texts {
            assert_eq!(read("", text).as_deref(), Ok("2018-08-06T00:00:00Z"), "{text}");
        }
        assert_eq!(read("+03:00", "2018-08-06 03:00").as_deref(), Ok("2018-08-06T00:00:00Z"));
        assert_eq!(read("UTC+3", "2018-08-06 03:00").as_deref(), Ok("2018-08-06T00:00:00Z"));
        assert_eq!(read("", "1762795433.9717445").as_deref(), Ok("2025-11-10T17:23:53.9717445Z"));
    }

    #[test]
    fn the_two_halves_of_a_repeated_hour_are_told_apart_by_their_order() {
        let mut clock = Clock::new("Europe/London".parse().unwrap(), false);
        let mut next = |text: &str| iso(clock.read(text).unwrap().time);
        assert_eq!(next("2023-10-29 00:30"), "2023-10-28T23:30:00Z");
        assert_eq!(next("2023-10-29 01:30"), "2023-10-29T00:30:00Z");
        assert_eq!(next("2023-10-29 01:30"), "2023-10-29T01:30:00Z");
        assert_eq!(next("2023-10-29 02:30"), "2023-10-29T02:30:00Z");
    }

    #[test]
    fn a_time_that_the_clock_skips_is_refused() {
        let error = read("America/New_York", "2013-03-10 02:30").unwrap_err();
        assert!(error.contains("does not exist"), "{error}");
        assert_eq!(
            read("America/New_York", "2013-10-08 09:30").as_deref(),
            Ok("2013-10-08T13:30:00Z")
        );
    }

    #[test]
    fn a_file_that_changes_its_way_of_writing_is_refused() {
        let pairs = [
            ("2018-08-06 00:00", "2018-08-06 01:00Z", "mixed times"),
            ("2018-08-06T00:00Z", "2018-08-06T01:00", "mixed times"),
            ("1533513600", "1533513600000", "milliseconds"),
            ("2018-08-06", "1533513600", "dates"),
        ];
        for (first, second, complaint) in pairs {
            let mut clock = Clock::new(Zone::default(), false);
            clock.read(first).unwrap();
            let error = clock.read(second).unwrap_err();
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn nonsense_is_not_a_time() {
        for text in [
            "",
            "soon",
            "2018-13-01",
            "2018-02-30",
            "25:00",
            "12345",
            "2018-08-06 25:00",
            "2018-08-06 10",
            "99999999999999999999",
            "13/25/2018",
        ] {
            assert!(read("", text).is_err(), "{text:?}");
        }
        assert!("Mars/Olympus".parse::<Zone>().is_err());
        assert!(read("+01:00", "2018-08-06T00:00Z").unwrap_err().contains("--time-zone"));
    }

    #[test]
    fn a_day_lasts_until_the_next_midnight_also_when_the_clock_is_changed() {
        let mut clock = Clock::new("America/New_York".parse().unwrap(), false);
        let read = clock.read("2013-03-10").unwrap();
        let hours = read.next_day.unwrap().since(read.time).as_nanos() / 3_600_000_000_000;
        assert_eq!(hours, 23);
    }
}
