//! A journal that ends in the middle of a record, and one that is damaged in its middle.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use crate::support_process::{
    BUSY, Outcome, Place, Process, Venue, assert_sound,
    books::{Books, Rows},
};

/// A recording of a pretended market, a few hundred frames.
struct Recording {
    _folder: tempfile::TempDir,
    file: PathBuf,
}

impl Recording {
    fn make() -> Self {
        let venue = Venue::start(&[]);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("short.txt.zst");
        let settings = venue.settings();
        let mut words = vec!["record", "--config", BUSY, "--seconds", "3", "--json"];
        words.extend(["--set", "strategy.symbols=[\"usdm:BTCUSDT\"]", "--out"]);
        words.push(file.to_str().unwrap());
        words.extend(settings.iter().map(String::as_str));
        Process::run(&words).assert_code(0);
        Self { _folder: folder, file }
    }

    fn replay(&self, data_dir: &Path) -> Outcome {
        let (file, data_dir) = (self.file.to_str().unwrap(), data_dir.to_str().unwrap());
        let symbols = "strategy.symbols=[\"usdm:BTCUSDT\"]";
        let mut words = vec!["replay", "--config", BUSY, "--json", "--set", symbols];
        words.extend(["--capture", file, "--data-dir", data_dir]);
        Process::run(&words)
    }
}

/// The only segment of a journal.
fn segment(data_dir: &Path) -> PathBuf {
    let files = fs::read_dir(data_dir.join("journal")).unwrap().map(|file| file.unwrap().path());
    let mut segments: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|one| one == "journal")).collect();
    segments.sort();
    segments.pop().unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("journal")).unwrap();
    for name in ["control.token", "lock", "strategy.db"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
    let segment = segment(from);
    fs::copy(&segment, to.join("journal").join(segment.file_name().unwrap())).unwrap();
}

#[test]
fn a_torn_end_is_cut_off_and_reported_whatever_its_length() {
    let recording = Recording::make();
    let original = Place::new();
    recording.replay(&original.path()).assert_code(0);
    let whole = Books::read(&original.path());
    assert!(!whole.trades.is_empty(), "the recording must lead to trades");
    let length = fs::metadata(segment(&original.path())).unwrap().len();
    for missing in (1..=40).chain([99, 500, 3_000]) {
        let place = Place::new();
        copy(&original.path(), &place.path());
        let file = OpenOptions::new().write(true).open(segment(&place.path())).unwrap();
        file.set_len(length - missing).unwrap();
        drop(file);
        // The database has seen what the journal has lost; only a loss of power does that.
        fs::remove_file(place.database()).unwrap();
        let torn = place.assert_sound()["torn"].clone();
        let summary = recording.replay(&place.path()).assert_code(0).json();
        let notes = summary["notes"].to_string();
        if torn.is_null() {
            assert!(!notes.contains("cut off"), "{missing} bytes were whole records: {notes}");
        } else {
            let bytes = torn["bytes"].as_u64().unwrap();
            assert!(notes.contains(&format!("{bytes} bytes after record")), "{missing}: {notes}");
        }
        let report = assert_sound(&place.path());
        assert!(report["torn"].is_null(), "{missing}: {report:#}");
        assert_eq!(report["sessions"].as_array().unwrap().len(), 2);
        Books::read(&place.path());
    }
}

#[test]
fn a_database_ahead_of_its_journal_is_noticed_and_made_anew() {
    let recording = Recording::make();
    let place = Place::new();
    recording.replay(&place.path()).assert_code(0);
    let segment = segment(&place.path());
    let length = fs::metadata(&segment).unwrap().len();
    OpenOptions::new().write(true).open(&segment).unwrap().set_len(length - 10).unwrap();
    let report = place.audit().assert_code(1).json();
    let what = report["first_difference"]["what"].as_str().unwrap();
    assert_eq!(what, "the last record of the database");
    recording.replay(&place.path()).assert_code(0).assert_says(&["rebuilding"]);
    let report = place.assert_sound();
    assert_eq!(report["database"]["lag"], 0, "{report:#}");
}

#[test]
fn a_database_whose_journal_is_gone_is_left_alone() {
    let recording = Recording::make();
    let place = Place::new();
    recording.replay(&place.path()).assert_code(0);
    let rows = Rows::read(&place.database()).unwrap();
    fs::remove_dir_all(place.path().join("journal")).unwrap();
    let refused = recording.replay(&place.path()).assert_code(1);
    refused.assert_says(&["does not belong to this journal", "name another database"]);
    assert_eq!(Rows::read(&place.database()).unwrap(), rows);
}

#[test]
fn damage_in_the_middle_stops_the_start_and_names_file_and_place() {
    let recording = Recording::make();
    let original = Place::new();
    recording.replay(&original.path()).assert_code(0);
    let length = fs::metadata(segment(&original.path())).unwrap().len();
    for part in 1..12 {
        let place = Place::new();
        copy(&original.path(), &place.path());
        let (segment, offset) = (segment(&place.path()), length * part / 12);
        let file = OpenOptions::new().read(true).write(true).open(&segment).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, offset).unwrap();
        file.write_all_at(&[byte[0] ^ 0x10], offset).unwrap();
        let before = fs::read(&segment).unwrap();
        let name = segment.file_name().unwrap().to_str().unwrap();
        let words = [name, "is damaged at byte", "where record"];
        recording.replay(&place.path()).assert_code(1).assert_says(&words);
        place.audit().assert_code(1).assert_says(&words);
        place.rebuild().assert_code(1).assert_says(&words);
        assert_eq!(fs::read(&segment).unwrap(), before, "evidence is never changed");
    }
}
