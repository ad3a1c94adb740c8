//! The section that argues against the result, with the evidence beside each sentence.

use super::{Page, class, overall};
use crate::{
    content::SensitivityRow,
    doubt::{Doubt, Weight},
    escape::html as text,
    evidence::period_name,
    figure,
};

pub(super) fn section(page: &Page<'_>) -> String {
    let items: String =
        page.content.doubts.iter().map(|doubt| item(doubt, &evidence(page, doubt.id))).collect();
    format!(
        "<section id=\"doubts\" aria-labelledby=\"doubts-title\">\n\
         <h2 id=\"doubts-title\">Why you should not believe this</h2>\n<p>{}</p>\n\
         <div class=\"stack\">\n{}<div class=\"card\"><ul class=\"doubts\">\n{items}</ul></div>\n\
         </div>\n</section>\n",
        overall(page),
        sharpe(page)
    )
}

fn item(doubt: &Doubt, evidence: &str) -> String {
    let (class, mark) = match doubt.weight {
        Weight::Fine => ("fine", "\u{2713} fine"),
        Weight::Careful => ("careful", "? careful"),
        Weight::Against => ("against", "! against"),
    };
    format!(
        "<li><span class=\"weight {class}\">{mark}</span><div><h3>{}</h3>\
         <p class=\"says\">{}</p>{evidence}</div></li>\n",
        doubt.title,
        text(&doubt.verdict)
    )
}

/// Probabilities of the Sharpe ratio, and the track record.
fn sharpe(page: &Page<'_>) -> String {
    let evidence = &page.content.evidence;
    let chance = |value| figure::or_nothing(value, figure::probability);
    let target = figure::grouped(evidence.sharpe_target, 1);
    let trials = figure::counted(u64::from(evidence.trials), "trial", "trials");
    let period = period_name(evidence.period_seconds);
    let needed = figure::or_nothing(evidence.minimum_track_record_periods, |need| {
        figure::grouped(need.ceil(), 0)
    });
    let pairs = [
        (
            "Sharpe ratio found".to_owned(),
            figure::or_nothing(evidence.sharpe, |value| figure::grouped(value, 2)),
        ),
        ("Probability that it is above zero".to_owned(), chance(evidence.probability_above_zero)),
        (
            format!("Probability that it is above {target}"),
            chance(evidence.probability_above_target),
        ),
        (format!("Deflated for {trials}"), chance(evidence.deflated_sharpe)),
        (format!("Returns at hand, {period}"), figure::count(evidence.track_record_periods)),
        ("Returns needed for 95 % confidence".to_owned(), needed),
    ];
    let pairs: String = pairs
        .iter()
        .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>"))
        .collect();
    format!("<dl class=\"card pairs\">{pairs}</dl>\n")
}

fn evidence(page: &Page<'_>, id: &str) -> String {
    let (content, facts) = (page.content, page.sources.facts);
    match id {
        "costs" => table(&content.sensitivity.costs, "Costs", "costs x1"),
        "delay" => table(&content.sensitivity.delay, "Delay", ""),
        "fill_model" => list(&facts.fill_model),
        "data" => list(&[facts.data_gaps.clone(), facts.data_warnings.clone()].concat()),
        "lookahead" => lookahead(page),
        _ => String::new(),
    }
}

fn list(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines: String = lines.iter().map(|line| format!("<li>{}</li>", text(line))).collect();
    format!("<ul>{lines}</ul>")
}

fn lookahead(page: &Page<'_>) -> String {
    let Some(violation) = page.content.lookahead.as_ref().and_then(|one| one.violation.as_ref())
    else {
        return String::new();
    };
    let told = |decision: &Option<String>| decision.clone().unwrap_or_else(|| "none".to_owned());
    list(&[
        format!("With all data: {}", told(&violation.with_all_data)),
        format!("With the data cut: {}", told(&violation.with_data_cut)),
    ])
}

fn table(rows: &[SensitivityRow], what: &str, base: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rows: String = rows
        .iter()
        .map(|row| {
            let profit = row.profit.to_f64();
            format!(
                "<tr{}><td>{}</td><td class=\"{}\">{}</td><td>{}</td><td>{}</td><td>{}</td>\
                 <td>{}</td></tr>",
                if row.variant == base { " class=\"base\"" } else { "" },
                text(&row.variant).replace(" x", " \u{d7}"),
                class(profit),
                figure::signed(profit),
                figure::or_nothing(row.total_return, figure::signed_percent),
                figure::or_nothing(row.sharpe, |value| figure::grouped(value, 2)),
                figure::percent(-row.max_drawdown),
                figure::count(row.fills),
            )
        })
        .collect();
    format!(
        "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">{what}</th>\
         <th scope=\"col\">Profit</th><th scope=\"col\">Return</th><th scope=\"col\">Sharpe</th>\
         <th scope=\"col\">Drawdown</th><th scope=\"col\">Fills</th></tr></thead>\
         <tbody>{rows}</tbody></table></div>"
    )
}
