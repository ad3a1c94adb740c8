//! `data show`: an instrument and the ends of its series.

use std::{collections::VecDeque, fmt::Write as _, io};

use history::{InstrumentFile, Window, export::export};
use serde::Serialize;

use super::{Failure, Opened, failed, list::Row};
use crate::{cli::ShowArgs, output, report::summary::grouped};

pub(super) fn execute(arguments: &ShowArgs) -> Result<(), Failure> {
    let opened = Opened::open(&arguments.store)?;
    let instrument = opened.store().instrument(&arguments.instrument).map_err(failed)?;
    let mut series = Vec::new();
    let of_it = |one: &history::Listed| one.series.instrument == arguments.instrument;
    for listed in opened.list()?.into_iter().filter(of_it) {
        let mut ends = Ends::new(arguments.rows);
        export(opened.store(), &listed.series, Window::ALWAYS, &mut ends)
            .map_err(anyhow::Error::from)?;
        series.push(Shown { row: Row::of(&listed), ends: ends.finish() });
    }
    if arguments.json {
        return Ok(output::json(&Document { instrument, series })?);
    }
    Ok(output::text(&describe(&arguments.instrument.to_string(), &instrument, &series))?)
}

#[derive(Serialize)]
struct Document {
    instrument: InstrumentFile,
    series: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    row: Row,
    #[serde(flatten)]
    ends: Table,
}

#[derive(Serialize)]
struct Table {
    columns: String,
    first_rows: Vec<String>,
    last_rows: Vec<String>,
}

fn describe(name: &str, file: &InstrumentFile, series: &[Shown]) -> String {
    let spec = &file.spec;
    let stated = |stated: bool| if stated { "stated" } else { "the finest seen" };
    let mut text = format!("{name}\n");
    let _ = writeln!(text, "  assets   {} / {}", spec.base, spec.quote);
    let _ = writeln!(text, "  tick     {} ({})", spec.tick_size, stated(file.tick_stated));
    let _ = writeln!(text, "  lot      {} ({})", spec.lot_size, stated(file.lot_stated));
    for (label, words) in [("source", &file.source), ("licence", &file.licence)] {
        if let Some(words) = words {
            let _ = writeln!(text, "  {label:<8} {words}");
        }
    }
    for import in &file.imports {
        let _ = writeln!(
            text,
            "  import   {} {} as {} ({})",
            &import.sha256.get(..12).unwrap_or(&import.sha256),
            import.file,
            import.kind,
            import.format
        );
    }
    for one in series {
        let _ = writeln!(text, "\n{}: {} rows", one.row.kind, grouped(one.row.rows));
        let _ = writeln!(text, "  {}", one.ends.columns);
        for row in &one.ends.first_rows {
            let _ = writeln!(text, "  {row}");
        }
        if !one.ends.last_rows.is_empty() {
            text.push_str("  ...\n");
        }
        for row in &one.ends.last_rows {
            let _ = writeln!(text, "  {row}");
        }
    }
    text
}

/// Keeps the first and the last lines of a table that is written to it.
struct Ends {
    most: usize,
    line: Vec<u8>,
    columns: Option<String>,
    first: Vec<String>,
    last: VecDeque<String>,
}

impl Ends {
    fn new(most: usize) -> Self {
        let (first, last) = (Vec::new(), VecDeque::new());
        Self { most, line: Vec::new(), columns: None, first, last }
    }

    fn end_of_line(&mut self) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        if self.columns.is_none() {
            self.columns = Some(line);
        } else if self.first.len() < self.most {
            self.first.push(line);
        } else {
            self.last.push_back(line);
            if self.last.len() > self.most {
                self.last.pop_front();
            }
        }
    }

    fn finish(self) -> Table {
        Table {
            columns: self.columns.unwrap_or_default(),
            first_rows: self.first,
            last_rows: self.last.into(),
        }
    }
}

impl io::Write for Ends {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            if *byte == b'\n' {
                self.end_of_line();
            } else {
                self.line.push(*byte);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
