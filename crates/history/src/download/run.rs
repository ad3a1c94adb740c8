//! From an order to rows in the catalogue.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::{
    Day, DownloadError, Http, Limiter, Order, Surroundings,
    catalogued::complete,
    fetcher::{Fetcher, Found, Sink},
    ledger::Ledger,
    plan::{Batch, Piece, Proof, daily_files, plan},
    shelf::{Part, Shelf},
};
use crate::{
    catalogue::Catalogue,
    intake::{ImportReport, IntakeSettings, Target},
    place::Series,
    read::{Progress, import},
};

/// Where to and where from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The catalogue.
    pub data: PathBuf,
    /// The address that paths are below, without a slash at its end.
    pub base_url: String,
    /// The running day: it and the later ones are not over.
    pub today: Day,
    /// Keep files after they were taken into the catalogue.
    pub keep: bool,
}

/// How far a download is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many files or pages are to be fetched in all.
    Planned(usize),
    /// One is there; its name is told.
    Fetched(String),
    /// Files are taken into the catalogue, as a whole: this is not interrupted.
    Importing,
    /// They are in it.
    Imported,
}

/// Days that could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// The first one.
    pub first: Day,
    /// The last one.
    pub last: Day,
    /// Why.
    pub reason: String,
}

/// What came of a download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it fills.
    pub series: Series,
    /// Days that were asked for.
    pub days: usize,
    /// Of these, days that the catalogue had.
    pub known_days: usize,
    /// Files or pages that came.
    pub fetched: usize,
    /// Files or pages that an interrupted run had left.
    pub reused: usize,
    /// Requests made.
    pub requests: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Days that could not be had.
    pub absent: Vec<Absent>,
    /// What was taken into the catalogue.
    pub imported: ImportReport,
}

/// Carries out an order.
///
/// # Errors
/// [`DownloadError`]. What is complete then stays, and the next run carries on.
pub fn download(
    order: &Order,
    settings: &Settings,
    http: &mut dyn Http,
    around: &mut dyn Surroundings,
    watch: &mut dyn FnMut(Step),
) -> Result<Outcome, DownloadError> {
    order.check().map_err(DownloadError::Order)?;
    if order.first >= settings.today {
        let text = format!("the first day, {}, is not over yet", order.first);
        return Err(DownloadError::Order(text));
    }
    let series = order.series().map_err(DownloadError::Order)?;
    let catalogue = Catalogue::create(&settings.data)?;
    let shelf = Shelf::open(&settings.data)?;
    let ledger = Ledger::read(&shelf, &series)?;
    let known = complete(order, &series, &catalogue, &ledger)?;
    let over = |day: &Day| *day < settings.today;
    let missing: Vec<Day> =
        order.first.to(order.last).filter(|day| over(day) && !known.contains(day)).collect();
    let batches = plan(order, &missing).map_err(DownloadError::Order)?;
    watch(Step::Planned(batches.iter().map(Vec::len).sum()));
    let fetcher = Fetcher {
        base: &settings.base_url,
        http,
        around,
        limiter: Limiter::new(order.allowance()),
        requests: 0,
        bytes: 0,
    };
    let outcome = Outcome {
        series,
        days: order.first.to(order.last).count(),
        known_days: known.len(),
        fetched: 0,
        reused: 0,
        requests: 0,
        bytes: 0,
        absent: Vec::new(),
        imported: ImportReport::default(),
    };
    let mut run = Run { order, settings, shelf, ledger, fetcher, watch, outcome };
    for batch in batches {
        run.batch(batch)?;
    }
    if order.last >= settings.today {
        run.absent(settings.today.max(order.first), order.last, "it is not over yet".into());
    }
    run.finish()
}

struct Run<'a, 'b> {
    order: &'a Order,
    settings: &'a Settings,
    shelf: Shelf,
    ledger: Ledger,
    fetcher: Fetcher<'b>,
    watch: &'a mut dyn FnMut(Step),
    outcome: Outcome,
}

