//! A data directory and what tests do with one.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use domain::{Record, RecordSink as _};
use rusqlite::Connection;
use storage::{AuditReport, HotJournal, Recovered, Store, StoreConfig, Summary};
use tempfile::TempDir;

use crate::support::{Desk, record_all};

/// Long enough for any database on any machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Rig {
    dir: TempDir,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("strategy.db")
    }

    /// Small files and batches, so that a short session has many of both.
    pub(crate) fn config(&self) -> StoreConfig {
        StoreConfig { segment_bytes: 20_000, batch_size: 7, ..StoreConfig::new(self.path()) }
    }

    pub(crate) fn open(&self) -> (Store, Recovered) {
        Store::open(self.config()).unwrap()
    }

    /// A whole run of `desk`, from start to orderly end.
    pub(crate) fn run(&self, desk: &mut Desk, steps: usize, continued: bool) -> Summary {
        let (mut store, recovered) = self.open();
        let mut hot = begin(&mut store, &recovered, desk, continued);
        record_all(&mut hot, &desk.trade(steps));
        hot.record(&desk.end());
        drop(hot);
        store.finish(PATIENCE).unwrap()
    }

    /// A run that ends without a word after these records.
    pub(crate) fn abandon(&self, desk: &mut Desk, records: &[Record<'_>], continued: bool) {
        let (mut store, recovered) = self.open();
        let mut hot = begin(&mut store, &recovered, desk, continued);
        record_all(&mut hot, records);
        drop(hot);
        store.finish(PATIENCE).unwrap();
    }

    pub(crate) fn audit(&self) -> AuditReport {
        storage::audit(self.path(), Some(&self.database())).unwrap()
    }

    /// The audit must agree and the database must have everything.
    pub(crate) fn assert_sound(&self) {
        let report = self.audit();
        assert!(report.agrees(), "{report}");
        assert_eq!(report.database_lag(), Some(0), "{report}");
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.database()).unwrap()
    }

    /// One text from the database.
    pub(crate) fn ask(&self, query: &str) -> Option<String> {
        let query = format!("SELECT CAST(({query}) AS TEXT)");
        self.connect().query_row(&query, [], |row| row.get(0)).unwrap()
    }

    /// Everything in all tables, as text in a fixed order.
    pub(crate) fn dump(&self) -> Vec<String> {
        let connection = self.connect();
        let tables = [
            "sessions",
            "trades",
            "orders",
            "positions",
            "account_events",
            "performance_metrics",
            "strategy_snapshots",
            "projection",
        ];
        let mut lines = Vec::new();
        for table in tables {
            let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let cells: Vec<_> = (0..columns)
                    .map(|column| format!("{:?}", row.get_ref_unwrap(column)))
                    .collect();
                lines.push(format!("{table} {}", cells.join(" ")));
            }
        }
        lines.sort();
        lines
    }

    /// The journal's segment files in order.
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path().join("journal")).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "journal"));
        paths.sort();
        paths
    }
}

/// Starts the next run of a desk, which takes over what was recovered or not.
pub(crate) fn begin(
    store: &mut Store,
    recovered: &Recovered,
    desk: &mut Desk,
    continued: bool,
) -> HotJournal {
    desk.next_run(recovered.next_run, continued);
    if continued && recovered.state.session.is_some() {
        let accounts = recovered.state.accounts.iter().map(|one| {
            let money = [one.cost_basis, one.realized_pnl, one.fees, one.carry];
            (one.strategy.as_str(), &one.instrument, one.position, money)
        });
        desk.take_over(recovered.state.cash, accounts);
    }
    store.start(desk.session()).unwrap()
}
