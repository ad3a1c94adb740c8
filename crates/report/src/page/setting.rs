//! What it takes to make the report again: command, parameters, configuration, data.

use super::Page;
use crate::{Named, escape::html as text, figure};

pub(super) fn section(page: &Page<'_>) -> String {
    let facts = page.sources.facts;
    format!(
        "<section id=\"setting\" aria-labelledby=\"setting-title\">\n\
         <h2 id=\"setting-title\">Configuration and data</h2>\n<div class=\"stack\">\n\
         <div class=\"card inner\"><h3>Command</h3><pre tabindex=\"0\">{}</pre></div>\n{}{}\
         <div class=\"card inner\"><h3>Configuration in effect</h3>\
         <p class=\"small faint\">SHA-256 <code>{}</code></p><pre tabindex=\"0\">{}</pre></div>\n{}\
         </div>\n</section>\n",
        text(&facts.command_line),
        parameters(&facts.strategy.parameters),
        data(page),
        text(&facts.configuration.sha256),
        text(&facts.configuration.text),
        fingerprints(page),
    )
}

fn parameters(parameters: &[Named]) -> String {
    if parameters.is_empty() {
        return String::new();
    }
    let pairs: String = parameters
        .iter()
        .map(|one| format!("<div><dt>{}</dt><dd>{}</dd></div>", text(&one.name), text(&one.value)))
        .collect();
    format!(
        "<div class=\"card\"><div class=\"inner\" style=\"padding-bottom: 0\"><h3>Parameters</h3></div>\
         <dl class=\"pairs\">{pairs}</dl></div>\n"
    )
}

fn data(page: &Page<'_>) -> String {
    let facts = page.sources.facts;
    if facts.data.is_empty() {
        return "<div class=\"card\"><p class=\"none\">No data files were read.</p></div>\n"
            .to_owned();
    }
    let rows: String = facts
        .data
        .iter()
        .map(|one| {
            format!(
                "<tr><td>{}</td><td class=\"left\">{}</td><td class=\"left\"><code>{}</code></td></tr>",
                text(&one.name),
                text(&one.provenance),
                text(&one.sha256)
            )
        })
        .collect();
    let doubts = [facts.data_gaps.len(), facts.data_warnings.len()]
        .map(|count| figure::count(count.try_into().unwrap_or(u64::MAX)));
    format!(
        "<div class=\"card scroll\"><table class=\"wrap\"><caption>Data: {} gaps, {} warnings</caption>\
         <thead><tr><th scope=\"col\">Name</th><th scope=\"col\" class=\"left\">Where from</th>\
         <th scope=\"col\" class=\"left\">SHA-256</th></tr></thead><tbody>{rows}</tbody></table></div>\n",
        doubts[0], doubts[1]
    )
}

fn fingerprints(page: &Page<'_>) -> String {
    let tables = if page.tables {
        "<p class=\"small faint\">Beside this page: <code>report.json</code> with everything said \
         here, <code>trades.csv</code>, <code>equity.csv</code>, and the folder \
         <code>charts</code>.</p>"
    } else {
        "<p class=\"small faint\">Beside this page: <code>report.json</code> with everything said \
         here, and the folder <code>charts</code>.</p>"
    };
    format!(
        "<div class=\"card inner\"><h3>Fingerprints</h3>\
         <p class=\"small\"><span class=\"faint\">Content of this report</span><br><code>{}</code></p>\
         <p class=\"small\"><span class=\"faint\">Every order and fill</span><br><code>{}</code></p>\
         {tables}</div>\n",
        page.sha256,
        text(&page.content.run.commands_sha256)
    )
}
