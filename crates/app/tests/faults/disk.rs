//! A disk that is full, may not be written, or was full at the worst moment.
//!
//! Where the tests may mount, a small file system in memory is filled up for real; elsewhere
//! the limit on file sizes stands in for it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::support_process::{
    Place, Process, Venue, algopioneer, assert_sound, books::Books, note, session_words, until,
    words,
};

const FILLS: &str = "algopioneer_fills_total";

/// A file system of its own.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// `None` where mounting is not allowed.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let words = ["-t", "tmpfs", "-o", &options, "tmpfs", folder.path().to_str().unwrap()];
        let mounted = Command::new("mount").args(words).stderr(Stdio::null()).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self { folder });
        }
        note("skipped: mounting a file system is not allowed here");
        None
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let status = Command::new("mount").args(["-o", &options]).arg(self.folder.path()).status();
        assert!(status.unwrap().success(), "{options}");
    }

    fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run(&self, venue: &Venue, more: &[&str]) -> Process {
        let data_dir = self.data_dir();
        let all = session_words(data_dir.to_str().unwrap(), &venue.settings(), more);
        Process::start(&words(&all))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let status = Command::new("umount").arg("-l").arg(self.folder.path()).status();
        assert!(status.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

fn assert_followed_by_a_sound_session(data_dir: &Path, session: Process) {
    let mut session = session;
    session.await_metric(FILLS, 1.0);
    session.stop().assert_code(0);
    let report = assert_sound(data_dir);
    assert_eq!(report["database"]["lag"], 0, "{report:#}");
    Books::read(data_dir);
}

#[test]
fn a_full_disk_ends_the_session_with_a_reason_and_loses_nothing_shown() {
    let Some(disk) = SmallDisk::mount("600k") else { return };
    let venue = Venue::start(&["--rate", "2000"]);
    let mut session = disk.run(&venue, &[]);
    session.await_metric(FILLS, 1.0);
    let mut shown = 0.0;
    until("the disk to be full", || {
        shown = session.metric(FILLS).unwrap_or(shown);
        session.has_ended()
    });
    session.wait().assert_code(1).assert_says(&["no space left", "free some space"]);
    let books = Books::read(&disk.data_dir());
    let kept = u32::try_from(books.trades.len()).unwrap();
    assert!(f64::from(kept) >= shown, "{shown} fills were shown, {kept} are in the journal");
    // A start on a disk that is still full says so too.
    let again = disk.run(&venue, &["--seconds", "20"]).wait().assert_code(1);
    again.assert_says(&["no space left"]);

    disk.remount("size=64m");
    assert_sound(&disk.data_dir());
    assert_followed_by_a_sound_session(&disk.data_dir(), disk.run(&venue, &[]));
}

#[test]
fn a_full_disk_of_the_database_alone_does_not_stop_the_session() {
    let Some(disk) = SmallDisk::mount("120k") else { return };
    let venue = Venue::start(&[]);
    let place = Place::new();
    let database = disk.folder.path().join("strategy.db");
    let setting = format!("strategy.persistence.database_path={database:?}");
    let data_dir = format!("strategy.persistence.data_dir={:?}", place.text());
    let start = || {
        let mut all = vec!["run", "--config", crate::support_process::BUSY, "--json"];
        all.extend(["--set", &setting, "--set", &data_dir]);
        let settings = venue.settings();
        all.extend(settings.iter().map(String::as_str));
        Process::start(&all)
    };
    let mut session = start();
    session.await_metric("algopioneer_database_lag_records", 20.0);
    let fills = session.await_metric(FILLS, 1.0);
    session.await_metric(FILLS, fills + 1.0);
    session.stop().assert_code(0);
    disk.remount("size=64m");
    let mut session = start();
    session.await_metric(FILLS, 1.0);
    session.stop().assert_code(0);
    let database = database.to_str().unwrap();
    let words = ["audit", "--json", "--data-dir", &place.text(), "--database", database];
    let report = Process::run(&words).assert_code(0).json();
    assert_eq!(report["database"]["lag"], 0, "{report:#}");
}

#[test]
fn a_file_that_may_not_grow_ends_the_session_with_a_reason() {
    let venue = Venue::start(&["--rate", "2000"]);
    let place = Place::new();
    let all = session_words(&place.text(), &venue.settings(), &[]);
    let own = algopioneer(&[]);
    let mut limited = Command::new("sh");
    // The unit is 512 bytes in POSIX shells and 1 kB in some.
    limited.args(["-c", "ulimit -f 400; exec \"$@\"", "sh"]).arg(own.get_program()).args(&all);
    limited.env("RUST_LOG", "algopioneer=info,storage=info").stdin(Stdio::null());
    let ended = Process::spawn(limited).wait();
    ended.assert_code(1).assert_says(&["cannot write", "journal"]);
    place.assert_sound();
    let session = place.run(&venue.settings(), &[]);
    assert_followed_by_a_sound_session(&place.path(), session);
}

#[test]
fn a_read_only_data_directory_ends_the_start_with_a_reason() {
    let venue = Venue::start(&[]);
    let (place, disk) = (Place::new(), SmallDisk::mount("1m"));
    let refused = if let Some(disk) = &disk {
        fs::create_dir(disk.data_dir()).unwrap();
        disk.remount("ro");
        disk.run(&venue, &["--seconds", "1"]).wait()
    } else {
        fs::create_dir(place.path()).unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o555)).unwrap();
        place.run(&venue.settings(), &["--seconds", "1"]).wait()
    };
    refused.assert_code(1).assert_says(&["error: cannot use", "data"]);
}
