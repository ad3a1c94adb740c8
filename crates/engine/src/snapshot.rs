//! A read-only picture of the session for summaries and dashboards.
//!
//! Decimals are texts, exact to the last digit; nothing in here is computed with again.

use std::collections::BTreeMap;

use domain::{Instrument, Money, StrategyId};
use serde::Serialize;

use crate::{Engine, counters::Counters};

/// The session at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EngineSnapshot {
    /// Counts since the start of the run.
    pub counters: Counters,
    /// Every position that was ever touched, by strategy and instrument.
    pub positions: Vec<PositionSnapshot>,
    /// Cash of the whole account.
    pub cash: Money,
    /// Cash plus positions at the last middle prices.
    pub equity: Money,
    /// Profit of everything closed so far, before fees.
    pub realized_pnl: Money,
    /// Profit of everything open.
    pub unrealized_pnl: Money,
    /// All fees paid so far.
    pub fees: Money,
    /// Funding, interest, dividends and the like received so far; negative is paid.
    pub carry: Money,
    /// The largest fall of equity from an earlier peak so far.
    pub max_drawdown: Money,
    /// Orders that may still trade.
    pub open_orders: usize,
    /// Whether the kill switch is on.
    pub kill_switch: bool,
    /// Whether each instrument's book is in sync, by instrument.
    pub in_sync: BTreeMap<String, bool>,
    /// Fingerprint of every command and fill so far.
    pub commands_sha256: String,
}

/// One position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PositionSnapshot {
    /// The strategy's name.
    pub strategy: String,
    /// The instrument as `venue:market:symbol`.
    pub instrument: String,
    /// Signed quantity in units of the base asset.
    pub quantity: String,
    /// What it cost: positive for a long, negative for a short.
    pub cost_basis: Money,
    /// Profit of everything closed so far, before fees.
    pub realized_pnl: Money,
    /// Profit of what is open at the last middle price.
    pub unrealized_pnl: Money,
    /// All fees paid so far.
    pub fees: Money,
    /// Funding, interest, dividends and the like received so far; negative is paid.
    pub carry: Money,
}

impl Engine {
    /// The session now. Allocates: not for the hot path.
    #[must_use]
    pub fn snapshot(&self) -> EngineSnapshot {
        let portfolio = self.portfolio();
        let in_sync = self.instruments().iter();
        EngineSnapshot {
            counters: self.counters().clone(),
            positions: self.positions(),
            cash: portfolio.cash(),
            equity: portfolio.equity(),
            realized_pnl: portfolio.realized_pnl(),
            unrealized_pnl: portfolio.unrealized_pnl(),
            fees: portfolio.fees(),
            carry: portfolio.carry(),
            max_drawdown: portfolio.max_drawdown(),
            open_orders: self.open_orders().count(),
            kill_switch: self.kill_switch(),
            in_sync: in_sync.map(|one| (one.to_string(), self.in_sync(one.id()))).collect(),
            commands_sha256: self.commands_sha256(),
        }
    }

    fn positions(&self) -> Vec<PositionSnapshot> {
        let mut positions = Vec::new();
        for (place, name) in (0..).zip(self.strategy_names()) {
            let id = StrategyId::new(place);
            let touched = |instrument: &&Instrument| {
                *self.portfolio().position(id, instrument.id())
                    != crate::portfolio::Position::default()
            };
            for instrument in self.instruments().iter().filter(touched) {
                let position = self.portfolio().position(id, instrument.id());
                positions.push(PositionSnapshot {
                    strategy: name.to_owned(),
                    instrument: instrument.to_string(),
                    quantity: instrument.net_quantity(position.quantity).to_string(),
                    cost_basis: position.cost_basis,
                    realized_pnl: position.realized_pnl,
                    unrealized_pnl: self.portfolio().unrealized(id, instrument),
                    fees: position.fees,
                    carry: position.carry,
                });
            }
        }
        positions
    }
}
