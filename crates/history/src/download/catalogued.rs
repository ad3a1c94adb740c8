//! Which days the catalogue has already.
//!
//! A day of bars is complete when no bar is missing, wherever they came from. Of other rows
//! nobody can tell, so a day is complete when it was taken and its file is still there.

use std::collections::{BTreeMap, BTreeSet};

use super::{Day, DownloadError, Order, What, ledger::Ledger};
use crate::{
    catalogue::Catalogue,
    part::Batch,
    place::{Period, Series},
    store::{Store as _, Window},
};

const DAY_SECONDS: u32 = 86_400;
const ROWS: usize = 4_096;

/// Of the order's days, those that are complete.
pub(crate) fn complete(
    order: &Order,
    series: &Series,
    catalogue: &Catalogue,
    ledger: &Ledger,
) -> Result<BTreeSet<Day>, DownloadError> {
    let periods: BTreeSet<Period> =
        catalogue.parts(series)?.into_iter().map(|part| part.period).collect();
    let counts = bars_a_day(order, series, catalogue)?;
    let full = match order.what {
        What::Bars(interval) if DAY_SECONDS.is_multiple_of(interval.seconds()) => {
            Some(DAY_SECONDS / interval.seconds())
        }
        _ => None,
    };
    let is_complete = |day: &Day| {
        let filed = periods.contains(&Period::of(series.kind, day.start_nanos()));
        let all_there = full.is_some() && counts.get(day).copied() == full;
        all_there || (filed && ledger.has(*day))
    };
    Ok(order.first.to(order.last).filter(is_complete).collect())
}

/// How many bars begin on each day.
fn bars_a_day(
    order: &Order,
    series: &Series,
    catalogue: &Catalogue,
) -> Result<BTreeMap<Day, u32>, DownloadError> {
    let mut counts = BTreeMap::new();
    if !matches!(order.what, What::Bars(_)) {
        return Ok(counts);
    }
    let window = Window { from: order.first.start_nanos(), to: order.last.next().start_nanos() };
    let mut rows = catalogue.rows(series, window)?;
    let mut batch = Batch::default();
    loop {
        rows.read(ROWS, &mut batch)?;
        if batch.rows == 0 {
            return Ok(counts);
        }
        for start in &batch.columns[0] {
            *counts.entry(Day::of_nanos(*start)).or_default() += 1;
        }
    }
}
