//! Whether the result could be luck: numbers of trades and returns, and attempts.

use crate::{
    Sources,
    doubt::{Doubt, Weight},
    evidence::{Evidence, period_name},
    figure,
};

/// Below this, nothing can be told; below `MANY`, not much.
const FEW: u64 = 30;
const MANY: u64 = 100;
/// The usual bar for a probability.
const CONFIDENT: f64 = 0.95;

pub(super) fn trades(sources: &Sources<'_>) -> Doubt {
    let count = sources.outcome.performance.trades.count;
    let (weight, verdict) = match count {
        0 => (Weight::Against, "No trade was finished, so there is nothing to judge.".to_owned()),
        1 => (Weight::Against, "One trade is too few to tell skill from luck.".to_owned()),
        count if count < FEW => {
            (Weight::Against, format!("{count} trades are too few to tell skill from luck."))
        }
        count if count < MANY => (
            Weight::Careful,
            format!("{count} trades are a small sample: a handful of them decide the result."),
        ),
        count => (
            Weight::Fine,
            format!(
                "{} trades are enough for statistics, as far as they are independent.",
                figure::count(count)
            ),
        ),
    };
    Doubt::new(("trades", "Number of trades"), weight, verdict)
}

pub(super) fn above_zero(evidence: &Evidence) -> Doubt {
    let name = ("probabilistic_sharpe", "Probabilistic Sharpe ratio");
    let Some(chance) = evidence.probability_above_zero else {
        return Doubt::new(name, Weight::Against, UNKNOWN);
    };
    let shown = figure::probability(chance);
    let (weight, verdict) = if chance >= CONFIDENT {
        let verdict = format!(
            "The true Sharpe ratio is above zero with a probability of {shown}, if the future is \
             like this past."
        );
        (Weight::Fine, verdict)
    } else if chance >= 0.5 {
        let verdict = format!(
            "The true Sharpe ratio is above zero with a probability of only {shown}; 95 % is the \
             usual bar."
        );
        (Weight::Careful, verdict)
    } else {
        let verdict =
            format!("The true Sharpe ratio is probably not above zero: the chance is {shown}.");
        (Weight::Against, verdict)
    };
    Doubt::new(name, weight, verdict)
}

const UNKNOWN: &str =
    "There are too few returns, or none that vary, so nothing speaks against pure luck.";

pub(super) fn deflated(evidence: &Evidence) -> Doubt {
    let name = ("deflated_sharpe", "Deflated Sharpe ratio");
    let (Some(chance), trials) = (evidence.deflated_sharpe, evidence.trials) else {
        return Doubt::new(name, Weight::Against, UNKNOWN);
    };
    let shown = figure::probability(chance);
    if trials < 2 {
        return Doubt::new(
            name,
            Weight::Careful,
            "One attempt was declared; if more were made before this one, every figure here is \
             too kind.",
        );
    }
    let trials = figure::count(u64::from(trials));
    let (weight, verdict) = if chance >= CONFIDENT {
        let verdict = format!(
            "Even as the best of {trials} attempts the Sharpe ratio is more than luck with a \
             probability of {shown}."
        );
        (Weight::Fine, verdict)
    } else {
        let verdict = format!(
            "The best of {trials} worthless attempts could look like this: the probability that \
             it is more than that is {shown}."
        );
        (if chance >= 0.5 { Weight::Careful } else { Weight::Against }, verdict)
    };
    Doubt::new(name, weight, verdict)
}

pub(super) fn track_record(evidence: &Evidence) -> Doubt {
    let name = ("track_record", "Length of the track record");
    let period = period_name(evidence.period_seconds);
    let have = evidence.track_record_periods;
    let at_hand = figure::counted(have, &format!("{period} return"), &format!("{period} returns"));
    let Some(need) = evidence.minimum_track_record_periods else {
        let verdict = format!(
            "No length would do: the Sharpe ratio of the {at_hand} at hand is not above zero."
        );
        return Doubt::new(name, Weight::Against, verdict);
    };
    let needed = figure::grouped(need.ceil(), 0);
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let enough = have as f64 >= need;
    let (weight, verdict) = if enough {
        (
            Weight::Fine,
            format!("{at_hand} are at hand, and {needed} are enough for 95 % confidence."),
        )
    } else {
        let verdict = format!(
            "Too short: {at_hand} are at hand, but {needed} are needed for 95 % confidence."
        );
        (Weight::Against, verdict)
    };
    Doubt::new(name, weight, verdict)
}

pub(super) fn target(evidence: &Evidence) -> Doubt {
    let name = ("target", "Sharpe ratio against its target");
    let target = figure::grouped(evidence.sharpe_target, 1);
    let (Some(found), Some(chance)) = (evidence.sharpe, evidence.probability_above_target) else {
        let verdict =
            format!("The target is {target}, and the returns are too few to compare with it.");
        return Doubt::new(name, Weight::Careful, verdict);
    };
    let (shown, chance_shown) = (figure::grouped(found, 2), figure::probability(chance));
    let weight = if chance >= CONFIDENT { Weight::Fine } else { Weight::Careful };
    let reached = if found >= evidence.sharpe_target { "reaches" } else { "misses" };
    let verdict = format!(
        "The {shown} found {reached} the target of {target}; the true ratio is above the target \
         with a probability of {chance_shown}."
    );
    Doubt::new(name, weight, verdict)
}

pub(super) fn best_trade(sources: &Sources<'_>) -> Option<Doubt> {
    let trades = &sources.outcome.performance.trades;
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let total = trades.expectancy? * trades.count as f64;
    let best = trades.best?.to_f64();
    if trades.count < 2 || total <= 0.0 || best <= 0.0 {
        return None;
    }
    let share = best / total;
    let weight = match share {
        share if share >= 0.5 => Weight::Against,
        share if share >= 0.2 => Weight::Careful,
        _ => Weight::Fine,
    };
    let verdict = if share > 1.0 {
        "Without the best trade the others together made a loss.".to_owned()
    } else {
        format!("The best trade alone made {} of the profit of all trades.", figure::percent(share))
    };
    Some(Doubt::new(("best_trade", "Dependence on one trade"), weight, verdict))
}
