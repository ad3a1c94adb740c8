//! The text for a terminal: 80 columns, the warning first, and every file.

use proptest::prelude::*;
use report::MarketSource;

use crate::sample::{Plan, Sample};

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

#[test]
fn every_summary_is_ascii_within_80_columns() {
    let samples = [
        Sample::new(Plan::SHORT),
        Sample::new(Plan::ONE_BAR),
        Sample::alone(Plan::RUIN),
        Sample::nothing(),
    ];
    for sample in samples {
        let text = sample.summary(None);
        assert!(widest(&text) <= 80, "{text}");
        assert!(text.is_ascii(), "{text}");
        assert!(text.starts_with("*** SYNTHETIC MARKET, seed "), "{text}");
        assert!(text.contains("\nWhy you should not believe this\n"), "{text}");
    }
}

#[test]
fn a_recorded_market_has_no_warning_and_files_are_listed_unbroken() {
    let mut sample = Sample::nothing();
    sample.facts.market = MarketSource::Recorded;
    let long = "a-folder-with-a-name-that-goes-on-and-on".repeat(3);
    let dir = tempfile::tempdir().unwrap();
    let written = sample.write(&dir.path().join(long));
    let text = sample.summary(Some(&written));
    assert!(!text.contains("SYNTHETIC"), "{text}");
    assert!(text.contains(&written.content_sha256), "{text}");
    for file in &written.files {
        assert!(text.lines().any(|line| line.trim() == file.to_string_lossy()), "{file:?}");
    }
}

#[test]
fn headline_figures_are_those_of_the_outcome() {
    let sample = Sample::new(Plan::SHORT);
    let text = sample.summary(None);
    let trades = sample.outcome.performance.trades;
    assert!(trades.count > 10, "the sample trades");
    assert!(text.contains(&format!("Trades            {}, ", trades.count)), "{text}");
    assert!(text.contains("USDT -> "), "{text}");
    assert!(text.contains("(target 2.0, no promise)"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_name_is_too_long_for_a_line(name in "[ -~]{0,300}") {
        let mut sample = Sample::nothing();
        sample.facts.strategy.kind = name.clone();
        let text = sample.summary(None);
        prop_assert!(widest(&text) <= 80, "{}", text);
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        prop_assert!(bare(&text).contains(&bare(&name)), "nothing of it is lost");
    }
}
