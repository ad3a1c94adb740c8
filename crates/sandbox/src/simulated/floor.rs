//! Orders of accounts in the made-up market: they stand in the same book as the crowd's.

use domain::{InstrumentId, Lots, Side};

use super::Simulation;
use crate::{
    exchange::{OrderKey, Report},
    market::{Deal, Floor, Market as _, Offer, Outlet, Standing},
};

/// An order of an account in a book of the crowd.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guest {
    pit: usize,
    key: OrderKey,
    left: i64,
}

impl Simulation {
    /// Remembers the trades among the latest reports of a pit.
    pub(super) fn note_deals(&mut self, pit: usize) {
        let tape = &self.pits[pit].tape;
        let trades = self.reports.iter().filter(|one| matches!(one, Report::Trade { .. })).count();
        let mut trade_id = tape.trade_id() - trades as u64;
        for report in &self.reports {
            let Report::Trade { price, quantity, aggressor, maker } = *report else { continue };
            trade_id += 1;
            let instrument = tape.instrument.id();
            self.deals.push(Deal { instrument, trade_id, price, quantity, aggressor, maker });
            let Some(owner) = maker else { continue };
            if let Some(guest) = self.guests.get_mut(&owner) {
                guest.left -= quantity.get();
                if guest.left == 0 {
                    self.guests.remove(&owner);
                }
            }
        }
    }

    /// Publishes what an account's order changed.
    fn tell(&mut self, pit: usize, outlet: &mut dyn Outlet) {
        let now = self.now();
        let pit = &mut self.pits[pit];
        pit.tape.record(&self.reports, &pit.traders.book, now, outlet);
    }
}

impl Floor for Simulation {
    fn front(&self, instrument: InstrumentId, side: Side) -> Option<Offer> {
        let pit = self.pits.get(instrument.index())?;
        let (price, quantity, owner) = pit.traders.book.front(side)?;
        Some(Offer { price, quantity, owner })
    }

    fn take(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        most: Lots,
        outlet: &mut dyn Outlet,
    ) -> Option<Deal> {
        let offer = self.front(instrument, side.opposite())?;
        let index = instrument.index();
        self.reports.clear();
        let book = &mut self.pits[index].traders.book;
        book.take(side, offer.price, most.min(offer.quantity), &mut self.reports);
        self.tell(index, outlet);
        self.note_deals(index);
        self.deals.pop()
    }

    fn rest(&mut self, standing: Standing, quantity: Lots, outlet: &mut dyn Outlet) {
        let Standing { instrument, side, price, owner } = standing;
        let pit = instrument.index();
        self.reports.clear();
        let book = &mut self.pits[pit].traders.book;
        let key = book.rest(side, price, quantity, Some(owner), &mut self.reports);
        self.guests.insert(owner, Guest { pit, key, left: quantity.get() });
        self.tell(pit, outlet);
    }

    fn withdraw(&mut self, owner: u64, quantity: Lots, outlet: &mut dyn Outlet) {
        let Some(guest) = self.guests.get_mut(&owner) else { return };
        let (pit, key) = (guest.pit, guest.key);
        guest.left -= quantity.get().min(guest.left);
        if guest.left == 0 {
            self.guests.remove(&owner);
        }
        self.reports.clear();
        self.pits[pit].traders.book.reduce(key, quantity, &mut self.reports);
        self.tell(pit, outlet);
    }

    fn deals(&mut self) -> Vec<Deal> {
        std::mem::take(&mut self.deals)
    }
}
