//! The filters an order must pass, in the venue's order.

use domain::{Instrument, Lots, Market, Price, Qty, Side, Ticks};
use rust_decimal::Decimal;

use super::{Exchange, Reject, order::Ticket};

/// Highest price of any instrument.
pub(crate) const MAX_PRICE: u32 = 1_000_000;
/// Open orders of an account in a symbol.
pub(crate) const MAX_ORDERS: usize = 200;
/// Waiting conditional orders: spot and USD-M.
pub(crate) const MAX_ALGO_ORDERS: [usize; 2] = [5, 200];
/// Highest value of a spot order.
pub(crate) const MAX_NOTIONAL: u32 = 9_000_000;

/// Spot limits may be this far from the average price: up to five times, down to a fifth.
pub(crate) const SPOT_BAND: (Decimal, Decimal) =
    (Decimal::from_parts(5, 0, 0, false, 0), Decimal::from_parts(2, 0, 0, false, 1));
/// USD-M limits: buyers at most this much of the mark price, sellers at least that.
pub(crate) const FUTURES_BAND: (Decimal, Decimal) =
    (Decimal::from_parts(105, 0, 0, false, 2), Decimal::from_parts(95, 0, 0, false, 2));

/// The largest market order: a tenth of the largest order.
pub(crate) fn max_market(instrument: &Instrument) -> Decimal {
    let spec = instrument.spec();
    let largest = largest(instrument);
    (largest / Decimal::TEN).max(spec.lot_size.decimal())
}

/// The largest order; zero in the facts means no limit, and the venue writes a large number.
pub(crate) fn largest(instrument: &Instrument) -> Decimal {
    let most = instrument.spec().max_quantity.decimal();
    if most.is_zero() { Decimal::from(9_000_000_u32) } else { most }
}

/// The smallest order.
pub(crate) fn smallest(instrument: &Instrument) -> Decimal {
    instrument.spec().min_quantity.decimal().max(instrument.spec().lot_size.decimal())
}

/// The smallest value of an order.
pub(crate) fn min_notional(instrument: &Instrument) -> Decimal {
    Decimal::try_from_i128_with_scale(instrument.spec().min_notional.atto(), 18)
        .unwrap_or_default()
        .normalize()
}

impl Exchange {
    /// A quantity in lots, `None` off the grid.
    pub(crate) fn lots(&self, id: domain::InstrumentId, quantity: Decimal) -> Option<Lots> {
        self.instrument(id).lots(Qty::new(quantity).ok()?).ok()
    }

    /// A price in ticks, `None` off the grid or not above zero.
    pub(crate) fn ticks(&self, id: domain::InstrumentId, price: Decimal) -> Option<Ticks> {
        self.instrument(id).ticks(Price::new(price).ok()?).ok()
    }

    /// The price orders are compared with: the last trade, else the middle of the book.
    pub(crate) fn reference(&self, id: domain::InstrumentId) -> Option<Decimal> {
        if let Some(last) = self.last.get(&id) {
            return Some(*last);
        }
        let price = |side| self.floor.front(id, side).map(|offer| offer.price);
        let (bid, ask) = (price(Side::Buy)?, price(Side::Sell)?);
        let spec = self.instrument(id);
        Some((spec.price(bid) + spec.price(ask)) / Decimal::TWO)
    }

    /// Checks prices and quantities against the filters of the instrument.
    pub(crate) fn check_filters(&self, ticket: &Ticket) -> Result<(), Reject> {
        let instrument = self.instrument(ticket.instrument);
        let spot = ticket.market == Market::Spot;
        for price in [ticket.price, ticket.stop_price] {
            if price.is_zero() {
                continue;
            }
            let off_grid = self.ticks(ticket.instrument, price).is_none();
            if off_grid || price > Decimal::from(MAX_PRICE) {
                return Err(if spot { Reject::Filter("PRICE_FILTER") } else { Reject::OffTick });
            }
        }
        if ticket.quote_quantity.is_zero() && !ticket.close_position {
            self.check_quantity(ticket, instrument)?;
        }
        self.check_band(ticket)?;
        self.check_value(ticket, instrument)
    }

