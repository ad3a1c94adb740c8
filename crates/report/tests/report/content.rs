//! `report.json`: its form, its fingerprint, and that the same input gives the same bytes.

use std::{collections::BTreeMap, fs, path::Path};

use boon::{Compiler, Schemas};
use domain::{Money, Timestamp};
use research::lookahead::Violation;
use serde_json::{Value, value::RawValue};
use sha2::{Digest as _, Sha256};

use crate::sample::{Plan, Sample};

/// Every file of a folder by its name below it.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in [dir.to_path_buf(), dir.join("charts")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn written(sample: &Sample) -> (BTreeMap<String, Vec<u8>>, String) {
    let dir = tempfile::tempdir().unwrap();
    let written = sample.write(dir.path());
    let files = files(dir.path());
    assert_eq!(written.files.len(), files.len(), "every file is told");
    (files, written.content_sha256)
}

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, first) = written(&Sample::new(Plan::SHORT));
    let (other, second) = written(&Sample::new(Plan::SHORT));
    assert_eq!(first, second);
    for (name, bytes) in &one {
        assert!(other.get(name) == Some(bytes), "{name} differs");
    }
}

#[test]
fn the_time_of_making_is_shown_but_not_part_of_the_fingerprint() {
    let mut sample = Sample::nothing();
    let (before, sha256) = written(&sample);
    sample.facts.generated_at = Some(Timestamp::from_millis(1_704_067_200_000));
    let (after, same) = written(&sample);
    assert_eq!(sha256, same);
    let differing: Vec<_> = before.keys().filter(|name| before[*name] != after[*name]).collect();
    assert_eq!(differing, ["report.html", "report.json"]);
    let text = String::from_utf8(after["report.json"].clone()).unwrap();
    assert!(text.contains("\"generated_at\": \"2024-01-01T00:00:00Z\""), "{text}");
    let page = String::from_utf8(after["report.html"].clone()).unwrap();
    assert!(page.contains("Made 2024-01-01 00:00 UTC."));
}

#[test]
fn any_other_fact_changes_the_fingerprint() {
    let mut sample = Sample::nothing();
    let (_, before) = written(&sample);
    sample.facts.trials += 1;
    let (_, more) = written(&sample);
    sample.outcome.snapshot.equity -= Money::from_atto(1);
    let (_, less) = written(&sample);
    assert!(before != more && more != less, "{before} {more} {less}");
}

#[test]
fn the_fingerprint_is_that_of_the_exact_text_of_the_content() {
    #[derive(serde::Deserialize)]
    struct Whole<'a> {
        content_sha256: String,
        #[serde(borrow)]
        content: &'a RawValue,
    }
    let (files, sha256) = written(&Sample::alone(Plan::SHORT));
    let text = std::str::from_utf8(&files["report.json"]).unwrap();
    let whole: Whole<'_> = serde_json::from_str(text).unwrap();
    assert_eq!(whole.content_sha256, sha256);
    assert_eq!(hex::encode(Sha256::digest(whole.content.get())), sha256);
    let page = std::str::from_utf8(&files["report.html"]).unwrap();
    assert!(page.contains(&sha256), "the page carries it too");
}

/// What the schema says against a report.
fn objections(report: &Value) -> Option<String> {
    let schema: Value = serde_json::from_str(&document("report.schema.json")).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let place = "https://localhost/report.schema.json";
    compiler.add_resource(place, schema).unwrap();
    let whole = compiler.compile(place, &mut schemas).unwrap();
    schemas.validate(report, whole).err().map(|error| error.to_string())
}

fn report(sample: &Sample) -> Value {
    serde_json::from_slice(&written(sample).0["report.json"]).unwrap()
}

#[test]
fn every_report_fits_its_schema() {
    let mut leaking = Sample::new(Plan::SHORT);
    leaking.facts.generated_at = Some(Timestamp::from_millis(1));
    leaking.facts.market = report::MarketSource::Recorded;
    let cut = Timestamp::from_millis(2);
    leaking.lookahead.as_mut().unwrap().violation =
        Some(Violation { cut, number: 1, whole: None, cut_short: None });
    assert!(!leaking.outcome.open_trips.is_empty(), "an open position is described too");
    let samples =
        [leaking, Sample::nothing(), Sample::alone(Plan::ONE_BAR), Sample::alone(Plan::RUIN)];
    for sample in samples {
        assert_eq!(objections(&report(&sample)), None);
    }
}

