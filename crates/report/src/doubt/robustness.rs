//! Whether the result survives higher costs, later decisions, and less knowledge of the future.

use domain::Money;
use research::{experiment::Delay, lookahead::LookaheadReport, sensitivity::Row};

use crate::{
    Sources,
    doubt::{Doubt, Weight},
    figure, moment,
};

/// Profit of the result as configured, and of a row.
fn profits<'a>(
    sources: &Sources<'a>,
    rows: impl Fn(&Row) -> bool,
) -> (Money, Vec<(&'a Row, Money)>) {
    let outcome = sources.outcome;
    let opening = outcome.opening_equity;
    let rows = sources.sensitivity.iter().filter(|row| rows(row));
    let rows = rows.map(|row| (row, row.equity - opening)).collect();
    (outcome.snapshot.equity - opening, rows)
}

fn left(part: Money, whole: Money) -> (Weight, String) {
    let share = part.to_f64() / whole.to_f64();
    let weight = if share >= 0.5 { Weight::Fine } else { Weight::Careful };
    (weight, figure::percent(share))
}

pub(super) fn costs(sources: &Sources<'_>) -> Doubt {
    let name = ("costs", "Sensitivity to costs");
    let (profit, mut rows) = profits(sources, |row| row.variant.delay == Delay::AsConfigured);
    rows.sort_by_key(|(row, _)| row.variant.cost_multiple);
    let (Some((first, least)), Some((last, most))) = (rows.first(), rows.last()) else {
        return Doubt::new(
            name,
            Weight::Careful,
            "Nobody tried how the result bears higher costs.",
        );
    };
    let (first, last) = (first.variant.cost_multiple, last.variant.cost_multiple);
    if rows.len() > 1 && rows.iter().all(|(_, other)| other == least) {
        let verdict = if sources.outcome.snapshot.counters.fills == 0 {
            "Costs make no difference, because nothing was traded."
        } else {
            "Costs make no difference: none are configured, and free trading does not exist."
        };
        return Doubt::new(name, Weight::Against, verdict);
    }
    if profit <= Money::ZERO {
        let verdict = match (first, *least > Money::ZERO) {
            (0, true) => format!(
                "Costs eat the result: without any there would be a profit of {}.",
                figure::money(*least)
            ),
            (0, false) => "Even without any costs there is no profit.".to_owned(),
            _ => "At the configured costs there is no profit.".to_owned(),
        };
        return Doubt::new(name, Weight::Against, verdict);
    }
    let turns =
        rows.iter().find(|(row, other)| row.variant.cost_multiple > 1 && *other <= Money::ZERO);
    if let Some((row, _)) = turns {
        let multiple = row.variant.cost_multiple;
        let weight = if multiple <= 2 { Weight::Against } else { Weight::Careful };
        let verdict = format!("At {} the result turns negative.", times(multiple));
        return Doubt::new(name, weight, verdict);
    }
    if last < 2 {
        return Doubt::new(
            name,
            Weight::Careful,
            "Nobody tried how the result bears higher costs.",
        );
    }
    let (weight, share) = left(*most, profit);
    Doubt::new(name, weight, format!("At {} {share} of the profit is left.", times(last)))
}

fn times(multiple: u32) -> String {
    match multiple {
        2 => "double costs".to_owned(),
        3 => "triple costs".to_owned(),
        other => format!("{other} times the costs"),
    }
}

pub(super) fn delay(sources: &Sources<'_>) -> Doubt {
    let name = ("delay", "Sensitivity to delay");
    let (profit, mut rows) = profits(sources, |row| row.variant.delay != Delay::AsConfigured);
    rows.retain(|(row, _)| !matches!(row.variant.delay, Delay::Bars(0) | Delay::Millis(0)));
    rows.sort_by_key(|(row, _)| length(row.variant.delay));
    let Some((latest, remaining)) = rows.last() else {
        return Doubt::new(
            name,
            Weight::Careful,
            "Nobody tried what is left when decisions come later.",
        );
    };
    if profit <= Money::ZERO {
        return Doubt::new(
            name,
            Weight::Careful,
            "There is no profit that a delay could take away.",
        );
    }
    if let Some((row, _)) = rows.iter().find(|(_, other)| *other <= Money::ZERO) {
        let verdict =
            format!("With decisions {} the result turns negative.", later(row.variant.delay));
        return Doubt::new(name, Weight::Against, verdict);
    }
    let (weight, share) = left(*remaining, profit);
    let verdict =
        format!("With decisions {} {share} of the profit is left.", later(latest.variant.delay));
    Doubt::new(name, weight, verdict)
}

const fn length(delay: Delay) -> u32 {
    match delay {
        Delay::AsConfigured => 0,
        Delay::Bars(count) | Delay::Millis(count) => count,
    }
}

fn later(delay: Delay) -> String {
    match delay {
        Delay::AsConfigured => "as configured".to_owned(),
        Delay::Bars(1) => "one bar later".to_owned(),
        Delay::Bars(2) => "two bars later".to_owned(),
        Delay::Bars(bars) => format!("{bars} bars later"),
        Delay::Millis(millis) => format!("{millis} ms later"),
    }
}

pub(super) fn lookahead(report: Option<&LookaheadReport>) -> Doubt {
    let name = ("lookahead", "Knowledge of the future");
    let Some(report) = report else {
        let verdict = "Not checked: nobody cut the data to see whether decisions stay the same.";
        return Doubt::new(name, Weight::Careful, verdict);
    };
    if let Some(violation) = &report.violation {
        let verdict = format!(
            "Decision {} changed when the data after {} were taken away: the future leaks into \
             decisions.",
            violation.number,
            moment::minute(violation.cut)
        );
        return Doubt::new(name, Weight::Against, verdict);
    }
    let count = |number: usize| figure::count(u64::try_from(number).unwrap_or(u64::MAX));
    if report.compared == 0 {
        let verdict = "The check had no decision to compare, so it proves nothing.";
        return Doubt::new(name, Weight::Careful, verdict);
    }
    let verdict = format!(
        "None of {} comparisons found a decision that changed when the data ended sooner ({} cuts).",
        count(report.compared),
        count(report.cuts.len())
    );
    Doubt::new(name, Weight::Fine, verdict)
}
