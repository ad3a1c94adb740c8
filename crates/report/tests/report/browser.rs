//! The page in a real browser: no error, no request, no overflow, and charts and lists that react.

use crate::{
    browser_tools::{Browser, Page},
    sample::{Plan, Sample},
};

const ALL: [(u32, bool); 5] =
    [(1440, false), (1440, true), (768, false), (360, false), (360, true)];
const NARROW_AND_WIDE: [(u32, bool); 2] = [(360, false), (1440, true)];

/// A name, what to write, and the widths to look at, in light or dark.
type Case = (&'static str, Sample, &'static [(u32, bool)]);

fn samples() -> Vec<Case> {
    let mut busy = Sample::alone(Plan::BUSY);
    busy.facts.market = report::MarketSource::Recorded;
    vec![
        ("usual", Sample::new(Plan::SHORT), &ALL),
        ("nothing", Sample::nothing(), &NARROW_AND_WIDE),
        ("one-bar", Sample::new(Plan::ONE_BAR), &NARROW_AND_WIDE),
        ("ruin", Sample::alone(Plan::RUIN), &NARROW_AND_WIDE),
        ("busy", busy, &NARROW_AND_WIDE),
    ]
}

#[test]
fn every_page_is_clean_at_every_width_in_light_and_dark() {
    let Some(mut browser) = Browser::start() else { return };
    let pictures = std::env::var_os("REPORT_PICTURES").map(std::path::PathBuf::from);
    for (name, sample, views) in samples() {
        let dir = tempfile::tempdir().unwrap();
        sample.write(dir.path());
        for (width, dark) in views {
            let mut page = browser.open(&dir.path().join("report.html"), *width, *dark);
            let overflow = page.number("document.scrollingElement.scrollWidth");
            assert!(overflow <= f64::from(*width), "{name} is {overflow} wide at {width}");
            let drawn =
                page.number("document.querySelectorAll('figure[data-chart] svg > *').length");
            assert!(drawn > 4.0, "{name} at {width}: {drawn} shapes");
            if let Some(folder) = &pictures {
                let theme = if *dark { "dark" } else { "light" };
                page.picture(&folder.join(format!("{name}-{width}-{theme}.png")));
            }
            page.assert_clean(name);
        }
    }
}

const SHOWN: &str = "[...document.querySelectorAll('#trade-list tbody tr:not(.hidden)')]";

/// Profits in the order of the list.
fn profits(page: &mut Page) -> Vec<f64> {
    let found = page.value(&format!("{SHOWN}.map((row) => Number(row.cells[7].dataset.v))"));
    found.as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect()
}

#[test]
fn trades_are_sorted_and_filtered_and_charts_zoom_without_a_request() {
    let Some(mut browser) = Browser::start() else { return };
    let sample = Sample::alone(Plan::SHORT);
    let dir = tempfile::tempdir().unwrap();
    sample.write(dir.path());
    let mut page = browser.open(&dir.path().join("report.html"), 360, false);
    let trips = sample.outcome.round_trips.len();
    assert_eq!(profits(&mut page).len(), trips);

    page.value("document.querySelectorAll('#trade-list th button')[7].click()");
    let rising = profits(&mut page);
    assert!(rising.windows(2).all(|pair| pair[0] <= pair[1]), "{rising:?}");
    page.value("document.querySelectorAll('#trade-list th button')[7].click()");
    let falling = profits(&mut page);
    assert!(falling.windows(2).all(|pair| pair[0] >= pair[1]), "{falling:?}");

    let choose = |selector: &str, value: &str, event: &str| {
        format!(
            "(() => {{ const one = document.querySelector('{selector}'); one.value = '{value}'; \
             one.dispatchEvent(new Event('{event}')); }})()"
        )
    };
    page.value(&choose("#trade-kind", "won", "change"));
    let won = profits(&mut page);
    assert_eq!(won.len() as u64, sample.outcome.performance.trades.wins);
    assert!(won.iter().all(|profit| *profit > 0.0));
    page.value(&choose("#trade-text", "no such thing", "input"));
    assert_eq!(profits(&mut page).len(), 0);
    assert!(page.text("document.getElementById('trades-shown').textContent").starts_with("0 of"));

    let whole = page.text("document.getElementById('range').textContent");
    page.value("document.getElementById('zoom-in').click()");
    page.settle();
    let part = page.text("document.getElementById('range').textContent");
    assert_ne!(whole, part);
    page.value("document.getElementById('reset').click()");
    page.settle();
    assert_eq!(page.text("document.getElementById('range').textContent"), whole);

    let (left, top, width, height) = page.place("figure[data-chart=price] svg");
    let at = |share: f64| (left + share * width, top + height / 2.0);
    page.mouse("mouseMoved", at(0.3), 0);
    page.settle();
    let told = page.text("document.querySelector('figure[data-chart=price] output').textContent");
    assert!(told.contains(':'), "a time and a price: {told}");
    page.mouse("mousePressed", at(0.3), 1);
    page.mouse("mouseMoved", at(0.6), 1);
    page.mouse("mouseReleased", at(0.6), 0);
    page.settle();
    assert_ne!(page.text("document.getElementById('range').textContent"), whole, "dragging zooms");
    page.value("document.querySelector('figure[data-chart=price]').focus()");
    page.key("Escape");
    page.settle();
    assert_eq!(page.text("document.getElementById('range').textContent"), whole);
    page.assert_clean("interaction");
}
