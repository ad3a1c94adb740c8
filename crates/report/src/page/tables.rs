//! Costs, and all figures with what they mean.

use super::{Page, each};
use crate::{content::CostLine, figure, moment};

pub(super) fn costs(page: &Page<'_>) -> String {
    let costs = &page.content.costs;
    let biggest = costs.lines.iter().map(|line| line.amount.to_f64().abs()).fold(1e-18, f64::max);
    let rows: String = costs.lines.iter().map(|line| row(line, Some(biggest))).collect();
    let configured = each(&page.sources.facts.costs, |cost| {
        let (name, value) = (crate::escape::html(&cost.name), crate::escape::html(&cost.value));
        format!("<div><dt>{name}</dt><dd>{value}</dd></div>")
    });
    let configured = if configured.is_empty() {
        "<p class=\"none\">No costs are configured.</p>".to_owned()
    } else {
        format!("<dl class=\"pairs\">{configured}</dl>")
    };
    format!(
        "<section id=\"costs\" aria-labelledby=\"costs-title\">\n<h2 id=\"costs-title\">Costs</h2>\n\
         <div class=\"two\"><div class=\"card scroll\"><table class=\"costs\"><caption>What was paid; \
         what was received is negative. Traded {traded}, profit before costs {before}.</caption>\
         <thead><tr><th scope=\"col\">Cost</th><th scope=\"col\">Amount</th>\
         <th scope=\"col\">Of traded value</th><th scope=\"col\">Of profit before costs</th></tr>\
         </thead><tbody>{rows}{total}</tbody></table></div>\
         <div class=\"card\"><div class=\"inner\" style=\"padding-bottom: 0\"><h3>As configured</h3></div>\
         {configured}</div></div>\n</section>\n",
        traded = figure::money(costs.traded),
        before = figure::signed_money(costs.profit_before_costs),
        total = row(&costs.total, None),
    )
}

fn row(line: &CostLine, biggest: Option<f64>) -> String {
    let amount = line.amount.to_f64();
    let bar = biggest.filter(|_| amount != 0.0).map_or_else(String::new, |biggest| {
        let share = 100.0 * amount.abs() / biggest;
        let class = if amount < 0.0 { "bar got" } else { "bar" };
        format!("<span class=\"{class}\" style=\"width: {share:.1}%\"></span>")
    });
    let name = match line.name {
        "cash_in_lieu" => "Cash in lieu at splits".to_owned(),
        name => name[..1].to_uppercase() + &name[1..],
    };
    format!(
        "<tr{}><td>{name}{bar}</td><td title=\"{}\">{}</td><td>{}</td><td>{}</td></tr>",
        if biggest.is_none() { " class=\"sum\"" } else { "" },
        line.amount,
        figure::money(line.amount),
        figure::or_nothing(line.share_of_traded, figure::percent),
        figure::or_nothing(line.share_of_profit_before_costs, figure::percent),
    )
}

pub(super) fn figures(page: &Page<'_>) -> String {
    let one = page.content.performance;
    let run = &page.content.run;
    let ratio = |value: Option<f64>| figure::or_nothing(value, |value| figure::grouped(value, 2));
    let growth = |value: Option<f64>| figure::or_nothing(value, figure::signed_percent);
    let share = |value: Option<f64>| figure::or_nothing(value, figure::percent);
    let periods = u64::try_from(one.periods).unwrap_or(u64::MAX);
    let pairs = [
        ("Total return", growth(one.total_return)),
        ("Return a year", growth(one.annual_return)),
        ("Volatility a year", share(one.annual_volatility)),
        ("Sharpe ratio", ratio(one.sharpe)),
        ("Sortino ratio", ratio(one.sortino)),
        ("Calmar ratio", ratio(one.calmar)),
        ("Deepest drawdown", figure::percent(-one.max_drawdown)),
        ("Deepest drawdown, amount", figure::money(one.max_drawdown_amount)),
        ("Longest drawdown", moment::length(one.longest_drawdown_seconds)),
        ("Ulcer index", share(one.ulcer_index)),
        ("Worst return in 20 (value at risk)", growth(one.value_at_risk)),
        ("Tail ratio", ratio(one.tail_ratio)),
        ("Skewness", ratio(one.skewness)),
        ("Kurtosis (normal is 3)", ratio(one.kurtosis)),
        ("Time in the market", share(one.exposure)),
        ("Turnover a year, times equity", ratio(one.turnover)),
        ("Returns measured over", moment::length(one.period_seconds)),
        ("Returns", figure::count(periods)),
        ("Returns in a year", figure::grouped(one.periods_per_year, 0)),
        ("Opening equity", figure::money(run.opening_equity)),
        ("Closing equity", figure::money(run.closing_equity)),
        ("Cash at the end", figure::money(run.cash)),
        ("Realized profit before fees", figure::signed_money(run.realized_profit)),
        ("Profit on paper at the end", figure::signed_money(run.unrealized_profit)),
        ("Market events", figure::count(run.market_events)),
        ("Orders", figure::count(run.orders)),
        ("Fills", figure::count(run.fills)),
    ];
    let pairs = each(&pairs, |(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>"));
    format!(
        "<section id=\"figures\" aria-labelledby=\"figures-title\">\n\
         <h2 id=\"figures-title\">All figures</h2>\n<dl class=\"card pairs\">{pairs}</dl>\n</section>\n"
    )
}
