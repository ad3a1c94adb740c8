//! `kill -9` at random moments of the real program: while it starts, recovers, trades and ends.
//!
//! Each test kills its command again and again in one data directory, so every start is also
//! a recovery. After each kill the audit must agree, and whatever the program had shown
//! before, on its metrics page or in the database, must be in the journal.
//!
//! `ALGOPIONEER_CRASHES=200` kills so many times over all tests, `ALGOPIONEER_SEED` repeats the
//! moments of an earlier run as far as the machine allows.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support_process;

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use serde_json::Value;
use support_process::{
    BUSY, PATIENCE, Place, Process, Venue,
    books::{Books, Rows},
    metric, note, until, words,
};

/// Kills over all tests of this file.
const CRASHES: usize = 24;
/// Tests that share them.
const LANES: usize = 3;

fn crashes() -> usize {
    let asked = std::env::var("ALGOPIONEER_CRASHES").ok().and_then(|text| text.parse().ok());
    asked.unwrap_or(CRASHES).div_ceil(LANES)
}

struct Dice(ChaCha8Rng);

impl Dice {
    fn new(lane: u64) -> Self {
        let asked = std::env::var("ALGOPIONEER_SEED").ok().and_then(|text| text.parse().ok());
        let of_now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
        let seed: u64 = asked.unwrap_or_else(of_now);
        note(&format!("repeat with ALGOPIONEER_SEED={seed}"));
        Self(ChaCha8Rng::seed_from_u64(seed.wrapping_add(lane << 32)))
    }

    fn millis(&mut self, from: u64, to: u64) -> Duration {
        let span = (to - from) * 1_000;
        Duration::from_micros(from * 1_000 + self.0.next_u64() % span)
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.0.next_u32() as usize % words.len()]
    }
}

/// When a process is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So long after its start.
    Early(Duration),
    /// So long after its journal began to grow.
    Writing(Duration),
    /// So long after it began to trade, and watched until then.
    Trading(Duration),
    /// So long after it was asked to end, which was so long after it began to trade.
    Ending { trading: Duration, ending: Duration },
}

impl Moment {
    fn draw(dice: &mut Dice) -> Self {
        match dice.0.next_u32() % 10 {
            0..2 => Self::Early(dice.millis(0, 40)),
            2..4 => Self::Early(dice.millis(0, 400)),
            4..8 => Self::Trading(dice.millis(0, 2_500)),
            _ => Self::Ending { trading: dice.millis(0, 800), ending: dice.millis(0, 80) },
        }
    }
}

/// What a process had shown before it died.
#[derive(Clone, Debug, Default)]
struct Shown {
    run: u32,
    orders: u64,
    fills: u64,
    rows: Rows,
}

/// One command that is killed again and again.
struct Lane {
    place: Place,
    command: Vec<String>,
    kills: usize,
    seen: usize,
}

impl Lane {
    fn new(command: &[&str]) -> Self {
        let place = Place::new();
        let mut command: Vec<_> = command.iter().map(|&word| word.to_owned()).collect();
        command.extend(["--json".into(), "--data-dir".into(), place.text()]);
        Self { place, command, kills: 0, seen: 0 }
    }

    fn start(&self, more: &[&str]) -> Process {
        Process::start(&[&words(&self.command), more].concat())
    }

    /// Starts one way or another, kills, and checks what is left.
    fn crash(&mut self, moment: Moment, dice: &mut Dice) {
        let layout = dice.one_of(&["fused", "pipelined"]);
        let durability = dice.one_of(&["buffered", "grouped", "durable"]);
        let setting = format!("strategy.persistence.durability=\"{durability}\"");
        let written = self.journal_bytes();
        let mut process = self.start(&["--layout", layout, "--set", &setting]);
        let shown = match moment {
            Moment::Early(after) => {
                thread::sleep(after);
                Shown { rows: self.rows(), ..Shown::default() }
            }
            Moment::Writing(after) => {
                until("a journal that grows", || (self.journal_bytes() > written).then_some(()));
                thread::sleep(after);
                Shown { rows: self.rows(), ..Shown::default() }
            }
            Moment::Trading(after) => self.watch(&mut process, after),
            Moment::Ending { trading, ending } => {
                let shown = self.watch(&mut process, trading);
                process.terminate();
                thread::sleep(ending);
                shown
            }
        };
        process.kill();
        let stderr = process.stderr();
        assert!(!stderr.contains("panicked") && !stderr.contains("error:"), "{moment:?}: {stderr}");
        self.kills += 1;
        self.check(moment, &shown);
    }