/// What a batch brought.
#[derive(Default)]
struct Brought {
    files: Vec<PathBuf>,
    /// Files without a row, which are not imported.
    empty: Vec<PathBuf>,
    days: BTreeSet<Day>,
}

impl Run<'_, '_> {
    /// Fetches the pieces of a batch, then imports them as a whole.
    fn batch(&mut self, batch: Batch) -> Result<(), DownloadError> {
        let wanted: Option<(Day, Day)> =
            batch.first().zip(batch.last()).map(|(first, last)| (first.first, last.last));
        let by_rows = batch.iter().any(|piece| matches!(piece.proof, Proof::Rows(_)));
        let mut brought = Brought::default();
        for piece in batch {
            self.piece(&piece, &mut brought)?;
        }
        if let Some((first, last)) = wanted.filter(|_| by_rows) {
            self.days_without_rows(first, last, &mut brought);
        }
        if !brought.files.is_empty() {
            self.import(&brought)?;
        }
        if !self.settings.keep {
            Shelf::clear(&brought.files)?;
            Shelf::clear(&brought.empty)?;
        }
        Ok(())
    }

    fn import(&mut self, brought: &Brought) -> Result<(), DownloadError> {
        if self.fetcher.around.stopped() {
            return Err(DownloadError::Stopped);
        }
        (self.watch)(Step::Importing);
        let target = Target::Catalogue(self.settings.data.clone());
        let intake =
            IntakeSettings { source: Some(self.fetcher.base.to_owned()), ..Default::default() };
        let mut unseen = |_: Progress| {};
        let report = import(&brought.files, &self.order.reading(), target, intake, &mut unseen)?;
        self.ledger.add(&self.shelf, brought.days.iter().copied())?;
        add(&mut self.outcome.imported, report);
        (self.watch)(Step::Imported);
        Ok(())
    }

    /// A listed instrument has rows every day, or the day is absent.
    fn days_without_rows(&mut self, first: Day, last: Day, brought: &mut Brought) {
        if !self.order.daily() {
            // A longer bar covers the days after its beginning.
            if !brought.days.is_empty() {
                brought.days.extend(first.to(last));
            }
            return;
        }
        let without: Vec<Day> = first.to(last).filter(|day| !brought.days.contains(day)).collect();
        for run in without.chunk_by(|one, next| one.next() == *next) {
            if let (Some(first), Some(last)) = (run.first(), run.last()) {
                self.absent(*first, *last, "the venue has no rows".into());
            }
        }
    }

    fn piece(&mut self, piece: &Piece, brought: &mut Brought) -> Result<(), DownloadError> {
        let path = self.shelf.path(&piece.file);
        if path.exists() {
            self.outcome.reused += 1;
            return self.bring(piece, path, brought);
        }
        let found = match &piece.proof {
            Proof::Checksum { .. } => self.file(piece)?,
            Proof::Rows(_) => self.page(piece)?,
        };
        if found == Found::There {
            self.outcome.fetched += 1;
            (self.watch)(Step::Fetched(name_of(&path)));
            return self.bring(piece, path, brought);
        }
        if piece.proof == (Proof::Checksum { divisible: true }) {
            // Monthly files are published some days after the month.
            let days: Vec<Day> = piece.first.to(piece.last).collect();
            for daily in daily_files(self.order, &days) {
                self.piece(&daily, brought)?;
            }
            return Ok(());
        }
        (self.watch)(Step::Fetched(name_of(&path)));
        let reason = format!("{} is not there (404)", self.fetcher.url(&piece.address));
        self.absent(piece.first, piece.last, reason);
        Ok(())
    }

    /// Puts a complete file to those that are imported.
    fn bring(
        &self,
        piece: &Piece,
        path: PathBuf,
        brought: &mut Brought,
    ) -> Result<(), DownloadError> {
        let Proof::Rows(page) = &piece.proof else {
            brought.days.extend(piece.first.to(piece.last));
            brought.files.push(path);
            return Ok(());
        };
        let kept = fs::read(&path).map_err(|error| DownloadError::disk(&path, error))?;
        let days = page.days(&kept).map_err(|reason| self.unreadable(piece, reason))?;
        let place = if days.is_empty() { &mut brought.empty } else { &mut brought.files };
        place.push(path);
        brought.days.extend(days.into_keys());
        Ok(())
    }

