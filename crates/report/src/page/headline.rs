//! The figures one looks at first, and right below them how far to believe them.

use super::{Page, class, overall};
use crate::{escape::html as text, figure, moment};

/// A history shorter than this makes yearly figures a guess.
const SHORT_SECONDS: f64 = 90.0 * 86_400.0;

pub(super) fn section(page: &Page<'_>) -> String {
    let (run, performance) = (&page.content.run, page.content.performance);
    let evidence = &page.content.evidence;
    let currency = text(run.currency.as_deref().unwrap_or(""));
    let profit = run.profit.to_f64();
    let total = figure::or_nothing(performance.total_return, figure::signed_percent);
    let hero = format!(
        "<div class=\"card hero\"><dt>Profit after all costs</dt>\
         <dd class=\"value {}\" title=\"{}\">{} {currency}</dd><dd class=\"note\">{total} on {} \
         {currency}</dd></div>\n",
        class(profit),
        run.profit,
        figure::signed_money(run.profit),
        figure::money(run.opening_equity),
    );
    let guess = if run.seconds < SHORT_SECONDS {
        format!("a guess from {}", moment::length(run.seconds))
    } else {
        format!("volatility {}", figure::or_nothing(performance.annual_volatility, figure::percent))
    };
    let target = figure::grouped(evidence.sharpe_target, 1);
    let chance = figure::or_nothing(evidence.probability_above_target, figure::probability);
    let trades = &performance.trades;
    let costs = &page.content.costs.total;
    let share = costs.share_of_profit_before_costs.map_or_else(
        || "no profit before costs".to_owned(),
        |share| format!("{} of profit before costs", figure::percent(share)),
    );
    let cards = [
        (
            "Return a year",
            figure::or_nothing(performance.annual_return, figure::signed_percent),
            guess,
        ),
        (
            "Sharpe ratio",
            figure::or_nothing(performance.sharpe, |value| figure::grouped(value, 2)),
            format!("target {target}; above it with {chance}"),
        ),
        (
            "Deepest drawdown",
            figure::percent(-performance.max_drawdown),
            format!("longest {}", moment::length(performance.longest_drawdown_seconds)),
        ),
        (
            "Finished trades",
            figure::count(trades.count),
            format!("{} won", figure::or_nothing(trades.win_rate, figure::percent)),
        ),
        ("Costs", format!("{} {currency}", figure::money(costs.amount)), share),
        (
            "Time in the market",
            figure::or_nothing(performance.exposure, figure::percent),
            open_positions(page),
        ),
    ];
    let cards: String = cards.iter().map(card).collect();
    format!(
        "<section aria-label=\"Headline figures\">\n<dl class=\"figures\">\n{hero}{cards}</dl>\n\
         <div class=\"card verdict\"><p><strong>{}</strong></p><a href=\"#doubts\">Why you should \
         not believe this</a></div>\n</section>\n",
        overall(page)
    )
}

fn card((name, value, note): &(&str, String, String)) -> String {
    format!(
        "<div class=\"card\"><dt>{name}</dt><dd class=\"value\">{value}</dd>\
         <dd class=\"note\">{note}</dd></div>\n"
    )
}

fn open_positions(page: &Page<'_>) -> String {
    match page.content.open_positions.len() {
        0 => "nothing open at the end".to_owned(),
        1 => "1 position open at the end".to_owned(),
        many => format!("{many} positions open at the end"),
    }
}
