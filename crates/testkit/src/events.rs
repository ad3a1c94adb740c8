//! Short ways to say what happens in a market, and to number it.

use std::borrow::Cow;

use domain::{
    Control, Event, InstrumentId, Level, Lots, MarketData, MarketEvent, OrderReport, Side, Span,
    Stamped, Ticks, Timestamp,
    event::{BookLoss, Quote, Trade},
};

/// Price and quantity in counts.
pub type Rung = (i64, i64);

fn levels(rungs: &[Rung]) -> Cow<'static, [Level]> {
    rungs.iter().map(|&(price, quantity)| Level::new(price, quantity)).collect()
}

/// Something in the market without a venue time.
#[must_use]
pub const fn market(instrument: InstrumentId, data: MarketData<'_>) -> Event<'_> {
    Event::Market(MarketEvent { instrument, exchange_time: None, data })
}

/// The whole book.
#[must_use]
pub fn book(instrument: InstrumentId, bids: &[Rung], asks: &[Rung]) -> Event<'static> {
    let (bids, asks) = (levels(bids), levels(asks));
    market(instrument, MarketData::BookSnapshot { update_id: 1, bids, asks })
}

/// Changed levels.
#[must_use]
pub fn diff(instrument: InstrumentId, bids: &[Rung], asks: &[Rung]) -> Event<'static> {
    let (bids, asks) = (levels(bids), levels(asks));
    market(instrument, MarketData::BookDiff { first_update_id: 2, last_update_id: 2, bids, asks })
}

/// A trade between others.
#[must_use]
pub const fn trade(
    instrument: InstrumentId,
    (price, quantity): Rung,
    aggressor: Side,
) -> Event<'static> {
    let (price, quantity) = (Ticks::new(price), Lots::new(quantity));
    market(instrument, MarketData::Trade(Trade { id: 1, price, quantity, aggressor }))
}

/// The venue's own best bid and ask.
#[must_use]
pub const fn quote(instrument: InstrumentId, bid: Rung, ask: Rung) -> Event<'static> {
    let (bid, ask) = (Level::new(bid.0, bid.1), Level::new(ask.0, ask.1));
    market(instrument, MarketData::Quote(Quote { update_id: 1, bid, ask }))
}

/// The book can no longer be trusted.
#[must_use]
pub const fn lost(instrument: InstrumentId, loss: BookLoss) -> Event<'static> {
    market(instrument, MarketData::BookLost(loss))
}

/// A venue's word on an order.
#[must_use]
pub const fn report(report: OrderReport) -> Event<'static> {
    Event::Report(report)
}

/// An order to the engine.
#[must_use]
pub const fn control(control: Control) -> Event<'static> {
    Event::Control(control)
}

/// Numbers events and gives them a time, as the sequencer does.
#[derive(Clone, Copy, Debug)]
pub struct Tape {
    sequence: u64,
    now: Timestamp,
}

impl Tape {
    /// A tape that begins at `start`.
    #[must_use]
    pub const fn from(start: Timestamp) -> Self {
        Self { sequence: 0, now: start }
    }

    /// The time of the last event.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The next event, at the same time as the last.
    pub const fn stamp<'a>(&mut self, event: Event<'a>) -> Stamped<'a> {
        self.sequence += 1;
        Stamped { sequence: self.sequence, time: self.now, event }
    }

    /// Lets time pass.
    pub fn pass(&mut self, span: Span) -> &mut Self {
        self.now = self.now + span;
        self
    }
}

impl Default for Tape {
    fn default() -> Self {
        Self::from(Timestamp::from_millis(1_700_000_000_000))
    }
}

#[cfg(test)]
mod tests {
    use domain::{Event, InstrumentId, MarketData, Span};

    use super::{Tape, book};

    #[test]
    fn a_tape_numbers_without_holes_and_time_stands_still_unless_it_passes() {
        let mut tape = Tape::default();
        let first = tape.stamp(Event::Clock);
        let second = tape.stamp(Event::Clock);
        let third = tape.pass(Span::from_secs(1)).stamp(Event::Clock);
        assert_eq!([first.sequence, second.sequence, third.sequence], [1, 2, 3]);
        assert_eq!(second.time.since(first.time), Span::ZERO);
        assert_eq!(third.time.since(first.time), Span::from_secs(1));
        assert_eq!(tape.now(), third.time);
    }

    #[test]
    fn a_book_keeps_its_rungs_on_their_sides() {
        let event = book(InstrumentId::new(3), &[(10, 1)], &[(11, 2), (12, 3)]);
        let Event::Market(market) = event else { panic!("a book is a market event") };
        assert_eq!(market.instrument, InstrumentId::new(3));
        let MarketData::BookSnapshot { bids, asks, .. } = market.data else {
            panic!("a book is a snapshot")
        };
        assert_eq!((bids[0].price.get(), asks.len(), asks[1].quantity.get()), (10, 2, 3));
    }
}
