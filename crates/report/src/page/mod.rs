//! `report.html`: one file for people, with everything inside and nothing fetched.
//!
//! All text is written here, so that it is there without scripts; scripts add charts that zoom and
//! a list of trades that can be sorted. What is said comes from [`Content`].

mod chart_data;
mod doubts;
mod headline;
mod months;
mod setting;
mod tables;
mod trades;

use crate::{MarketSource, Sources, content::Content, doubt, escape::html as text, figure, moment};

/// Everything a section may show.
#[derive(Clone, Copy)]
struct Page<'a> {
    sources: &'a Sources<'a>,
    content: &'a Content<'a>,
    sha256: &'a str,
    /// Whether `trades.csv` and `equity.csv` are beside the page.
    tables: bool,
}

const STYLE: &str = include_str!("assets/style.css");
const DARK: &str = include_str!("assets/dark.css");
const THEME: &str = include_str!("assets/theme.js");
const CHARTS: &str = include_str!("assets/charts.js");
const TRADES: &str = include_str!("assets/trades.js");
/// Nothing may be loaded from anywhere; what is inside may run.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      img-src data:";

pub(crate) fn html(
    sources: &Sources<'_>,
    content: &Content<'_>,
    sha256: &str,
    tables: bool,
) -> String {
    let page = Page { sources, content, sha256, tables };
    let facts = sources.facts;
    let dark = format!(
        "@media (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{ {DARK} }} }}\n\
         :root[data-theme=dark] {{ {DARK} }}"
    );
    let style = STYLE.replace("/*dark*/", &dark);
    let warning = facts.market.warning().map(|text| format!("{text}: ")).unwrap_or_default();
    let title = text(&format!("{warning}{} back-test", facts.strategy.kind));
    let data = chart_data::json(sources, content);
    let sections = [
        headline::section(&page),
        charts(&page),
        doubts::section(&page),
        months::section(&page),
        trades::section(&page),
        tables::costs(&page),
        tables::figures(&page),
        setting::section(&page),
    ]
    .concat();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n\
         {banner}{header}{nav}<main>\n{sections}</main>\n{footer}\
         <script type=\"application/json\" id=\"chart-data\">{data}</script>\n\
         <script>\n{THEME}{CHARTS}{TRADES}</script>\n</body>\n</html>\n",
        banner = banner(&facts.market),
        header = header(&page),
        nav = NAVIGATION,
        footer = footer(&page),
    )
}

fn banner(market: &MarketSource) -> String {
    let MarketSource::Synthetic { seed, model } = market else { return String::new() };
    format!(
        "<div class=\"banner\" role=\"note\"><p><strong>SYNTHETIC MARKET</strong> Seed {seed}. \
         These prices were made up: the result says nothing about any real market. {}</p></div>\n",
        text(model)
    )
}

const NAVIGATION: &str = "<nav aria-label=\"Sections\"><ul>\
    <li><a href=\"#charts\">Charts</a></li>\
    <li><a href=\"#doubts\">Doubts</a></li>\
    <li><a href=\"#months\">Months</a></li>\
    <li><a href=\"#trades\">Trades</a></li>\
    <li><a href=\"#costs\">Costs</a></li>\
    <li><a href=\"#figures\">Figures</a></li>\
    <li><a href=\"#setting\">Configuration and data</a></li>\
    </ul></nav>\n";

fn header(page: &Page<'_>) -> String {
    let (facts, outcome) = (page.sources.facts, page.sources.outcome);
    let span = outcome.span.map_or_else(
        || "no market event".to_owned(),
        |(first, last)| {
            let length = moment::length(last.since(first).as_secs_f64());
            format!("{} to {} UTC ({length})", moment::minute(first), moment::minute(last))
        },
    );
    let names = &page.content.run.instruments;
    let instruments = match names.len() {
        0..=6 => names.join(", "),
        more => format!("{} and {} more", names[..5].join(", "), more - 5),
    };
    let market = match &facts.market {
        MarketSource::Synthetic { seed, .. } => format!("synthetic market, seed {seed}"),
        MarketSource::Recorded => "recorded market".to_owned(),
    };
    let parts = [instruments, span, market, facts.program.clone()];
    let parts: String = parts.iter().map(|part| format!("<span>{}</span>", text(part))).collect();
    format!(
        "<header>\n<div class=\"title\"><h1>{}</h1>\
         <button id=\"theme\" type=\"button\" hidden>Dark theme</button></div>\n\
         <div class=\"meta\">{parts}</div>\n</header>\n",
        text(&facts.strategy.kind)
    )
}

