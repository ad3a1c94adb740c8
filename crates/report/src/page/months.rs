//! Returns by month as a heat map; the sign is in the text, the colour only helps.

use std::collections::BTreeMap;

use super::Page;
use crate::figure;

const NAMES: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(super) fn section(page: &Page<'_>) -> String {
    let months = &page.sources.outcome.months;
    let mut years: BTreeMap<i16, [Option<f64>; 12]> = BTreeMap::new();
    for month in months {
        let place = usize::try_from(month.month - 1).unwrap_or(0).min(11);
        years.entry(month.year).or_default()[place] = month.growth();
    }
    let growths = months.iter().filter_map(research::Month::growth);
    let strongest = growths.map(f64::abs).fold(1e-9, f64::max);
    let body = if years.is_empty() {
        "<p class=\"none\">Equity never changed, so there are no returns.</p>".to_owned()
    } else {
        let heads: String =
            NAMES.iter().map(|name| format!("<th scope=\"col\">{name}</th>")).collect();
        let rows: String =
            years.iter().map(|(year, row)| self::row(*year, row, strongest)).collect();
        format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Returns by month\">\
             <table class=\"months\"><thead><tr><th scope=\"col\"></th>{heads}\
             <th scope=\"col\">Year</th></tr></thead><tbody>{rows}</tbody></table></div>"
        )
    };
    format!(
        "<section id=\"months\" aria-labelledby=\"months-title\">\n\
         <h2 id=\"months-title\">Returns by month</h2>\n<div class=\"card\">{body}</div>\n\
         </section>\n"
    )
}

fn row(year: i16, months: &[Option<f64>; 12], strongest: f64) -> String {
    let cells: String = months
        .iter()
        .map(|growth| match growth {
            None => "<td></td>".to_owned(),
            Some(growth) => {
                let strength = 0.06 + 0.4 * (growth.abs() / strongest).clamp(0.0, 1.0);
                let color = if *growth < 0.0 { "bad" } else { "good" };
                format!(
                    "<td><span style=\"background: rgb(var(--{color}-rgb) / {strength:.2})\">{}\
                     </span></td>",
                    figure::signed_percent(*growth)
                )
            }
        })
        .collect();
    let whole = months.iter().flatten().fold(1.0, |worth, growth| worth * (1.0 + growth)) - 1.0;
    format!(
        "<tr><th scope=\"row\">{year}</th>{cells}<td class=\"year\"><span>{}</span></td></tr>",
        figure::signed_percent(whole)
    )
}
