//! How profits of trades are spread, the list of trades, and what was open at the end.

use std::fmt::Write as _;

use domain::{Money, Side};
use engine::performance::RoundTrip;

use super::{Page, class};
use crate::{
    content::{LISTED_TRADES, OpenPosition, Trade},
    escape::html as text,
    figure, moment,
};

pub(super) fn section(page: &Page<'_>) -> String {
    format!(
        "<section id=\"trades\" aria-labelledby=\"trades-title\">\n\
         <h2 id=\"trades-title\">Trades</h2>\n<div class=\"stack\">\n{}{}{}</div>\n</section>\n",
        overview(page),
        open_positions(page),
        list(page)
    )
}

fn overview(page: &Page<'_>) -> String {
    let trades = &page.content.performance.trades;
    let distribution = &page.content.trade_distribution;
    if distribution.bins.is_empty() {
        return "<div class=\"card\"><p class=\"none\">No trade was finished.</p></div>\n"
            .to_owned();
    }
    let money =
        |amount: Option<Money>| amount.map_or_else(|| figure::NOTHING.into(), figure::signed_money);
    let pairs = [
        ("Won, lost", format!("{}, {}", figure::count(trades.wins), figure::count(trades.losses))),
        ("Share won", figure::or_nothing(trades.win_rate, figure::percent)),
        ("Profit factor", figure::or_nothing(trades.profit_factor, |one| figure::grouped(one, 2))),
        ("Mean profit", figure::or_nothing(trades.expectancy, figure::signed)),
        ("Mean win", figure::or_nothing(trades.average_win, figure::signed)),
        ("Mean loss", figure::or_nothing(trades.average_loss, figure::signed)),
        ("Best", money(trades.best)),
        ("Worst", money(trades.worst)),
        ("Mean time held", figure::or_nothing(trades.average_holding_seconds, moment::length)),
    ];
    let pairs: String = pairs
        .iter()
        .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>"))
        .collect();
    let beyond = match (distribution.open_below, distribution.open_above) {
        (false, false) => "",
        _ => "<p class=\"small faint\">The outer bars also hold the few trades beyond them.</p>",
    };
    let left_out = page.sources.outcome.left_out.round_trips;
    let first = if left_out > 0 {
        format!(
            "<p class=\"small faint\">Of the first {} trades.</p>",
            figure::count(page.sources.outcome.round_trips.len().try_into().unwrap_or(u64::MAX))
        )
    } else {
        String::new()
    };
    format!(
        "<div class=\"two\"><div class=\"card inner\"><h3>Profit of each trade, after fees and \
         carry</h3><figure class=\"chart\" id=\"histogram\"><svg class=\"still\" \
         style=\"--height: 250px\" role=\"img\" aria-label=\"Histogram of profits\"></svg></figure>\
         {beyond}{first}</div><dl class=\"card pairs\">{pairs}</dl></div>\n"
    )
}

fn open_positions(page: &Page<'_>) -> String {
    if page.content.open_positions.is_empty() {
        return String::new();
    }
    let rows: String = page.content.open_positions.iter().map(open_row).collect();
    format!(
        "<div class=\"card scroll\"><table><caption>Positions open at the end, marked with dashed \
         lines in the charts</caption><thead><tr><th>Instrument</th><th class=\"left\">Strategy</th>\
         <th class=\"left\">Side</th><th>Opened</th><th>Held</th><th>Entry</th><th>On paper</th>\
         <th>Fees so far</th></tr></thead><tbody>{rows}</tbody></table></div>\n"
    )
}

fn open_row(open: &OpenPosition) -> String {
    let trade = &open.trade;
    let paper = open.unrealized_profit;
    format!(
        "<tr><td>{}</td><td class=\"left\">{}</td><td class=\"left\">{}</td><td>{}</td><td>{}</td>\
         <td>{}</td><td class=\"{}\">{}</td><td>{}</td></tr>",
        text(&trade.instrument),
        text(&trade.strategy),
        trade.side,
        text(&trade.opened.replace('T', " ").replace('Z', "")),
        text(&open.open_quantity),
        figure::or_nothing(trade.entry_price, figure::plain),
        class(paper.map_or(0.0, Money::to_f64)),
        paper.map_or_else(|| figure::NOTHING.to_owned(), figure::signed_money),
        figure::money(trade.fees),
    )
}

const COLUMNS: [(&str, &str); 11] = [
    ("Opened", ""),
    ("Closed", ""),
    ("Instrument", "left"),
    ("Side", "left"),
    ("Quantity", ""),
    ("Entry", ""),
    ("Exit", ""),
    ("Profit", ""),
    ("Return", ""),
    ("Fees", ""),
    ("Carry", ""),
];

