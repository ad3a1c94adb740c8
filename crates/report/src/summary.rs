//! The report in a terminal: headline figures, costs, doubts and files in 80 columns of ASCII.

use std::fmt::Write as _;

use domain::Money;
use research::{Outcome, lookahead::LookaheadReport, sensitivity::Row};

use crate::{
    Facts, Sources, Written,
    content::Content,
    doubt::{self, Weight},
    figure, moment,
};

/// The widest line.
const COLUMNS: usize = 80;

/// What a person reads after a back-test. Every line fits 80 columns; `written` adds the files.
#[must_use]
pub fn summary_text(
    outcome: &Outcome,
    facts: &Facts,
    sensitivity: &[Row],
    lookahead: Option<&LookaheadReport>,
    written: Option<&Written>,
) -> String {
    let sources = Sources { outcome, facts, sensitivity, lookahead };
    let content = Content::new(&sources);
    let mut text = Text::default();
    if let Some(warning) = facts.market.warning() {
        text.wrapped("", &format!("*** {warning}: no evidence of anything ***"));
    }
    headline(&mut text, &sources, &content);
    costs(&mut text, &content);
    doubts(&mut text, &content);
    if let Some(written) = written {
        text.blank();
        text.line("Files");
        for file in &written.files {
            // A path is copied by people, so it is never broken.
            text.line(&format!("  {}", file.display()));
        }
        text.line(&format!("  content {}", written.content_sha256));
    }
    text.0
}

fn headline(text: &mut Text, sources: &Sources<'_>, content: &Content<'_>) {
    let (outcome, run) = (sources.outcome, &content.run);
    let performance = &outcome.performance;
    let span = outcome.span.map_or_else(
        || "no market event".to_owned(),
        |(first, last)| format!("{} to {} UTC", moment::minute(first), moment::minute(last)),
    );
    text.wrapped("", &format!("{}: {span}", sources.facts.strategy.kind));
    text.wrapped("", &run.instruments.join(", "));
    text.blank();
    let ratio = |value: f64| figure::grouped(value, 2);
    let currency = run.currency.as_deref().unwrap_or("");
    let amount = |amount: Money| format!("{} {currency}", figure::money(amount));
    let trades = &performance.trades;
    let target = figure::grouped(sources.facts.sharpe_target, 1);
    text.pair("Profit", &format!("{} {currency}", figure::signed_money(run.profit)));
    text.pair(
        "Equity",
        &format!("{} -> {}", amount(run.opening_equity), amount(run.closing_equity)),
    );
    text.pair("Return", &figure::or_nothing(performance.total_return, figure::signed_percent));
    text.pair(
        "Return a year",
        &figure::or_nothing(performance.annual_return, figure::signed_percent),
    );
    let sharpe = figure::or_nothing(performance.sharpe, ratio);
    text.pair("Sharpe ratio", &format!("{sharpe} (target {target}, no promise)"));
    text.pair("Deepest drawdown", &figure::percent(performance.max_drawdown));
    let won = figure::or_nothing(trades.win_rate, figure::percent);
    text.pair("Trades", &format!("{}, {won} won", figure::count(trades.count)));
    text.pair(
        "Open positions",
        &figure::count(outcome.open_trips.len().try_into().unwrap_or(u64::MAX)),
    );
}

fn costs(text: &mut Text, content: &Content<'_>) {
    text.blank();
    text.line("Costs                       amount    of traded    of profit before costs");
    let shown = content.costs.lines.iter().filter(|line| line.amount != Money::ZERO);
    for line in shown.chain([&content.costs.total]) {
        let traded = figure::or_nothing(line.share_of_traded, figure::percent);
        let profit = figure::or_nothing(line.share_of_profit_before_costs, figure::percent);
        let name = line.name.replace('_', " ");
        text.line(&format!(
            "  {name:<14}{:>18}{traded:>13}{profit:>18}",
            figure::money(line.amount)
        ));
    }
}

fn doubts(text: &mut Text, content: &Content<'_>) {
    text.blank();
    text.line("Why you should not believe this");
    text.wrapped("  ", &doubt::overall(&content.doubts));
    for doubt in &content.doubts {
        let mark = match doubt.weight {
            Weight::Fine => "  ok ",
            Weight::Careful => "  ?  ",
            Weight::Against => "  !! ",
        };
        text.wrapped(mark, &doubt.verdict);
    }
}

/// Lines of ASCII.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{}", figure::ascii(line).trim_end());
    }

    fn blank(&mut self) {
        self.0.push('\n');
    }

    fn pair(&mut self, name: &str, value: &str) {
        self.wrapped(&format!("  {name:<18}"), value);
    }

    /// Words in as many lines as it takes, the later ones indented like the first.
    fn wrapped(&mut self, prefix: &str, words: &str) {
        let indent = " ".repeat(prefix.chars().count());
        let room = COLUMNS - indent.len();
        let (mut line, mut length) = (prefix.to_owned(), 0);
        for word in words.split_whitespace().flat_map(|word| pieces(word, room)) {
            let size = word.chars().count();
            if length > 0 && length + 1 + size > room {
                self.line(&line);
                (line, length) = (indent.clone(), 0);
            }
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            line.push_str(&word);
            length += size;
        }
        self.line(&line);
    }
}

/// A word too long for a line is cut.
fn pieces(word: &str, room: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(room).map(|piece| piece.iter().collect()).collect()
}
