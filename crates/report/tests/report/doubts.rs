//! The sentences that speak against a result, as the numbers call for them.

use domain::{Money, Timestamp};
use research::{experiment::Delay, lookahead::Violation};

use crate::sample::{Plan, Sample};

/// What the terminal says, in one line.
fn said(sample: &Sample) -> String {
    sample.summary(None).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(sample: &Sample, sentence: &str) {
    let text = said(sample);
    assert!(text.contains(sentence), "{sentence:?} is not in {text}");
}

/// A sample that made a profit with any costs and delays.
fn winner() -> Sample {
    let mut sample = Sample::new(Plan::SHORT);
    let opening = sample.outcome.opening_equity;
    sample.outcome.snapshot.equity = opening + whole(1_000);
    for (row, profit) in sample.rows.iter_mut().zip([1_100, 1_000, 900, 800, 1_000, 700, 600]) {
        row.equity = opening + whole(profit);
    }
    sample
}

fn whole(units: i128) -> Money {
    Money::from_atto(units * Money::ATTO_PER_UNIT)
}

#[test]
fn a_made_up_market_is_the_first_doubt() {
    let content = Sample::nothing().content();
    assert_eq!(content["doubts"][0]["id"], "synthetic");
    assert_eq!(content["doubts"][0]["weight"], "against");
    assert_eq!(content["synthetic"], true);
    let mut recorded = Sample::nothing();
    recorded.facts.market = report::MarketSource::Recorded;
    let content = recorded.content();
    assert_ne!(content["doubts"][0]["id"], "synthetic");
    assert_eq!(content["synthetic"], false);
}

#[test]
fn nothing_at_all_is_no_evidence() {
    let sample = Sample::nothing();
    says(&sample, "No trade was finished, so there is nothing to judge.");
    says(&sample, "nothing speaks against pure luck");
    says(&sample, "Nobody tried how the result bears higher costs.");
    says(&sample, "Not checked: nobody cut the data");
}

#[test]
fn costs_that_eat_the_profit_are_named_with_their_multiple() {
    let mut sample = winner();
    says(&sample, "At triple costs 80.0 % of the profit is left.");
    sample.rows[3].equity = sample.outcome.opening_equity - whole(1);
    says(&sample, "At triple costs the result turns negative.");
    sample.rows[2].equity = sample.outcome.opening_equity - whole(1);
    says(&sample, "At double costs the result turns negative.");
    sample.outcome.snapshot.equity = sample.outcome.opening_equity - whole(5);
    says(&sample, "Costs eat the result: without any there would be a profit of 1,100.00.");
    sample.rows[0].equity = sample.outcome.opening_equity - whole(1);
    says(&sample, "Even without any costs there is no profit.");
}

#[test]
fn free_trading_is_no_proof_of_robustness() {
    let mut sample = winner();
    for row in &mut sample.rows {
        row.equity = sample.outcome.snapshot.equity;
    }
    says(
        &sample,
        "Costs make no difference: none are configured, and free trading does not exist.",
    );
}

#[test]
fn the_longest_delay_counts_whatever_the_order_of_rows() {
    let mut sample = winner();
    says(&sample, "With decisions two bars later 60.0 % of the profit is left.");
    sample.rows.reverse();
    says(&sample, "With decisions two bars later 60.0 % of the profit is left.");
    let late = sample.rows.iter_mut().find(|row| row.variant.delay == Delay::Bars(1)).unwrap();
    late.equity = sample.outcome.opening_equity - whole(1);
    says(&sample, "With decisions one bar later the result turns negative.");
}

#[test]
fn a_leak_from_the_future_is_told_with_its_decision() {
    let mut sample = winner();
    says(&sample, "found a decision that changed when the data ended sooner (2 cuts).");
    let lookahead = sample.lookahead.as_mut().unwrap();
    let cut = Timestamp::from_millis(1_704_067_200_000);
    lookahead.violation = Some(Violation { cut, number: 17, whole: None, cut_short: None });
    says(&sample, "Decision 17 changed when the data after 2024-01-01 00:00 were taken away");
    let content = sample.content();
    assert_eq!(content["lookahead"]["passed"], false);
    assert_eq!(content["lookahead"]["violation"]["decision"], 17);
}

#[test]
fn a_check_that_compared_nothing_proves_nothing() {
    let mut sample = winner();
    sample.lookahead.as_mut().unwrap().compared = 0;
    says(&sample, "The check had no decision to compare, so it proves nothing.");
}

#[test]
fn loose_ends_are_told() {
    let mut sample = winner();
    sample.outcome.stopped = true;
    sample.outcome.costs.liquidations = 2;
    sample.facts.data_warnings = vec!["one".into(), "two".into()];
    sample.facts.trials = 1;
    says(&sample, "It was stopped before the history ended");
    says(&sample, "The venue closed positions by force 2 times.");
    says(&sample, "The data have 1 gap and 2 warnings");
    says(&sample, "One attempt was declared");
    sample.facts.fill_model.clear();
    says(&sample, "What the simulation of fills assumes is not known.");
}