fn list(page: &Page<'_>) -> String {
    let trips = &page.sources.outcome.round_trips;
    if trips.is_empty() {
        return String::new();
    }
    let heads: String = COLUMNS
        .iter()
        .map(|(name, class)| {
            format!(
                "<th scope=\"col\" class=\"{class}\"><button type=\"button\">{name}</button></th>"
            )
        })
        .collect();
    let trades = page.content.trades.iter().zip(trips).enumerate();
    let rows: String = trades.map(|(place, (trade, trip))| row(place, trade, trip)).collect();
    format!(
        "<div class=\"card\"><div class=\"filters\"><input id=\"trade-text\" type=\"search\" \
         placeholder=\"Instrument or strategy\" aria-label=\"Filter by instrument or strategy\">\
         <select id=\"trade-kind\" aria-label=\"Kind of trade\"><option value=\"all\">All</option>\
         <option value=\"won\">Won</option><option value=\"lost\">Lost</option>\
         <option value=\"long\">Long</option><option value=\"short\">Short</option>\
         <option value=\"liquidated\">Liquidated</option></select>\
         <output id=\"trades-shown\"></output></div>\
         <div class=\"scroll list\" tabindex=\"0\" role=\"region\" aria-label=\"Trades\">\
         <table id=\"trade-list\"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>\
         </div>\n{}",
        note(page)
    )
}

fn note(page: &Page<'_>) -> String {
    let left_out = page.content.trades_left_out;
    if left_out == 0 {
        return String::new();
    }
    let place = if page.tables {
        "all of them are in <code>trades.csv</code>"
    } else {
        "no table with all of them was written"
    };
    format!(
        "<p class=\"small faint\">The first {} trades are listed, {} more are not; {place}.</p>\n",
        figure::count(LISTED_TRADES.try_into().unwrap_or(u64::MAX)),
        figure::count(left_out)
    )
}

fn row(place: usize, trade: &Trade, trip: &RoundTrip) -> String {
    let profit = trade.profit.unwrap_or_default();
    let outcome = if profit > Money::ZERO {
        "won"
    } else if profit < Money::ZERO {
        "lost"
    } else {
        "even"
    };
    let forced = if trade.liquidated { " liquidated" } else { "" };
    let closed = trip.closed.unwrap_or(trip.opened);
    let mut out = format!(
        "<tr data-place=\"{place}\" data-name=\"{} {}\" data-kinds=\"{} {outcome}{forced}\" \
         data-from=\"{}\" data-to=\"{}\">",
        text(&trade.instrument),
        text(&trade.strategy),
        trade.side,
        trip.opened.as_millis(),
        closed.as_millis(),
    );
    let mut cell = |value: f64, shown: &str, class: &str| {
        // Writing to a string cannot fail.
        let _ = write!(out, "<td data-v=\"{value}\" class=\"{class}\">{shown}</td>");
    };
    let number = |value: Option<f64>| value.unwrap_or(f64::MIN);
    let opened = format!(
        "<button type=\"button\" class=\"time\" title=\"Show in the charts\">{}</button>",
        moment::minute(trip.opened)
    );
    cell(milliseconds(trip.opened), &opened, "");
    cell(milliseconds(closed), &moment::minute(closed), "");
    let side = format!("{}{}", trade.side, if trade.liquidated { ", by force" } else { "" });
    let instrument = text(&trade.instrument);
    let quantity: f64 = trade.quantity.parse().unwrap_or(0.0);
    cell(trip.instrument.index() as f64, &instrument, "left");
    cell(if trip.side == Side::Buy { 1.0 } else { 0.0 }, &side, "left");
    cell(quantity, &text(&trade.quantity), "");
    cell(number(trade.entry_price), &figure::or_nothing(trade.entry_price, figure::plain), "");
    cell(number(trade.exit_price), &figure::or_nothing(trade.exit_price, figure::plain), "");
    cell(profit.to_f64(), &figure::signed_money(profit), class(profit.to_f64()));
    let growth = figure::or_nothing(trade.return_on_entry, figure::signed_percent);
    cell(number(trade.return_on_entry), &growth, "");
    cell(trade.fees.to_f64(), &figure::money(trade.fees), "");
    cell(trade.carry.to_f64(), &figure::signed_money(trade.carry), "");
    out.push_str("</tr>\n");
    out
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds stay below 2^53")]
fn milliseconds(time: domain::Timestamp) -> f64 {
    time.as_millis() as f64
}
