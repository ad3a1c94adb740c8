//! Programs that end in the middle of everything.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use domain::Record;
use storage::{Store, StoreConfig};

use crate::{
    rig::{PATIENCE, Rig, begin},
    support::{Desk, Dice, record_all},
};

const DIRECTORY: &str = "STORAGE_TEST_CHILD_DIRECTORY";

/// Not a test of its own: the program that the next test kills.
#[test]
fn a_child_trades_until_it_is_killed() {
    let Some(directory) = env::var_os(DIRECTORY) else { return };
    let config = StoreConfig { segment_bytes: 200_000, ..StoreConfig::new(directory) };
    let (mut store, recovered) = Store::open(config).unwrap();
    let mut desk = Desk::new(u64::from(recovered.next_run.get()));
    let mut hot = begin(&mut store, &recovered, &mut desk, true);
    let gauges = store.gauges();
    loop {
        record_all(&mut hot, &desk.trade(50));
        let acknowledged = (gauges.written(), gauges.orders(), gauges.fills());
        writeln!(std::io::stdout(), "\nACK {acknowledged:?}").unwrap();
    }
}

fn spawn_child(directory: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "kills::a_child_trades_until_it_is_killed", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets the child acknowledge `lines` times and kills it: the last acknowledgement.
fn kill_after(mut child: Child, lines: usize) -> u64 {
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let acknowledged = stdout
        .lines()
        .map(Result::unwrap)
        .filter_map(|line| {
            let numbers = line.strip_prefix("ACK (")?.split(',').next()?.to_owned();
            numbers.parse().ok()
        })
        .nth(lines)
        .expect("the child goes on until it is killed");
    child.kill().unwrap();
    child.wait().unwrap();
    acknowledged
}

#[test]
fn a_killed_program_loses_nothing_acknowledged_and_goes_on() {
    let rig = Rig::new();
    let mut dice = Dice::new(99);
    let mut before = 0;
    for _ in 0..12 {
        let lines = usize::try_from(dice.below(40)).unwrap();
        let acknowledged = kill_after(spawn_child(rig.path()), lines);
        assert!(acknowledged >= before);
        let report = rig.audit();
        assert!(report.agrees(), "{report}");
        assert!(report.records >= acknowledged, "{} < {acknowledged}", report.records);
        before = report.records;
    }
    let mut desk = Desk::new(1_000);
    rig.run(&mut desk, 20, true);
    rig.assert_sound();
    assert_eq!(rig.audit().sessions.len(), 13);
}

/// Copies the journal as it is at this moment, the last file probably in mid-write.
fn copy_journal(from: &Path, to: &Path) {
    let (from, to) = (from.join("journal"), to.join("journal"));
    fs::create_dir_all(&to).unwrap();
    let mut names: Vec<PathBuf> =
        fs::read_dir(&from).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    for path in names.iter().filter(|path| !path.ends_with("checkpoint.draft")) {
        fs::copy(path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[test]
fn a_copy_taken_while_writing_is_a_sound_journal_and_refills_its_database() {
    let rig = Rig::new();
    let (mut store, recovered) = rig.open();
    let gauges = store.gauges();
    let mut desk = Desk::new(12);
    let mut hot = begin(&mut store, &recovered, &mut desk, false);
    let goal = AtomicU64::new(100);
    thread::scope(|scope| {
        // Ends the writer also when an assertion below fails.
        let end = EndOfWriting(&goal);
        scope.spawn(|| {
            let mut done = 0;
            while goal.load(Ordering::Relaxed) != END {
                if done < goal.load(Ordering::Relaxed) {
                    record_all(&mut hot, &desk.trade(5));
                    done += 5;
                } else {
                    thread::yield_now();
                }
            }
        });
        for round in 0..10 {
            let acknowledged = gauges.written();
            goal.fetch_add(100, Ordering::Relaxed);
            let copy = Rig::new();
            copy_journal(rig.path(), copy.path());
            let mut next = Desk::new(round);
            let (mut store, recovered) = copy.open();
            assert!(recovered.records >= acknowledged, "round {round}");
            let hot = begin(&mut store, &recovered, &mut next, true);
            drop(hot);
            store.finish(PATIENCE).unwrap();
            copy.assert_sound();
        }
        drop(end);
    });
}

const END: u64 = u64::MAX;

struct EndOfWriting<'a>(&'a AtomicU64);

impl Drop for EndOfWriting<'_> {
    fn drop(&mut self) {
        self.0.store(END, Ordering::Relaxed);
    }
}

#[test]
fn a_stop_at_any_record_leaves_books_that_agree() {
    let mut desk = Desk::new(13);
    desk.next_run(domain::RunNumber::FIRST, false);
    let records: Vec<Record<'_>> = desk.trade(40);
    for stop in 0..records.len() {
        let rig = Rig::new();
        let mut first = Desk::new(13);
        rig.abandon(&mut first, &records[..stop], false);
        let mut second = Desk::new(14);
        rig.run(&mut second, 15, true);
        rig.assert_sound();
    }
}