fn footer(page: &Page<'_>) -> String {
    let made = page
        .sources
        .facts
        .generated_at
        .map(|time| format!(" Made {} UTC.", moment::minute(time)))
        .unwrap_or_default();
    format!(
        "<footer><p>A back-test is a calculation about the past. It promises no profit and is no \
         advice.</p><p>{} Content <code>{}</code>.{made}</p></footer>\n",
        text(&page.sources.facts.program),
        page.sha256
    )
}

fn charts(page: &Page<'_>) -> String {
    let outcome = page.sources.outcome;
    let mut out = String::from(
        "<section id=\"charts\" aria-labelledby=\"charts-title\">\n<h2 id=\"charts-title\">Charts</h2>\n\
         <div class=\"toolbar\">\
         <button id=\"zoom-in\" type=\"button\" aria-label=\"Zoom in\">+</button>\
         <button id=\"zoom-out\" type=\"button\" aria-label=\"Zoom out\">\u{2212}</button>\
         <button id=\"earlier\" type=\"button\" aria-label=\"Earlier\">\u{2190}</button>\
         <button id=\"later\" type=\"button\" aria-label=\"Later\">\u{2192}</button>\
         <button id=\"reset\" type=\"button\">Reset</button>\
         <span class=\"range\" id=\"range\"></span></div>\n\
         <noscript><p class=\"faint\">Charts need scripts; the same pictures are in the folder \
         charts.</p></noscript>\n<div class=\"card charts\">\n",
    );
    out.push_str(&chart("equity", 0, "Equity", 300));
    out.push_str(&chart("drawdown", 0, "Drawdown, below the highest equity so far", 150));
    for instrument in outcome.instruments.iter() {
        let title = format!("{instrument} price");
        out.push_str(&chart("price", instrument.id().index(), &title, 340));
    }
    out.push_str(&chart("exposure", 0, "Exposure, worth of all positions over equity", 150));
    out.push_str("</div>\n");
    out.push_str(KEY);
    let shown = outcome.markers.len().min(chart_data::FILLS);
    let fills = page.content.run.fills;
    if u64::try_from(shown).unwrap_or(u64::MAX) < fills {
        let (shown, fills) =
            (figure::count(shown.try_into().unwrap_or(u64::MAX)), figure::count(fills));
        out.push_str(&format!(
            "<p class=\"small faint\">The first {shown} of {fills} fills are marked.</p>\n"
        ));
    }
    out.push_str("</section>\n");
    out
}

const KEY: &str = "<p class=\"key\">\
    <span><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path d=\"M6 1L11 11H1Z\" \
    fill=\"var(--good)\"/></svg>buy to open</span>\
    <span><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path d=\"M6 10.5L1.5 1.5H10.5Z\" \
    fill=\"none\" stroke=\"var(--bad)\" stroke-width=\"1.4\"/></svg>sell to close</span>\
    <span><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path d=\"M6 11L1 1H11Z\" \
    fill=\"var(--bad)\"/></svg>sell to open</span>\
    <span><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path d=\"M6 1.5L10.5 10.5H1.5Z\" \
    fill=\"none\" stroke=\"var(--good)\" stroke-width=\"1.4\"/></svg>buy to close</span>\
    <span>Drag to zoom; click, then wheel or + \u{2212} \u{2190} \u{2192}; on a touch screen pinch; \
    double click to reset.</span></p>\n";

fn chart(kind: &str, index: usize, title: &str, height: u32) -> String {
    let title = text(title);
    format!(
        "<figure class=\"chart\" data-chart=\"{kind}\" data-index=\"{index}\" tabindex=\"0\" \
         aria-label=\"{title}\"><figcaption><h3>{title}</h3><output></output></figcaption>\
         <svg style=\"--height: {height}px\" role=\"img\" aria-label=\"{title}\"></svg></figure>\n"
    )
}

/// The sentence of the top, for tests too.
fn overall(page: &Page<'_>) -> String {
    doubt::overall(&page.content.doubts)
}

/// `good` for gains, `bad` for losses.
fn class(value: f64) -> &'static str {
    if value > 0.0 {
        "good"
    } else if value < 0.0 {
        "bad"
    } else {
        ""
    }
}