    /// A file of an archive, which is what its checksum says or is deleted.
    fn file(&mut self, piece: &Piece) -> Result<Found, DownloadError> {
        let mut sum = Vec::new();
        let address = format!("{}.CHECKSUM", piece.address);
        if self.fetcher.get(&address, piece.weight, &mut sum)? == Found::NotThere {
            return Ok(Found::NotThere);
        }
        let expected = checksum(&sum).ok_or_else(|| DownloadError::Unreadable {
            url: self.fetcher.url(&address),
            reason: "it does not begin with a SHA-256".into(),
        })?;
        let mut writing = Writing { shelf: &self.shelf, file: &piece.file, part: None };
        if self.fetcher.get(&piece.address, piece.weight, &mut writing)? == Found::NotThere {
            return Ok(Found::NotThere);
        }
        let Some(part) = writing.part.take() else { return Ok(Found::NotThere) };
        let found = part.sha256();
        if found != expected {
            let url = self.fetcher.url(&piece.address);
            return Err(DownloadError::Checksum { url, expected, found });
        }
        part.finish()?;
        Ok(Found::There)
    }

    fn page(&mut self, piece: &Piece) -> Result<Found, DownloadError> {
        let Proof::Rows(page) = &piece.proof else { return Ok(Found::NotThere) };
        let mut body = Vec::new();
        let found = self.fetcher.get(&piece.address, piece.weight, &mut body)?;
        if found == Found::There {
            let kept = page.kept(&body).and_then(|kept| page.days(&kept).map(|_| kept));
            let kept = kept.map_err(|reason| self.unreadable(piece, reason))?;
            self.shelf.put(&piece.file, &kept)?;
        }
        Ok(found)
    }

    fn unreadable(&self, piece: &Piece, reason: String) -> DownloadError {
        DownloadError::Unreadable { url: self.fetcher.url(&piece.address), reason }
    }

    fn absent(&mut self, first: Day, last: Day, reason: String) {
        self.outcome.absent.push(Absent { first, last, reason });
    }

    fn finish(mut self) -> Result<Outcome, DownloadError> {
        self.outcome.requests = self.fetcher.requests;
        self.outcome.bytes = self.fetcher.bytes;
        let nothing = self.outcome.known_days == 0 && self.outcome.imported.series.is_empty();
        match self.outcome.absent.first() {
            Some(absent) if nothing => {
                let text = format!("{} to {}: {}", absent.first, absent.last, absent.reason);
                Err(DownloadError::NothingFound(text))
            }
            _ => Ok(self.outcome),
        }
    }
}

/// Writes an answer into a file that has no name yet.
struct Writing<'a> {
    shelf: &'a Shelf,
    file: &'a Path,
    part: Option<Part>,
}

impl Sink for Writing<'_> {
    fn restart(&mut self) -> Result<(), DownloadError> {
        // The old one is deleted before the new one is made: they have one name.
        self.part = None;
        self.part = Some(self.shelf.part(self.file)?);
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        self.part.as_mut().map_or(Ok(()), |part| part.write(bytes))
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The SHA-256 at the beginning of a checksum file.
fn checksum(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let sum = text.split_whitespace().next()?.to_lowercase();
    (sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(sum)
}

/// Adds the counts of one import to those of the others.
fn add(total: &mut ImportReport, report: ImportReport) {
    for one in report.series {
        match total.series.iter_mut().find(|sum| sum.series == one.series) {
            Some(sum) => {
                sum.read += one.read;
                sum.added += one.added;
                sum.replaced += one.replaced;
                sum.known += one.known;
            }
            None => total.series.push(one),
        }
    }
    for note in report.notes {
        if !total.notes.contains(&note) {
            total.notes.push(note);
        }
    }
}
