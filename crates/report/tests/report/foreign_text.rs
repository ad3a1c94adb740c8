//! Names and texts from outside never become markup, code or a formula, and none is lost.

use std::fs;

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

const ATTACKS: [&str; 7] = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></style><b>",
    "<!--<script>",
    "]]>&lt;script&gt;",
    "\u{0}\u{7}\u{2028}\u{202e}",
];

#[test]
fn known_attacks_stay_text_and_none_is_lost_for_programs() {
    let mut sample = Sample::alone(Plan { symbols: 1, ..Plan::SHORT });
    fill(&mut sample, "plain");
    let expected = markup::tags(&written(&sample).0);
    let all = ATTACKS.concat();
    fill(&mut sample, &all);
    let (page, kind) = written(&sample);
    assert_eq!(markup::tags(&page), expected, "the structure of the page is the same");
    assert_eq!(kind, all);
    assert!(!page.contains("alert(1)</script>") && !page.contains("<img"), "none is markup");
}

#[test]
fn an_attack_at_the_end_of_the_longest_name_stays_text() {
    let mut sample = Sample::nothing();
    let name = format!("{}{}", "\u{e9}&".repeat(200), ATTACKS[1]);
    fill(&mut sample, &name);
    let (page, kind) = written(&sample);
    assert!(!page.contains("<img"), "it is no markup");
    assert_eq!(kind, name);
}
