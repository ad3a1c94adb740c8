//! `data check`: what is missing or odd.

use std::fmt::Write as _;

use history::{
    Series,
    check::{Findings, Hours, check},
    iso,
};
use serde::Serialize;

use super::{Failure, Opened, failed, window};
use crate::{
    cli::{CheckArgs, HoursArg},
    output,
    report::summary::grouped,
};

pub(super) fn execute(arguments: &CheckArgs) -> Result<(), Failure> {
    let opened = Opened::open(&arguments.store)?;
    let chosen = |series: &Series| {
        (arguments.instruments.is_empty() || arguments.instruments.contains(&series.instrument))
            && (arguments.kinds.is_empty() || arguments.kinds.contains(&series.kind))
    };
    let all = opened.store().series().map_err(failed)?;
    let series: Vec<_> = all.into_iter().filter(chosen).collect();
    if series.is_empty() {
        let text = "error: nothing of that is there; see `algopioneer data list`";
        return Err(Failure::Usage(text.into()));
    }
    let hours = arguments.hours.map(|hours| match hours {
        HoursArg::Always => Hours::Always,
        HoursArg::Weekdays => Hours::Weekdays,
    });
    let mut found = Vec::new();
    for one in &series {
        let window = window(arguments.from, arguments.to);
        found.push(check(opened.store(), one, window, hours).map_err(failed)?);
    }
    if arguments.json {
        output::json(&found.iter().map(Report::of).collect::<Vec<_>>())?;
    } else {
        output::text(&found.iter().map(describe).collect::<String>())?;
    }
    if found.iter().all(Findings::is_sound) { Ok(()) } else { Err(Failure::Wanting) }
}

#[derive(Serialize)]
struct Report {
    instrument: String,
    kind: String,
    rows: u64,
    first: Option<String>,
    last: Option<String>,
    sound: bool,
    completeness: Option<f64>,
    hours: Option<&'static str>,
    gap_count: u64,
    missing: u64,
    longest_gaps: Vec<GapRow>,
    counts: std::collections::BTreeMap<&'static str, u64>,
    first_oddities: Vec<OddityRow>,
}

#[derive(Serialize)]
struct GapRow {
    from: String,
    to: String,
    missing: u64,
}

#[derive(Serialize)]
struct OddityRow {
    what: &'static str,
    time: String,
    row: u64,
    text: String,
}

const fn hours_name(hours: Hours) -> &'static str {
    match hours {
        Hours::Always => "always",
        Hours::Weekdays => "weekdays",
    }
}

impl Report {
    fn of(found: &Findings) -> Self {
        let gap = |gap: &history::check::Gap| GapRow {
            from: iso(gap.from),
            to: iso(gap.to),
            missing: gap.missing,
        };
        let oddity = |one: &history::check::Oddity| OddityRow {
            what: one.what.name(),
            time: iso(one.time),
            row: one.row,
            text: one.text.clone(),
        };
        Self {
            instrument: found.series.instrument.to_string(),
            kind: found.series.kind.to_string(),
            rows: found.rows,
            first: found.times.map(|times| iso(times.0)),
            last: found.times.map(|times| iso(times.1)),
            sound: found.is_sound(),
            completeness: found.completeness(),
            hours: found.hours.map(hours_name),
            gap_count: found.gap_count,
            missing: found.missing,
            longest_gaps: found.gaps.iter().map(gap).collect(),
            counts: found.counts.iter().map(|(what, count)| (what.name(), *count)).collect(),
            first_oddities: found.oddities.iter().map(oddity).collect(),
        }
    }
}

fn describe(found: &Findings) -> String {
    let verdict = if found.is_sound() { "sound" } else { "NOT SOUND" };
    let mut text = format!("{}: {verdict}, {} rows", found.series, grouped(found.rows));
    if let Some(share) = found.completeness() {
        let _ = write!(text, ", {:.2} % complete", share * 100.0);
    }
    if let Some(hours) = found.hours {
        let _ = write!(text, " (open {})", hours_name(hours));
    }
    text.push('\n');
    if found.gap_count > 0 {
        let (gaps, missing) = (grouped(found.gap_count), grouped(found.missing));
        let _ = writeln!(text, "  {gaps} gaps, {missing} missing; the longest:");
    }
    for gap in &found.gaps {
        let _ = writeln!(text, "    {} .. {}  {}", iso(gap.from), iso(gap.to), gap.missing);
    }
    for (what, count) in &found.counts {
        let _ = writeln!(text, "  {}: {}", what.name(), grouped(*count));
        for one in found.oddities.iter().filter(|one| one.what == *what).take(5) {
            let _ = writeln!(text, "    {} row {}: {}", iso(one.time), one.row, one.text);
        }
    }
    text
}
