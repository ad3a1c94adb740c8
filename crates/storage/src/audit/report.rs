//! The result of an audit, for people and for programs.

use std::fmt;

use serde::Serialize;

use crate::TornTail;

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Records read, all of them verified by checksum and chain.
    pub records: u64,
    /// Runs in the journal.
    pub sessions: Vec<SessionAudit>,
    /// Orders placed.
    pub orders: u64,
    /// Fills booked.
    pub fills: u64,
    /// Funding, interest, dividends, splits and liquidations booked.
    pub account_events: u64,
    /// Fills that came more than once and were booked once.
    pub duplicate_fills: u64,
    /// Account records compared with the recomputation.
    pub accounts_compared: u64,
    /// Cash at the end.
    pub cash: String,
    /// Fees of what is or was held since the last fresh start.
    pub fees: String,
    /// Realised profit of the same, before fees.
    pub realized_pnl: String,
    /// Funding, interest, dividends and the like of the same.
    pub carry: String,
    /// Rows of the database that were compared; `None` without a database.
    pub database: Option<DatabaseAudit>,
    /// The incomplete end that a crash left behind.
    pub torn: Option<TornTail>,
    /// How many differences there are.
    pub differences: u64,
    /// The first of them; `None` means that everything agrees to the last digit.
    pub first_difference: Option<Difference>,
}

/// One run in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionAudit {
    /// Its number.
    pub run: u32,
    /// The command that started it.
    pub command: String,
    /// Inputs of the engine.
    pub inputs: u64,
    /// Orders placed.
    pub orders: u64,
    /// Fills booked.
    pub fills: u64,
    /// Whether it ended in order.
    pub ended: bool,
}

/// How the database compares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DatabaseAudit {
    /// Facts of the journal that are not in the database yet. Not a difference.
    pub lag: u64,
    /// Rows of `trades` compared.
    pub trades: u64,
    /// Rows of `orders` compared.
    pub orders: u64,
    /// Rows of `positions` compared.
    pub positions: u64,
}

/// Something that should be equal and is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The record of the journal at which it shows.
    pub sequence: u64,
    /// What differs.
    pub what: String,
    /// The recomputed value.
    pub expected: String,
    /// The value found.
    pub found: String,
}

impl AuditReport {
    /// Whether nothing differs.
    #[must_use]
    pub const fn agrees(&self) -> bool {
        self.first_difference.is_none()
    }

    /// Facts that are not in the database yet, `None` without a database.
    #[must_use]
    pub fn database_lag(&self) -> Option<u64> {
        self.database.as_ref().map(|database| database.lag)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "record {}: {} should be {} and is {}",
            self.sequence, self.what, self.expected, self.found
        )
    }
}

impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "journal   {} records, {} sessions", self.records, self.sessions.len())?;
        for session in &self.sessions {
            let end = if session.ended { "" } else { ", cut short" };
            writeln!(
                f,
                "  run {:<4} {}: {} inputs, {} orders, {} fills{end}",
                session.run, session.command, session.inputs, session.orders, session.fills
            )?;
        }
        if let Some(torn) = &self.torn {
            let (bytes, path, offset) = (torn.bytes, torn.path.display(), torn.offset);
            writeln!(f, "torn end  {bytes} bytes of {path} from byte {offset} are no record")?;
        }
        writeln!(f, "accounts  {} records compared", self.accounts_compared)?;
        let (cash, realized, fees) = (&self.cash, &self.realized_pnl, &self.fees);
        write!(f, "money     cash {cash}, realised {realized}, fees {fees}")?;
        match self.account_events {
            0 => writeln!(f)?,
            events => writeln!(f, ", carry {} in {events} account events", self.carry)?,
        }
        match &self.database {
            None => writeln!(f, "database  none")?,
            Some(database) => writeln!(
                f,
                "database  {} trades, {} orders, {} positions compared, {} facts behind",
                database.trades, database.orders, database.positions, database.lag
            )?,
        }
        match &self.first_difference {
            None => write!(f, "result    everything agrees to the last digit"),
            Some(first) => {
                write!(f, "result    {} differences; the first: {first}", self.differences)
            }
        }
    }
}
