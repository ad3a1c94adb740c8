//! The files of a report: whole, self-contained, the same for the same input, honest.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "samples are small")]

mod sample;

use std::fs;

use sample::{Plan, Sample};

fn write(sample: &Sample) -> (tempfile::TempDir, report::Written) {
    let dir = tempfile::tempdir().unwrap();
    let Sample { outcome, facts, rows, lookahead, .. } = sample;
    let written = report::write(dir.path(), outcome, facts, rows, lookahead.as_ref()).unwrap();
    (dir, written)
}

fn samples() -> [(&'static str, Sample); 4] {
    let usual = Plan::USUAL;
    [
        ("usual", Sample::new(usual)),
        ("no trades", Sample::new(Plan { bars: 20, ..usual })),
        ("one bar", Sample::new(Plan { bars: 1, symbols: 1, ..usual })),
        ("ruin", Sample::new(Plan { seed: 3, opening: 2_000, bars: 1_500, ..usual })),
    ]
}

#[test]
fn a_page_asks_for_nothing_outside_of_itself_and_tells_its_doubts() {
    for (name, sample) in samples() {
        let (dir, _written) = write(&sample);
        let page = fs::read_to_string(dir.path().join("report.html")).unwrap();
        for outside in
            ["src=\"http", "href=\"http", "url(http", "@import", "rel=\"stylesheet", "fetch("]
        {
            assert!(!page.contains(outside), "{name} has {outside}");
        }
        assert!(page.contains("default-src 'none'"), "{name} forbids requests");
        assert!(page.contains("Why you should not believe this"), "{name}");
        assert!(page.contains("width=device-width"), "{name} is made for small screens too");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_whenever_it_is_made() {
    let mut sample = Sample::new(Plan::USUAL);
    sample.facts.generated_at = None;
    let (first, written) = write(&sample);
    sample.facts.generated_at = Some(domain::Timestamp::from_millis(1_700_000_000_000));
    let (second, again) = write(&sample);
    assert_eq!(written.content_sha256, again.content_sha256);
    for file in &written.files {
        let name = file.file_name().unwrap();
        if !file.starts_with(first.path().join("charts")) {
            continue;
        }
        let other = second.path().join("charts").join(name);
        assert_eq!(fs::read(file).unwrap(), fs::read(other).unwrap(), "{}", name.display());
    }
}

#[test]
fn report_json_is_complete_and_its_fingerprint_is_that_of_its_content() {
    for (name, sample) in samples() {
        let (dir, written) = write(&sample);
        let text = fs::read_to_string(dir.path().join("report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["content_sha256"], written.content_sha256.as_str(), "{name}");
        let content = report["content"].as_object().unwrap();
        for field in
            ["market", "strategy", "performance", "costs", "doubts", "sensitivity", "trades", "run"]
        {
            assert!(content.contains_key(field), "{name} has no {field}");
        }
    }
}

#[test]
fn charts_are_pictures_of_something() {
    let (dir, written) = write(&Sample::new(Plan::USUAL));
    let charts = written.files.iter().filter(|file| file.starts_with(dir.path().join("charts")));
    let mut pictures = 0;
    for file in charts {
        let bytes = fs::read(file).unwrap();
        if file.extension().is_some_and(|ending| ending == "png") {
            assert!(bytes.starts_with(b"\x89PNG"), "{}", file.display());
            let colours: std::collections::BTreeSet<u8> = bytes.iter().copied().collect();
            assert!(colours.len() > 100, "{} is blank", file.display());
        } else {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
            assert!(text.matches('<').count() > 20, "{} is blank", file.display());
        }
        pictures += 1;
    }
    assert!(pictures >= 10, "{pictures} pictures");
}

#[test]
fn the_short_form_fits_a_terminal() {
    for (name, sample) in samples() {
        let Sample { outcome, facts, rows, lookahead, .. } = &sample;
        let text = report::summary_text(outcome, facts, rows, lookahead.as_ref(), None);
        let wide = text.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{name}");
        assert!(text.is_ascii(), "{name} is plain text");
    }
}
