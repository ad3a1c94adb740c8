//! The page in a real browser: no error, no request, no overflow, and charts that react.

#![allow(clippy::unwrap_used, reason = "tests")]

mod browser_tools;
mod sample;

use browser_tools::{Browser, Page};
use domain::Span;
use sample::{Plan, Sample};

/// Writes a sample to a folder and opens it.
fn open(
    browser: &mut Browser,
    sample: &Sample,
    width: u32,
    dark: bool,
) -> (tempfile::TempDir, Page) {
    let dir = tempfile::tempdir().unwrap();
    report::write(
        dir.path(),
        &sample.outcome,
        &sample.facts,
        &sample.rows,
        sample.lookahead.as_ref(),
    )
    .unwrap();
    let page = browser.open(&dir.path().join("report.html"), width, dark);
    (dir, page)
}

fn samples() -> Vec<(&'static str, Sample)> {
    let usual = Plan::USUAL;
    let mut busy = Sample::new(Plan {
        bars: 250_000,
        slow: 8,
        interval: Span::from_secs(60),
        symbols: 1,
        ..usual
    });
    busy.facts.market = report::MarketSource::Recorded;
    vec![
        ("usual", Sample::new(usual)),
        ("no-trades", Sample::new(Plan { bars: 20, ..usual })),
        ("one-bar", Sample::new(Plan { bars: 1, symbols: 1, ..usual })),
        ("ruin", Sample::new(Plan { seed: 3, opening: 2_000, bars: 4_000, ..usual })),
        ("busy", busy),
    ]
}

#[test]
fn every_page_is_clean_at_every_width_in_light_and_dark() {
    let Some(mut browser) = Browser::start() else { return };
    let pictures = std::env::var_os("REPORT_PICTURES").map(std::path::PathBuf::from);
    for (name, sample) in samples() {
        for (width, dark) in [(1440, false), (1440, true), (768, false), (360, false), (360, true)]
        {
            let (_dir, mut page) = open(&mut browser, &sample, width, dark);
            let overflow = page.number("document.scrollingElement.scrollWidth");
            assert!(overflow <= f64::from(width), "{name} is {overflow} wide at {width}");
            let drawn =
                page.number("document.querySelectorAll('figure[data-chart] svg > *').length");
            assert!(drawn > 4.0, "{name} at {width}: {drawn} shapes");
            if let Some(folder) = &pictures {
                let theme = if dark { "dark" } else { "light" };
                page.picture(&folder.join(format!("{name}-{width}-{theme}.png")));
            }
            page.assert_clean(name);
        }
    }
}
