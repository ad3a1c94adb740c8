//! Whether the setting of the test allows any conclusion: market, fills, data, loose ends.

use domain::Money;

use crate::{
    MarketSource, Sources,
    doubt::{Doubt, Weight},
    figure,
};

pub(super) fn made_up(sources: &Sources<'_>) -> Option<Doubt> {
    let MarketSource::Synthetic { seed, .. } = &sources.facts.market else { return None };
    let verdict = format!(
        "The market is made up (seed {seed}), so the result says nothing about any real market."
    );
    Some(Doubt::new(("synthetic", "Synthetic market"), Weight::Against, verdict))
}

pub(super) fn fills(sources: &Sources<'_>) -> Doubt {
    let name = ("fill_model", "What the fill model assumes");
    match sources.facts.fill_model.len() {
        0 => {
            Doubt::new(name, Weight::Against, "What the simulation of fills assumes is not known.")
        }
        _ => Doubt::new(
            name,
            Weight::Careful,
            "Fills are simulated: a real market may fill less, later and at worse prices than the \
             assumptions below.",
        ),
    }
}

pub(super) fn data(sources: &Sources<'_>) -> Doubt {
    let name = ("data", "Gaps and doubts in the data");
    let count = |list: &[String]| u64::try_from(list.len()).unwrap_or(u64::MAX);
    let facts = sources.facts;
    let gaps = figure::counted(count(&facts.data_gaps), "gap", "gaps");
    let warnings = figure::counted(count(&facts.data_warnings), "warning", "warnings");
    let found = match (facts.data_gaps.is_empty(), facts.data_warnings.is_empty()) {
        (true, true) => {
            let verdict = "No gap and no warning was reported for the data.";
            return Doubt::new(name, Weight::Fine, verdict);
        }
        (false, true) => gaps,
        (true, false) => warnings,
        (false, false) => format!("{gaps} and {warnings}"),
    };
    let verdict = format!("The data have {found}, which may have changed the result.");
    Doubt::new(name, Weight::Careful, verdict)
}

pub(super) fn paper_profit(sources: &Sources<'_>) -> Option<Doubt> {
    let outcome = sources.outcome;
    let open = u64::try_from(outcome.open_trips.len()).unwrap_or(u64::MAX);
    if open == 0 {
        return None;
    }
    let name = ("open_positions", "Positions open at the end");
    let profit = outcome.snapshot.equity - outcome.opening_equity;
    let paper = outcome.snapshot.unrealized_pnl;
    let held = figure::counted(open, "position was", "positions were");
    if profit > Money::ZERO && paper > Money::ZERO {
        let share = paper.to_f64() / profit.to_f64();
        let weight = if share >= 0.5 { Weight::Against } else { Weight::Careful };
        let verdict = format!(
            "{held} still open, and {} of the profit exists only on paper.",
            figure::percent(share.min(1.0))
        );
        return Some(Doubt::new(name, weight, verdict));
    }
    let verdict = format!(
        "{held} still open with {} on paper; closing would have cost spread and fees.",
        figure::signed_money(paper)
    );
    Some(Doubt::new(name, Weight::Careful, verdict))
}

pub(super) fn liquidations(sources: &Sources<'_>) -> Option<Doubt> {
    let count = sources.outcome.costs.liquidations;
    let verdict = format!(
        "The venue closed positions by force {}.",
        if count == 1 { "once".to_owned() } else { format!("{} times", figure::count(count)) }
    );
    let name = ("liquidations", "Liquidations");
    (count > 0).then(|| Doubt::new(name, Weight::Against, verdict))
}

pub(super) fn stopped(sources: &Sources<'_>) -> Option<Doubt> {
    let name = ("stopped", "Stopped early");
    let verdict = "It was stopped before the history ended, so the end was chosen by somebody.";
    sources.outcome.stopped.then(|| Doubt::new(name, Weight::Against, verdict))
}
