//! Orders of accounts in a recorded market.
//!
//! The recording does not change, so a rule decides who trades with it:
//!
//! - A taker takes what the recorded book shows. What it took is gone until the recording
//!   changes that level.
//! - An order that stands waits behind everything the level showed when it came. Recorded
//!   trades at its price, and cancellations that shrink the level below its place, bring it
//!   forward; then recorded trades fill it, as far as they are large.
//! - A recorded trade beyond its price fills it first. When the recorded book reaches or
//!   passes its price, it is filled from the quantity shown there.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use domain::{Instrument, InstrumentId, Lots, Price, Qty, Side, Ticks};
use rust_decimal::Decimal;

use super::{
    Recording,
    book::RecordedBook,
    line::{DiffLine, TradeLine},
};
use crate::market::{Deal, Floor, Offer, Outlet, Standing, reaches};

/// The numbers of trades that no recording knows begin here.
const FIRST_TRADE: u64 = 1 << 40;

#[derive(Clone, Copy, Debug)]
pub(super) struct Guest {
    standing: Standing,
    left: Lots,
    /// What the level showed before it and is still there.
    ahead: Decimal,
    price: Decimal,
}

/// The accounts' side of one recording.
#[derive(Debug, Default)]
pub(super) struct Guests {
    orders: Vec<Guest>,
    /// Shown quantity that takers took, by side and price.
    taken: [BTreeMap<Decimal, Decimal>; 2],
    trades: u64,
    deals: Vec<Deal>,
}

