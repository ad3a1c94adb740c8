//! From the fields of one row to its integers, and what must hold between them.

use domain::Timestamp;

use super::Steps;
use crate::{
    kind::{Column, Kind, Meaning, Row, WIDTH, at},
    number::Number,
    part::Scales,
};

/// A field of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Absent,
    /// A time, a count or a flag.
    Plain(i64),
    Decimal(Number),
}

impl Cell {
    pub(crate) const fn time(time: Timestamp) -> Self {
        Self::Plain(time.as_nanos())
    }

    pub(crate) fn maybe_time(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Absent, Self::time)
    }

    pub(crate) fn flag(value: bool) -> Self {
        Self::Plain(i64::from(value))
    }

    pub(crate) const fn zero() -> Self {
        Self::Plain(0)
    }
}

/// A field's name and what is wrong with it.
pub(super) type Wrong = (&'static str, String);

/// Brings the fields to integers. The decimals needed so far may grow.
pub(super) fn row(
    kind: Kind,
    cells: &[Cell],
    steps: &Steps,
    scales: &mut Scales,
) -> Result<Row, Wrong> {
    let columns = kind.columns();
    let mut numbers = [None; WIDTH];
    for ((cell, column), number) in cells.iter().zip(columns).zip(&mut numbers) {
        let Cell::Decimal(value) = cell else { continue };
        let value = steps.adjusted(column.meaning, *value).map_err(|text| (column.name, text))?;
        *number = Some(value);
        match column.meaning {
            Meaning::Price => scales.price = scales.price.max(value.decimals()),
            Meaning::Quantity => scales.quantity = scales.quantity.max(value.decimals()),
            _ => {}
        }
    }
    let mut row = Row::default();
    for (place, (cell, column)) in cells.iter().zip(columns).enumerate() {
        let value = match (cell, numbers[place]) {
            (Cell::Absent, _) => None,
            (Cell::Plain(value), _) => Some(*value),
            (Cell::Decimal(_), number) => decimal(column, number, *scales)?,
        };
        row.set(place, value);
    }
    Ok(row)
}

fn decimal(column: &Column, number: Option<Number>, scales: Scales) -> Result<Option<i64>, Wrong> {
    let (Some(number), Some(decimals)) = (number, scales.of(column.meaning)) else {
        return Ok(None);
    };
    let too_wide = |reason: String| {
        let hint = match column.meaning {
            Meaning::Price => "; state --tick, and --round to round to it",
            Meaning::Quantity => "; state --lot, and --round to round to it",
            _ => "; state --round to round it",
        };
        (column.name, reason + hint)
    };
    number.at(decimals).map(Some).map_err(too_wide)
}

/// What no market does: prices of zero, negative quantities, a high below the open.
pub(super) fn check(kind: Kind, row: &Row) -> Result<(), Wrong> {
    for (place, column) in kind.columns().iter().enumerate() {
        let Some(value) = row.get(place) else {
            if column.required && !is_open_end(kind, place) {
                return Err((column.name, "the field is empty".into()));
            }
            continue;
        };
        match column.meaning {
            Meaning::Price if value == 0 && !is_level_less(kind, row) => {
                return Err((column.name, "the price is zero".into()));
            }
            Meaning::Price if value < 0 => {
                return Err((column.name, "the price is negative".into()));
            }
            Meaning::Quantity if value < 0 => {
                return Err((column.name, "the quantity is negative".into()));
            }
            _ => {}
        }
    }
    match kind {
        Kind::Bars(_) => check_bar(row),
        Kind::Actions => check_action(row),
        Kind::Marks | Kind::Funding => check_reference(kind, row),
        _ => Ok(()),
    }
}

/// A bar's end is filled in later when only its start is known.
fn is_open_end(kind: Kind, column: usize) -> bool {
    matches!(kind, Kind::Bars(_)) && column == at::BAR_END
}

/// Rows of depth that say something about the whole book have no price.
const fn is_level_less(kind: Kind, row: &Row) -> bool {
    matches!(kind, Kind::Depth) && row.values[7] != 0
}

fn check_bar(row: &Row) -> Result<(), Wrong> {
    let [_, _, open, high, low, close, ..] = row.values;
    if let Some(end) = row.get(at::BAR_END)
        && end <= row.values[at::TIME]
    {
        return Err(("end", "the bar ends before it begins".into()));
    }
    if high < open.max(close).max(low) {
        return Err(("high", "the high is below another price of the bar".into()));
    }
    if low > open.min(close) {
        return Err(("low", "the low is above another price of the bar".into()));
    }
    Ok(())
}

fn check_action(row: &Row) -> Result<(), Wrong> {
    if row.get(2).is_some_and(|ratio| ratio <= 0) {
        return Err(("split_ratio", "the ratio of a split must be above zero".into()));
    }
    if row.get(3).is_some_and(|dividend| dividend <= 0) {
        return Err(("dividend", "a dividend must be above zero".into()));
    }
    if row.is_absent(2) == row.is_absent(3) {
        return Err(("split_ratio", "a row is either a split or a dividend".into()));
    }
    Ok(())
}

fn check_reference(kind: Kind, row: &Row) -> Result<(), Wrong> {
    let prices: &[usize] = if kind == Kind::Marks { &[3, 4] } else { &[2] };
    for place in prices {
        if row.get(*place).is_some_and(|price| price <= 0) {
            return Err((kind.columns()[*place].name, "the price must be above zero".into()));
        }
    }
    Ok(())
}