    fn journal_bytes(&self) -> u64 {
        let Ok(files) = self.place.path().join("journal").read_dir() else { return 0 };
        files.map(|file| file.unwrap().metadata().map_or(0, |facts| facts.len())).sum()
    }

    fn rows(&self) -> Rows {
        Rows::read(&self.place.database()).unwrap_or_default()
    }

    /// Looks at everything the process shows until the time has come.
    fn watch(&self, process: &mut Process, trading: Duration) -> Shown {
        let mut shown = Shown::default();
        let mut began = None;
        let give_up = Instant::now() + PATIENCE;
        while began.is_none_or(|began: Instant| began.elapsed() < trading) {
            assert!(process.has_ended().is_none(), "ended early: {}", process.stderr());
            assert!(Instant::now() < give_up, "nothing is shown: {}", process.stderr());
            shown.rows = self.rows();
            if let Some((run, orders, fills)) = look(process) {
                shown = Shown { run, orders, fills, ..shown };
                began.get_or_insert_with(Instant::now);
            }
            thread::sleep(Duration::from_millis(2));
        }
        shown
    }

    fn check(&mut self, moment: Moment, shown: &Shown) {
        if !self.place.path().join("journal").exists() {
            return;
        }
        let report = self.place.assert_sound();
        let books = Books::read(&self.place.path());
        assert_eq!(report["orders"], books.orders.len());
        assert_eq!(report["fills"], books.trades.len());
        let run = books.runs.get(&shown.run).copied().unwrap_or_default();
        assert!(
            run.orders >= shown.orders && run.fills >= shown.fills,
            "{moment:?}: {shown:?} was shown, {run:?} is in the journal"
        );
        let lost = shown.rows.trades.difference(&books.trades).next();
        assert!(lost.is_none(), "{moment:?}: trade {lost:?} was in the database only");
        let lost = shown.rows.orders.difference(&books.orders).next();
        assert!(lost.is_none(), "{moment:?}: order {lost:?} was in the database only");
        let records = usize::try_from(report["records"].as_u64().unwrap()).unwrap();
        assert!(records >= self.seen, "{moment:?}: the journal became shorter");
        self.seen = records;
    }

    /// A whole session at the end: its summary, and books in which nothing is missing.
    fn finish(&self, seconds: Option<&str>) -> (Value, Books) {
        let limit: Vec<_> = seconds.iter().flat_map(|seconds| ["--seconds", seconds]).collect();
        let summary = self.start(&limit).wait().assert_code(0).json();
        let report = self.place.assert_sound();
        assert_eq!(report["database"]["lag"], 0, "{report:#}");
        let books = Books::read(&self.place.path());
        let rows = Rows::read(&self.place.database()).unwrap();
        assert_eq!((&rows.orders, &rows.trades), (&books.orders, &books.trades));
        self.place.rebuild().assert_code(0);
        assert_eq!(self.place.assert_sound(), report, "a rebuilt database says the same");
        note(&format!(
            "{} kills, {} runs, {} orders, {} fills, {} runs took over a position",
            self.kills,
            books.runs.len(),
            books.orders.len(),
            books.trades.len(),
            books.carried_over
        ));
        (summary, books)
    }
}