    fn check_quantity(&self, ticket: &Ticket, instrument: &Instrument) -> Result<(), Reject> {
        let quantity = ticket.quantity;
        if ticket.market == Market::Spot {
            let fits = quantity >= smallest(instrument)
                && quantity <= largest(instrument)
                && self.lots(ticket.instrument, quantity).is_some();
            if !fits {
                return Err(Reject::Filter("LOT_SIZE"));
            }
            if ticket.kind.takes_any_price() && quantity > max_market(instrument) {
                return Err(Reject::Filter("MARKET_LOT_SIZE"));
            }
            return Ok(());
        }
        let most = if ticket.kind.takes_any_price() {
            max_market(instrument)
        } else {
            largest(instrument)
        };
        if quantity <= Decimal::ZERO {
            Err(Reject::QuantityNotPositive)
        } else if self.lots(ticket.instrument, quantity).is_none() {
            Err(Reject::OffStep)
        } else if quantity > most {
            Err(Reject::QuantityTooLarge)
        } else {
            Ok(())
        }
    }

    fn check_band(&self, ticket: &Ticket) -> Result<(), Reject> {
        if ticket.price.is_zero() {
            return Ok(());
        }
        if ticket.market == Market::Spot {
            let Some(reference) = self.reference(ticket.instrument) else { return Ok(()) };
            let (up, down) = SPOT_BAND;
            let fits = ticket.price <= reference * up && ticket.price >= reference * down;
            return if fits { Ok(()) } else { Err(Reject::Filter("PERCENT_PRICE_BY_SIDE")) };
        }
        let mark = self.mark(ticket.instrument);
        let (up, down) = FUTURES_BAND;
        let outside = match ticket.side {
            Side::Buy => ticket.price > mark * up,
            Side::Sell => ticket.price < mark * down,
        };
        if outside && !mark.is_zero() { Err(Reject::PercentPrice) } else { Ok(()) }
    }

    fn check_value(&self, ticket: &Ticket, instrument: &Instrument) -> Result<(), Reject> {
        let spot = ticket.market == Market::Spot;
        if !spot && (ticket.reduce_only || ticket.close_position) {
            return Ok(());
        }
        let least = min_notional(instrument);
        let price = if !ticket.price.is_zero() {
            ticket.price
        } else if !ticket.stop_price.is_zero() {
            ticket.stop_price
        } else if spot {
            self.reference(ticket.instrument).unwrap_or_default()
        } else {
            self.mark(ticket.instrument)
        };
        let value = if ticket.quote_quantity.is_zero() {
            price * ticket.quantity
        } else {
            ticket.quote_quantity
        };
        if value < least {
            return Err(if spot {
                Reject::Filter("NOTIONAL")
            } else {
                Reject::NotionalTooSmall(least)
            });
        }
        let too_much =
            spot && !ticket.kind.takes_any_price() && value > Decimal::from(MAX_NOTIONAL);
        if too_much { Err(Reject::Filter("NOTIONAL")) } else { Ok(()) }
    }

    /// Counts the open orders of an account in a symbol.
    pub(crate) fn check_counts(&self, ticket: &Ticket) -> Result<(), Reject> {
        let ours = |id: &&u64| {
            self.state.orders.get(id).is_some_and(|order| {
                order.ticket.account == ticket.account
                    && order.ticket.instrument == ticket.instrument
            })
        };
        let (spot, open) = (ticket.market == Market::Spot, self.open.iter().filter(ours).count());
        if open >= MAX_ORDERS {
            let name = Reject::Filter("MAX_NUM_ORDERS");
            return Err(if spot { name } else { Reject::TooManyOrders });
        }
        let waits = |id: &&u64| self.state.orders.get(id).is_some_and(|order| !order.working);
        if spot && ticket.kind.is_conditional() {
            let waiting = self.open.iter().filter(ours).filter(waits).count();
            if waiting >= MAX_ALGO_ORDERS[0] {
                return Err(Reject::Filter("MAX_NUM_ALGO_ORDERS"));
            }
        }
        Ok(())
    }
}
