//! Faults of the venue itself.

use domain::InstrumentId;
use rust_decimal::Decimal;

use super::{FaultKind, FaultRule};
use crate::{
    binance::core::Core,
    market::Outlet,
    trading::{Phase, words::Status},
};

impl Core {
    /// Lets one fault befall the venue.
    pub(in crate::binance) fn upset(&mut self, rule: &FaultRule, outlet: &mut dyn Outlet) {
        let (now, millis) = (self.exchange.now(), rule.millis());
        match rule.kind {
            FaultKind::Maintenance => self.close_for(Phase::Halted, now + millis),
            FaultKind::CancelOnly => self.close_for(Phase::CancelOnly, now + millis),
            FaultKind::ConnectRefused => self.sockets.refuse_until = now + millis,
            FaultKind::RestartLostOrders => {
                self.lose_orders(outlet);
                self.sockets.hang_up_all();
            }
            FaultKind::AutoDeleverage => {
                for (account, id) in self.held() {
                    self.exchange.deleverage(account, id);
                }
            }
            FaultKind::Liquidation => {
                for (account, id) in self.held() {
                    self.exchange.liquidate_position(account, id, outlet);
                }
            }
            FaultKind::Funding => {
                let ids: Vec<InstrumentId> =
                    self.exchange.instruments.iter().map(domain::Instrument::id).collect();
                for id in ids {
                    self.exchange.pay_funding(id, Decimal::new(1, 4));
                }
            }
            FaultKind::OverFill => self.fill_latest(Status::Filled),
            FaultKind::FillAfterCancel => self.fill_latest(Status::Canceled),
            FaultKind::ClockJump => self.faults.skew += millis,
            FaultKind::ClockDrift => {
                (self.faults.drift_per_hour, self.faults.drift_since) = (millis, now);
            }
            FaultKind::ListenKeyExpiry => {
                for (index, account) in self.exchange.state.accounts.iter_mut().enumerate() {
                    if let Some((_, until)) = &mut account.listen_key {
                        *until = now;
                        self.exchange.changes.accounts.insert(index);
                    }
                }
            }
            FaultKind::KeyRevoked => {
                self.keys.iter_mut().for_each(|key| key.revoked = true);
            }
            FaultKind::StaleSnapshot => self.stale_snapshots_until = now + millis,
            _ => {}
        }
    }

    fn close_for(&mut self, phase: Phase, until: i64) {
        self.exchange.phase = phase;
        self.reopens_at = Some(until);
    }

    /// Every second open order is gone, and nobody is told.
    fn lose_orders(&mut self, outlet: &mut dyn Outlet) {
        let ids: Vec<u64> = self.exchange.open.iter().copied().step_by(2).collect();
        let told = self.exchange.events.len();
        for id in ids {
            self.exchange.close(id, Status::Expired, None, outlet);
        }
        self.exchange.events.truncate(told);
    }

    fn held(&self) -> Vec<(usize, InstrumentId)> {
        let accounts = self.exchange.state.accounts.iter().enumerate();
        let held = accounts.flat_map(|(account, owner)| {
            let held = owner.positions.iter().filter(|(_, held)| !held.amount.is_zero());
            held.map(move |(id, _)| (account, *id))
        });
        held.collect()
    }

    /// The latest order of this status is filled once more.
    fn fill_latest(&mut self, status: Status) {
        let orders = self.exchange.state.orders.values().rev();
        let latest = orders.take(100).find(|order| order.status == status);
        if let Some(id) = latest.map(|order| order.id) {
            self.exchange.fill_late(id);
        }
    }
}
