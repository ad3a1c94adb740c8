//! `data import`: files into the catalogue.

use std::{
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use history::{
    BarTime, Content, Format, ImportReport, IntakeSettings, Progress, ReadOptions, Target,
};
use serde::Serialize;

use super::{Failure, frames, not_imported};
use crate::{
    cli::{BarTimeArg, ContentArg, FormatArg, ImportArgs},
    output,
    report::summary::grouped,
};

/// A bar of progress is drawn at most this often.
const REDRAW: Duration = Duration::from_millis(200);
const BAR_WIDTH: u64 = 30;

pub(super) fn execute(arguments: &ImportArgs) -> Result<(), Failure> {
    let target = match &arguments.store.sqlite {
        Some(file) => Target::Sqlite(file.clone()),
        None => Target::Catalogue(arguments.store.data.clone()),
    };
    let settings = settings(arguments)?;
    let report = if arguments.format == FormatArg::Frames {
        frames::import(&arguments.files, target, settings)?
    } else {
        let options = options(arguments)?;
        let mut bar = ProgressBar::new(arguments.json);
        let import = history::import(&arguments.files, &options, target, settings, &mut |done| {
            bar.show(done);
        });
        bar.clear();
        import.map_err(not_imported)?
    };
    if arguments.json { Ok(output::json(&Imported::of(&report))?) } else { print(&report) }
}

fn settings(arguments: &ImportArgs) -> Result<IntakeSettings, Failure> {
    let assets = match arguments.assets.as_deref().map(|assets| assets.split_once('/')) {
        None => None,
        Some(Some((base, quote))) => Some((base.to_owned(), quote.to_owned())),
        Some(None) => return Err(usage("--assets is not of the form BASE/QUOTE")),
    };
    Ok(IntakeSettings {
        tick: arguments.tick,
        lot: arguments.lot,
        round: arguments.round,
        interval: arguments.interval,
        replace: arguments.replace,
        assets,
        source: arguments.source.clone(),
        licence: arguments.licence.clone(),
    })
}

fn options(arguments: &ImportArgs) -> Result<ReadOptions, Failure> {
    let content = arguments.content.ok_or_else(|| {
        usage("--as is missing: bars, trades, aggregate-trades, quotes, depth, funding or marks")
    })?;
    Ok(ReadOptions {
        format: format(arguments.format),
        venue: arguments.venue.clone(),
        market: arguments.market,
        symbol: arguments.symbol.clone(),
        interval: arguments.interval,
        zone: arguments.time_zone.clone(),
        day_first: arguments.day_first,
        bar_time: match arguments.bar_time {
            BarTimeArg::Open => BarTime::Open,
            BarTimeArg::Close => BarTime::Close,
        },
        delimiter: arguments.delimiter,
        header: arguments.header.clone(),
        columns: pairs("--column", &arguments.columns)?,
        filters: pairs("--filter", &arguments.filters)?,
        unsorted: arguments.unsorted,
        ..ReadOptions::new(contents(content))
    })
}

fn usage(text: &str) -> Failure {
    Failure::Usage(format!("error: {text}"))
}

fn pairs(flag: &str, texts: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let pair = |text: &String| {
        let (one, other) = text
            .split_once('=')
            .ok_or_else(|| usage(&format!("{flag} {text}: expected NAME=VALUE")))?;
        Ok((one.to_owned(), other.to_owned()))
    };
    texts.iter().map(pair).collect()
}

const fn contents(content: ContentArg) -> Content {
    match content {
        ContentArg::Bars => Content::Bars,
        ContentArg::Trades => Content::Trades,
        ContentArg::AggregateTrades => Content::AggregateTrades,
        ContentArg::Quotes => Content::Quotes,
        ContentArg::Depth => Content::Depth,
        ContentArg::Funding => Content::Funding,
        ContentArg::Marks => Content::Marks,
        ContentArg::Actions => Content::Actions,
    }
}

const fn format(format: FormatArg) -> Format {
    match format {
        FormatArg::Auto | FormatArg::Frames => Format::Auto,
        FormatArg::Csv => Format::Csv,
        FormatArg::Closes => Format::Closes,
        FormatArg::BinanceVision => Format::BinanceVision,
        FormatArg::BinanceRest => Format::BinanceRest,
        FormatArg::Coinbase => Format::Coinbase,
        FormatArg::Kraken => Format::Kraken,
        FormatArg::Tardis => Format::Tardis,
        FormatArg::Quantconnect => Format::QuantConnect,
    }
}

#[derive(Serialize)]
pub(super) struct Imported<'a> {
    series: Vec<ImportedSeries>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct ImportedSeries {
    instrument: String,
    kind: String,
    read: u64,
    added: u64,
    replaced: u64,
    known: u64,
}

impl<'a> Imported<'a> {
    pub(super) fn of(report: &'a ImportReport) -> Self {
        let series = report.series.iter().map(|one| ImportedSeries {
            instrument: one.series.instrument.to_string(),
            kind: one.series.kind.to_string(),
            read: one.read,
            added: one.added,
            replaced: one.replaced,
            known: one.known,
        });
        Self { series: series.collect(), notes: &report.notes }
    }
}

fn print(report: &ImportReport) -> Result<(), Failure> {
    Ok(output::text(&described(report))?)
}

/// What came of an import, for people.
pub(super) fn described(report: &ImportReport) -> String {
    let mut text = String::new();
    for one in &report.series {
        let name = one.series.to_string();
        let _ = write!(
            text,
            "{name:<44} {:>12} read  {:>12} new",
            grouped(one.read),
            grouped(one.added)
        );
        if one.replaced > 0 {
            let _ = write!(text, "  {:>12} replaced", grouped(one.replaced));
        }
        text.push('\n');
    }
    for note in &report.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

/// A line on the terminal that says how far an import is. On anything else there is none.
struct ProgressBar {
    shown: bool,
    wanted: bool,
    next: Instant,
}

impl ProgressBar {
    fn new(json: bool) -> Self {
        let wanted = !json && std::io::stderr().is_terminal();
        Self { shown: false, wanted, next: Instant::now() + REDRAW }
    }

    fn show(&mut self, progress: Progress) {
        if !self.wanted || Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + REDRAW;
        self.shown = true;
        let total = progress.total.max(1);
        let done = progress.done.min(total);
        let filled = usize::try_from(done * BAR_WIDTH / total).unwrap_or(0);
        let rest = usize::try_from(BAR_WIDTH).unwrap_or(0) - filled;
        let percent = done * 100 / total;
        let (filled, rest) = ("#".repeat(filled), ".".repeat(rest));
        // A terminal that cannot be written to needs no progress.
        let _ = write!(std::io::stderr(), "\r[{filled}{rest}] {percent:>3} %");
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r{:50}\r", "");
        }
    }
}
