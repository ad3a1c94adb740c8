//! The end of an import: lengths of bars and decimals are settled, files are written, and
//! everything is moved into place at once.

use std::{collections::BTreeMap, fs, path::PathBuf};

use domain::{Price, Qty};

use super::{
    Arrivals, Collected, ImportReport, ImportedSeries, Intake, Tally, Target, Terms,
    merge::merge_period,
};
use crate::{
    error::ImportError,
    instrument_file::{self, ImportedFile, InstrumentFile, plain_spec},
    kind::{Interval, Kind, Meaning},
    part::{PartReader, Scales},
    place::{InstrumentKey, Period, Series},
    sqlite,
};

/// Distances that bars have anywhere.
const USUAL_SECONDS: [u32; 20] = [
    1, 5, 10, 15, 30, 60, 180, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800, 43_200,
    86_400, 259_200, 604_800,
];

impl Intake {
    /// Completes the import: all of it, or on an error nothing.
    ///
    /// # Errors
    /// [`ImportError::Conflict`] when rows contradict each other or the catalogue,
    /// [`ImportError::Unstated`] when the length of bars cannot be told,
    /// [`ImportError::Write`].
    pub fn commit(mut self) -> Result<ImportReport, ImportError> {
        let mut all: BTreeMap<InstrumentKey, Vec<Collected>> = BTreeMap::new();
        for mut collected in std::mem::take(&mut self.collected) {
            if collected.spool.rows() == 0 {
                continue;
            }
            settle_interval(&mut collected)?;
            let of_instrument = all.entry(collected.series.instrument.clone()).or_default();
            if of_instrument.iter().any(|other| other.series == collected.series) {
                let reason = "some of its bars state their length and others do not";
                return Err(ImportError::unstated(&collected.series, reason));
            }
            of_instrument.push(collected);
        }
        let mut report = ImportReport { series: Vec::new(), notes: self.notes.clone() };
        match self.target.clone() {
            Target::Catalogue(_) => {
                for (key, collected) in all {
                    self.write_instrument(&key, collected, &mut report)?;
                }
                self.staging.commit()?;
            }
            Target::Sqlite(file) => {
                let files = self.files();
                sqlite::store(&file, all, &files, &self, &mut report)?;
                let dir = self.catalogue.dir().to_owned();
                drop(self.staging);
                fs::remove_dir_all(&dir).map_err(|error| ImportError::write(&dir, error))?;
            }
        }
        Ok(report)
    }

    fn files(&self) -> Vec<PathBuf> {
        self.sources.iter().map(|source| source.path.clone()).collect()
    }

    /// Settles the decimals of an instrument's prices and quantities.
    pub(crate) fn scales(
        key: &InstrumentKey,
        known: Scales,
        collected: &[Collected],
    ) -> Result<Scales, ImportError> {
        let scales = collected.iter().fold(known, |most, one| Scales {
            price: most.price.max(one.scales.price),
            quantity: most.quantity.max(one.scales.quantity),
        });
        if scales.price + scales.quantity > 18 {
            let reason = format!(
                "prices have {} decimals and quantities {}, more than 18 together; \
                 state --round, with --tick or --lot where they are known",
                scales.price, scales.quantity
            );
            return Err(ImportError::unstated(key, reason));
        }
        Ok(scales)
    }

    fn write_instrument(
        &mut self,
        key: &InstrumentKey,
        collected: Vec<Collected>,
        report: &mut ImportReport,
    ) -> Result<(), ImportError> {
        let known = self.catalogue.scales(key)?;
        let scales = Self::scales(key, known, &collected)?;
        let steps = collected[0].steps;
        let before = self.known.get(key).cloned().flatten();
        let mut facts = self.facts_of(key, before, &collected, scales)?;
        let files = self.files();
        let mut all: BTreeMap<Series, Option<Collected>> = BTreeMap::new();
        for series in self.catalogue.all_series()? {
            if series.instrument == *key && has_steps(series.kind) && known != scales {
                all.insert(series, None);
            }
        }
        for one in collected {
            all.insert(one.series.clone(), Some(one));
        }
        for (series, collected) in all {
            let (read, sources, sorted) = match collected {
                Some(one) => (one.spool.rows(), one.sources, Some(one.spool.finish()?)),
                None => (0, Vec::new(), None),
            };
            let terms =
                Terms { kind: series.kind, scales, replace: self.settings.replace, files: &files };
            let mut arrivals = Arrivals::new(terms, sorted)?;
            let mut tally = self.write_series(&series, &mut arrivals, &steps)?;
            tally.known += arrivals.twice;
            tally.replaced += arrivals.replaced;
            if read == 0 {
                continue;
            }
            if tally.changed() {
                self.record(&mut facts, &sources, &series, read);
            }
            let Tally { added, replaced, known } = tally;
            report.series.push(ImportedSeries { series, read, added, replaced, known });
        }
        self.write_facts(key, &facts)
    }