const fn half(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

/// The recorded levels of one side at the moment.
pub(super) type Shown<'a> = &'a BTreeMap<Decimal, Decimal>;

impl Guests {
    fn deal(&mut self, instrument: InstrumentId, deal: (Ticks, Lots, Side, Option<u64>)) -> Deal {
        let (price, quantity, aggressor, maker) = deal;
        self.trades += 1;
        let trade_id = FIRST_TRADE + self.trades;
        Deal { instrument, trade_id, price, quantity, aggressor, maker }
    }

    /// The first level that still shows something.
    fn front(
        &self,
        instrument: &Instrument,
        side: Side,
        shown: Shown<'_>,
    ) -> Option<(Ticks, Lots)> {
        let left = |(price, quantity): (&Decimal, &Decimal)| {
            let taken = self.taken[half(side)].get(price).copied().unwrap_or_default();
            let quantity = Qty::new((*quantity - taken).max(Decimal::ZERO)).ok()?;
            let lots = instrument.lots_floor(quantity).ok()?;
            let ticks = instrument.ticks(Price::new(*price).ok()?).ok()?;
            (!lots.is_zero()).then_some((ticks, lots))
        };
        match side {
            Side::Buy => shown.iter().rev().find_map(left),
            Side::Sell => shown.iter().find_map(left),
        }
    }

    /// The account's order that is first in line on a side.
    fn first(&self, side: Side) -> Option<usize> {
        let ours = self.orders.iter().enumerate().filter(|(_, one)| one.standing.side == side);
        match side {
            Side::Buy => ours.rev().max_by_key(|(_, one)| one.standing.price),
            Side::Sell => ours.min_by_key(|(_, one)| one.standing.price),
        }
        .map(|(index, _)| index)
    }

    fn fill(&mut self, instrument: InstrumentId, index: usize, quantity: Lots) -> Deal {
        let guest = &mut self.orders[index];
        guest.left = guest.left.minus(quantity);
        let Standing { price, side, owner, .. } = guest.standing;
        if guest.left.is_zero() {
            self.orders.remove(index);
        }
        self.deal(instrument, (price, quantity, side.opposite(), Some(owner)))
    }

    /// The recorded book has changed.
    pub(super) fn follow(
        &mut self,
        instrument: &Instrument,
        book: &RecordedBook,
        diff: &DiffLine<'_>,
    ) {
        if self.orders.is_empty() && self.taken.iter().all(BTreeMap::is_empty) {
            return;
        }
        for (side, levels) in [(Side::Buy, &diff.bids), (Side::Sell, &diff.asks)] {
            for (price, shown) in levels {
                // Both were read when the book was changed.
                if let (Ok(price), Ok(shown)) = (price.parse(), shown.parse()) {
                    self.level_changed(side, price, shown);
                }
            }
        }
        self.book_moved(instrument, [book.side(Side::Buy), book.side(Side::Sell)]);
    }

    /// Takers took something from this level; it changed, so the recording decides again.
    fn level_changed(&mut self, side: Side, price: Decimal, shown: Decimal) {
        self.taken[half(side)].remove(&price);
        for guest in &mut self.orders {
            if guest.standing.side == side && guest.price == price {
                guest.ahead = guest.ahead.min(shown);
            }
        }
    }

    /// Fills orders the recorded book has reached.
    fn book_moved(&mut self, instrument: &Instrument, book: [Shown<'_>; 2]) {
        for side in [Side::Buy, Side::Sell] {
            let other = side.opposite();
            while let (Some(index), Some((price, quantity))) =
                (self.first(side), self.front(instrument, other, book[half(other)]))
            {
                let guest = self.orders[index];
                if !reaches(side, guest.standing.price, price) {
                    break;
                }
                let part = guest.left.min(quantity);
                self.note_taken(instrument, other, price, part);
                let deal = self.fill(instrument.id(), index, part);
                self.deals.push(deal);
            }
        }
    }

    fn note_taken(&mut self, instrument: &Instrument, side: Side, price: Ticks, part: Lots) {
        let taken = self.taken[half(side)].entry(instrument.price(price)).or_default();
        *taken += instrument.quantity(part);
    }

    /// A recorded trade passes.
    pub(super) fn trade_passed(&mut self, instrument: &Instrument, trade: &TradeLine<'_>) {
        let decimal = |text: &str| text.parse::<Decimal>().ok();
        let (Some(price), Some(mut left)) = (decimal(trade.price), decimal(trade.quantity)) else {
            return;
        };
        let aggressor = if trade.buyer_is_maker { Side::Sell } else { Side::Buy };
        let side = aggressor.opposite();
        while let Some(index) = self.first(side) {
            let guest = &mut self.orders[index];
            let own = instrument.price(guest.standing.price);
            let beyond = if side == Side::Buy { price < own } else { price > own };
            if !beyond && price != own {
                break;
            }
            if !beyond {
                let before = guest.ahead.min(left);
                guest.ahead -= before;
                left -= before;
            }
            let fits = Qty::new(left).ok().and_then(|left| instrument.lots_floor(left).ok());
            let part = fits.unwrap_or(Lots::new(0)).min(guest.left);
            if part.is_zero() {
                break;
            }
            left -= instrument.quantity(part);
            let deal = self.fill(instrument.id(), index, part);
            self.deals.push(deal);
        }
        if let Some(ticks) = Price::new(price).ok().and_then(|price| instrument.ticks(price).ok()) {
            let quantity = Qty::new(left).ok().and_then(|left| instrument.lots_floor(left).ok());
            let rest = quantity.unwrap_or(Lots::new(0));
            let deal = self.deal(instrument.id(), (ticks, rest, aggressor, None));
            self.deals.push(deal);
        }
    }
}

impl Recording {
    fn place_of(&self, instrument: InstrumentId) -> Option<usize> {
        self.tracks.iter().position(|track| track.instrument == instrument)
    }
}

impl Floor for Recording {
    fn front(&self, instrument: InstrumentId, side: Side) -> Option<Offer> {
        let track = &self.tracks[self.place_of(instrument)?];
        let spec = self.instruments.get(instrument);
        let shown =
            track.book.as_ref().and_then(|book| track.guests.front(spec, side, book.side(side)));
        let recorded = shown.map(|(price, quantity)| Offer { price, quantity, owner: None });
        let own = track.guests.first(side).map(|index| {
            let Guest { standing, left, .. } = track.guests.orders[index];
            Offer { price: standing.price, quantity: left, owner: Some(standing.owner) }
        });
        match (recorded, own) {
            (Some(recorded), Some(own)) if reaches(side.opposite(), recorded.price, own.price) => {
                // At one price the recorded orders were there first.
                Some(if recorded.price == own.price { recorded } else { own })
            }
            (Some(recorded), _) => Some(recorded),
            (None, own) => own,
        }
    }

    fn take(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        most: Lots,
        _: &mut dyn Outlet,
    ) -> Option<Deal> {
        let offer = self.front(instrument, side.opposite())?;
        let place = self.place_of(instrument)?;
        let guests = &mut self.tracks[place].guests;
        let part = most.min(offer.quantity);
        if let Some(owner) = offer.owner {
            let index = guests.orders.iter().position(|one| one.standing.owner == owner)?;
            return Some(guests.fill(instrument, index, part));
        }
        let spec = self.instruments.get(instrument);
        guests.note_taken(spec, side.opposite(), offer.price, part);
        Some(guests.deal(instrument, (offer.price, part, side, None)))
    }

    fn rest(&mut self, standing: Standing, quantity: Lots, _: &mut dyn Outlet) {
        let Some(place) = self.place_of(standing.instrument) else { return };
        let price = self.instruments.get(standing.instrument).price(standing.price);
        let track = &mut self.tracks[place];
        let shown = track.book.as_ref().and_then(|book| book.side(standing.side).get(&price));
        let ahead = shown.copied().unwrap_or_default();
        track.guests.orders.push(Guest { standing, left: quantity, ahead, price });
    }

    fn withdraw(&mut self, owner: u64, quantity: Lots, _: &mut dyn Outlet) {
        for track in &mut self.tracks {
            for guest in &mut track.guests.orders {
                if guest.standing.owner == owner {
                    guest.left = guest.left.minus(quantity.min(guest.left));
                }
            }
            track.guests.orders.retain(|guest| !guest.left.is_zero());
        }
    }

    fn deals(&mut self) -> Vec<Deal> {
        self.tracks.iter_mut().flat_map(|track| std::mem::take(&mut track.guests.deals)).collect()
    }
}