#[test]
fn the_schema_refuses_what_is_missing_unknown_or_of_another_kind() {
    let whole = report(&Sample::new(Plan::SHORT));
    let members: Vec<String> = whole["content"].as_object().unwrap().keys().cloned().collect();
    for member in members {
        let mut less = whole.clone();
        less["content"].as_object_mut().unwrap().remove(&member);
        assert!(objections(&less).is_some(), "{member} may be missing");
        let mut other = whole.clone();
        other["content"][&member] = serde_json::json!([true]);
        assert!(objections(&other).is_some(), "{member} may be anything");
    }
    for (place, value) in [
        ("/content/run/profit", serde_json::json!(1.5)),
        ("/content/run/from", serde_json::json!("yesterday")),
        ("/content/doubts/0/weight", serde_json::json!("mild")),
        ("/content/trades/0/side", serde_json::json!("up")),
        ("/content/performance", serde_json::json!({ "sharpe": 1 })),
    ] {
        let mut wrong = whole.clone();
        *wrong.pointer_mut(place).unwrap() = value;
        assert!(objections(&wrong).is_some(), "{place} may be anything");
    }
    let mut more = whole.clone();
    more["content"]["run"]["surprise"] = 1.into();
    assert!(objections(&more).is_some(), "unknown members pass");
}

/// The names of all members a schema knows.
fn members(schema: &Value, found: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        found.extend(properties.keys().cloned());
    }
    let inner: Vec<&Value> = match schema {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => return,
    };
    for one in inner {
        members(one, found);
    }
}

#[test]
fn the_description_names_every_member_file_and_doubt() {
    let text = document("report.md");
    let mut names = Vec::new();
    members(&serde_json::from_str(&document("report.schema.json")).unwrap(), &mut names);
    assert!(names.len() > 100, "{}", names.len());
    let files = ["report.html", "report.json", "trades.csv", "equity.csv", "charts/equity.svg"];
    names.extend(files.map(str::to_owned));
    let doubts = report(&Sample::new(Plan::SHORT))["content"]["doubts"].take();
    let ids = doubts.as_array().unwrap().iter().map(|doubt| doubt["id"].as_str().unwrap());
    names.extend(ids.map(str::to_owned));
    let missing: Vec<_> =
        names.iter().filter(|name| !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn amounts_add_up_exactly() {
    let content = Sample::new(Plan::SHORT).content();
    let money = |place: &str| -> Money {
        content.pointer(place).unwrap().as_str().unwrap().parse().unwrap()
    };
    let profit = money("/run/closing_equity") - money("/run/opening_equity");
    assert_eq!(money("/run/profit"), profit);
    let lines = content["costs"]["lines"].as_array().unwrap();
    let total: Money =
        lines.iter().map(|line| line["amount"].as_str().unwrap().parse::<Money>().unwrap()).sum();
    assert!(total > Money::ZERO, "the sample pays costs");
    assert_eq!(money("/costs/total/amount"), total);
    assert_eq!(money("/costs/profit_before_costs"), profit + total);
}

#[test]
fn a_long_list_of_trades_is_cut_and_says_by_how_much() {
    let mut sample = Sample::alone(Plan::SHORT);
    let trips = sample.outcome.round_trips.clone();
    sample.outcome.round_trips = trips.iter().cycle().take(1_203).copied().collect();
    sample.outcome.left_out.round_trips = 5;
    let dir = tempfile::tempdir().unwrap();
    sample.write(dir.path());
    let json = fs::read_to_string(dir.path().join("report.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["content"]["trades"].as_array().unwrap().len(), 1_000);
    assert_eq!(json["content"]["trades_left_out"], 208);
    let page = fs::read_to_string(dir.path().join("report.html")).unwrap();
    assert!(page.contains("The first 1,000 trades are listed, 208 more are not"));
}