    fn write_series(
        &mut self,
        series: &Series,
        arrivals: &mut Arrivals<'_>,
        steps: &super::Steps,
    ) -> Result<Tally, ImportError> {
        let mut there = self.catalogue.parts(series)?.into_iter().peekable();
        let mut sum = Tally::default();
        loop {
            let next: Option<Period> =
                match (there.peek().map(|part| part.period), arrivals.period()) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            let Some(period) = next else { return Ok(sum) };
            let part = there.next_if(|part| part.period == period);
            let path = part.as_ref().map(|part| part.path.as_path());
            let arriving = arrivals.period() == Some(period);
            let scales = arrivals.terms().scales;
            let rewritten = match path {
                Some(path) if has_steps(series.kind) => {
                    PartReader::open(path, series.kind)?.scales() != scales
                }
                _ => false,
            };
            if !arriving && !rewritten {
                continue;
            }
            let file = series.file(period);
            let place = self.staging.place(&file);
            let tally = merge_period(path, arrivals, period, steps, &place)?;
            if tally.changed() || rewritten {
                self.staging.keep(file);
            }
            sum.added += tally.added;
            sum.replaced += tally.replaced;
            sum.known += tally.known;
        }
    }

    fn imported(&self, source: usize, series: &Series, rows: u64) -> ImportedFile {
        let source = &self.sources[source];
        let name = source.path.file_name().map(|name| name.to_string_lossy().into_owned());
        ImportedFile {
            file: name.unwrap_or_default(),
            sha256: source.sha256.clone(),
            kind: series.kind.to_string(),
            format: source.format.clone(),
            rows,
            notes: self.notes.clone(),
        }
    }

    /// Notes in an instrument's file what a series was made from.
    pub(crate) fn record(
        &self,
        file: &mut InstrumentFile,
        sources: &[usize],
        series: &Series,
        rows: u64,
    ) {
        for one in sources.iter().map(|at| self.imported(*at, series, rows)) {
            let same =
                |other: &ImportedFile| (&other.sha256, &other.kind) == (&one.sha256, &one.kind);
            if !file.imports.iter().any(same) {
                file.imports.push(one);
            }
        }
    }

    /// Whether the newer one of two contradicting rows is taken.
    pub(crate) const fn replaces(&self) -> bool {
        self.settings.replace
    }

    /// What is known about an instrument after this import, from what was known before.
    pub(crate) fn facts_of(
        &self,
        key: &InstrumentKey,
        before: Option<InstrumentFile>,
        collected: &[Collected],
        scales: Scales,
    ) -> Result<InstrumentFile, ImportError> {
        let steps = &collected[0].steps;
        let (tick, lot) = steps.sizes(scales);
        let number = |error: domain::NumberError| ImportError::unstated(key, error);
        let (tick, lot) = (Price::new(tick).map_err(number)?, Qty::new(lot).map_err(number)?);
        let mut file = before.unwrap_or_else(|| InstrumentFile {
            spec: plain_spec(key, tick, lot),
            tick_stated: false,
            lot_stated: false,
            source: None,
            licence: None,
            imports: Vec::new(),
        });
        if let Some(facts) = self.facts.get(key) {
            file.spec = facts.clone();
        }
        file.spec.tick_size = tick;
        file.spec.lot_size = lot;
        file.tick_stated |= steps.tick_stated();
        file.lot_stated |= steps.lot_stated();
        if let Some((base, quote)) = &self.settings.assets {
            (file.spec.base, file.spec.quote) = (base.clone(), quote.clone());
        }
        file.source = self.settings.source.clone().or(file.source);
        file.licence = self.settings.licence.clone().or(file.licence);
        Ok(file)
    }

    /// Puts an instrument's file aside, if it says something new.
    fn write_facts(
        &mut self,
        key: &InstrumentKey,
        file: &InstrumentFile,
    ) -> Result<(), ImportError> {
        if self.known.get(key).and_then(Option::as_ref) == Some(file) {
            return Ok(());
        }
        let path = instrument_file::path_of(std::path::Path::new(""), key);
        file.write(&self.staging.place(&path))?;
        self.staging.keep(path);
        Ok(())
    }
}

/// Whether rows of a kind have prices in ticks or quantities in lots.
fn has_steps(kind: Kind) -> bool {
    kind.columns().iter().any(|one| matches!(one.meaning, Meaning::Price | Meaning::Quantity))
}

/// Tells the length of bars from the smallest distance of two.
fn settle_interval(collected: &mut Collected) -> Result<(), ImportError> {
    if !collected.interval_open {
        return Ok(());
    }
    let instrument = &collected.series.instrument;
    let step = collected.least_step.ok_or_else(|| {
        ImportError::unstated(instrument, "one bar does not tell its length; state --interval")
    })?;
    let seconds = u32::try_from(step / 1_000_000_000).unwrap_or(u32::MAX);
    let usual = USUAL_SECONDS.contains(&seconds) && step % 1_000_000_000 == 0;
    let interval = Interval::from_secs(seconds).filter(|_| usual).ok_or_else(|| {
        let seconds = domain::Span::from_nanos(step);
        let reason = format!(
            "the closest two bars are {seconds} apart, which is no usual length; state --interval"
        );
        ImportError::unstated(instrument, reason)
    })?;
    collected.series.kind = Kind::Bars(interval);
    collected.spool.settle(collected.series.kind);
    Ok(())
}
