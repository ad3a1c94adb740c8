//! Names and texts from outside never become markup, code or a formula, and none is lost.

use std::fs;

use proptest::prelude::*;
use report::{DataSource, Named};

use crate::{
    markup,
    sample::{Plan, Sample},
};

/// Puts a text into every place that takes one.
fn fill(sample: &mut Sample, text: &str) {
    let facts = &mut sample.facts;
    let own = || text.to_owned();
    facts.program = own();
    facts.command_line = own();
    facts.strategy.kind = own();
    facts.strategy.parameters = vec![Named::new(text, text)];
    (facts.configuration.text, facts.configuration.sha256) = (own(), own());
    facts.market = report::MarketSource::Synthetic { seed: 7, model: own() };
    facts.data = vec![DataSource { name: own(), sha256: own(), provenance: own() }];
    facts.data_gaps = vec![own()];
    facts.data_warnings = vec![own()];
    facts.fill_model = vec![own()];
    facts.costs = vec![Named::new(text, text)];
    sample.outcome.strategies = vec![own()];
    sample.outcome.snapshot.commands_sha256 = own();
}

/// The page, and what `report.json` says the strategy is.
fn written(sample: &Sample) -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    sample.write(dir.path());
    for entry in fs::read_dir(dir.path().join("charts")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "svg") {
            let svg = fs::read_to_string(&path).unwrap();
            markup::elements(&svg).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
    let json = fs::read_to_string(dir.path().join("report.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let kind = json["content"]["strategy"]["kind"].as_str().unwrap().to_owned();
    (fs::read_to_string(dir.path().join("report.html")).unwrap(), kind)
}

#[test]
fn known_attacks_stay_text() {
    let mut sample = Sample::alone(Plan::SHORT);
    fill(&mut sample, "plain");
    let expected = markup::tags(&written(&sample).0);
    for attack in [
        "</script><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</title></style><b>",
        "<!--<script>",
        "]]>&lt;script&gt;",
        "\u{0}\u{7}\u{2028}\u{202e}",
    ] {
        fill(&mut sample, attack);
        let (page, kind) = written(&sample);
        assert_eq!(markup::tags(&page), expected, "{attack}");
        assert_eq!(kind, attack, "nothing is lost for programs");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn no_text_changes_the_structure_of_a_page(text in "\\PC{1,40}", control in any::<char>()) {
        let mut sample = Sample::nothing();
        fill(&mut sample, "plain");
        let expected = markup::tags(&written(&sample).0);
        let text = format!("{text}{control}");
        fill(&mut sample, &text);
        let (page, kind) = written(&sample);
        prop_assert_eq!(markup::tags(&page), expected);
        prop_assert_eq!(kind, text);
    }
}