/// Run, orders and fills as the pages of a process show them.
fn look(process: &mut Process) -> Option<(u32, u64, u64)> {
    let health: Value = serde_json::from_str(&process.page("/health")?.1).ok()?;
    let run = u32::try_from(health["session"]["run"].as_u64()?).ok()?;
    let page = process.page("/metrics")?.1;
    let orders = metric(&page, "strategy_orders_submitted_total")?;
    let fills = metric(&page, "algopioneer_fills_total")?;
    Some((run, whole(orders), whole(fills)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
fn whole(count: f64) -> u64 {
    count as u64
}

#[test]
fn a_demo_killed_at_any_moment_loses_nothing_it_had_shown() {
    let mut dice = Dice::new(1);
    let mut lane = Lane::new(&["demo", "--config", BUSY]);
    for _ in 0..crashes() {
        let moment = Moment::draw(&mut dice);
        lane.crash(moment, &mut dice);
    }
    let (_, books) = lane.finish(Some("2"));
    assert!(!books.trades.is_empty());
}

#[test]
fn a_session_killed_at_any_moment_goes_on_with_its_positions() {
    let venue = Venue::start(&[]);
    let mut dice = Dice::new(2);
    let settings = venue.settings();
    let command = [&["run", "--config", BUSY][..], &words(&settings)].concat();
    let mut lane = Lane::new(&command);
    for _ in 0..crashes() {
        let moment = Moment::draw(&mut dice);
        lane.crash(moment, &mut dice);
    }
    let (_, books) = lane.finish(Some("2"));
    assert!(books.carried_over > 0, "no kill hit a session with a position");
}

#[test]
fn a_replay_killed_at_any_moment_can_be_repeated_in_the_same_place() {
    let Some(capture) = testkit::recorded("binance-raw/usdm_btcusdt_20240808.txt.zst") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let beginning = folder.path().join("beginning.txt.zst");
    copy_beginning(&capture, &beginning, 10_000);
    let config = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../config/replay.toml");
    let (config, beginning) = (config.to_str().unwrap(), beginning.to_str().unwrap());
    let command = ["replay", "--config", config, "--capture", beginning];
    let began = Instant::now();
    let undisturbed = Lane::new(&command).start(&[]).wait().assert_code(0).json();
    let length = u64::try_from(began.elapsed().as_millis()).unwrap();

    let mut dice = Dice::new(3);
    let mut lane = Lane::new(&command);
    for _ in 0..crashes() {
        let after = dice.millis(0, length);
        let moment = match dice.one_of(&["early", "writing", "writing"]) {
            "early" => Moment::Early(after),
            _ => Moment::Writing(after),
        };
        lane.crash(moment, &mut dice);
    }
    let (summary, books) = lane.finish(None);
    assert!(!books.trades.is_empty());
    for same in ["fills", "position", "cash", "fees", "realized_pnl"] {
        assert_eq!(summary[same], undisturbed[same], "{same}");
    }
}

#[test]
fn a_first_start_killed_at_any_moment_can_be_audited_and_repeated() {
    let mut venue = Venue::start(&[]);
    let mut dice = Dice::new(5);
    for round in 1..=3 * crashes() {
        if round % 20 == 0 {
            // A venue lets nobody ask about its instruments this often.
            venue = Venue::start(&[]);
        }
        let place = Place::new();
        let mut session = place.run(&venue.settings(), &[]);
        thread::sleep(dice.millis(0, 60));
        session.kill();
        if place.path().join("journal").exists() {
            place.assert_sound();
        }
        let mut session = place.run(&venue.settings(), &[]);
        session.await_metric("algopioneer_journal_records_total", 1.0);
        session.kill();
        place.assert_sound();
    }
}

#[test]
fn a_rebuild_killed_at_any_moment_leaves_a_database_that_agrees() {
    let venue = Venue::start(&[]);
    let place = Place::new();
    let mut session = place.run(&venue.settings(), &[]);
    session.await_metric("algopioneer_fills_total", 3.0);
    // Killed, so that the database has a log that is not yet part of it.
    session.kill();
    let mut dice = Dice::new(4);
    for _ in 0..crashes() {
        let mut rebuild = Process::start(&["rebuild", "--data-dir", &place.text()]);
        thread::sleep(dice.millis(0, 40));
        rebuild.kill();
        place.assert_sound();
    }
    place.rebuild().assert_code(0);
    assert_eq!(place.assert_sound()["database"]["lag"], 0);
}

#[test]
fn a_thrown_kill_switch_outlives_the_process() {
    let venue = Venue::start(&[]);
    let place = Place::new();
    let mut session = place.run(&venue.settings(), &[]);
    session.await_metric("algopioneer_fills_total", 1.0);
    Process::run(&["kill", "--data-dir", &place.text()]).assert_code(0);
    session.await_metric("algopioneer_kill_switch_thrown", 1.0);
    session.kill();
    let before = Books::read(&place.path()).orders;

    let mut session = place.run(&venue.settings(), &[]);
    session.await_metric("algopioneer_kill_switch_thrown", 1.0);
    session.await_metric("strategy_signals_generated_total", 2.0);
    let (status, body) = session.page("/ready").unwrap();
    assert!(status == 503 && body.contains("kill switch"), "{status}: {body}");
    session.kill();
    assert_eq!(Books::read(&place.path()).orders, before, "nothing was placed");

    let mut session = place.run(&venue.settings(), &[]);
    session.await_metric("algopioneer_book_in_sync", 4.0);
    Process::run(&["resume", "--data-dir", &place.text()]).assert_code(0);
    session.await_metric("strategy_orders_submitted_total", 1.0);
    session.stop().assert_code(0);
    place.assert_sound();
}

/// Copies the first lines of a recording.
fn copy_beginning(from: &Path, to: &Path, lines: usize) {
    let reader = BufReader::new(zstd::Decoder::new(File::open(from).unwrap()).unwrap());
    let mut writer = zstd::Encoder::new(File::create(to).unwrap(), 1).unwrap();
    for line in reader.lines().take(lines) {
        writeln!(writer, "{}", line.unwrap()).unwrap();
    }
    writer.finish().unwrap();
}
