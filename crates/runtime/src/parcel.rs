//! A market event that owns its levels, for the way from one thread to another.
//!
//! Parcels are recycled: the vectors travel back, so that a steady stream of events
//! allocates nothing.

use std::borrow::Cow;

use domain::{InstrumentId, Level, MarketData, MarketEvent, Timestamp};

use crate::Stamp;

/// An owned market event with its arrival.
#[derive(Debug)]
pub struct Parcel {
    /// When it was received, in event time.
    pub time: Timestamp,
    /// When its bytes were there.
    pub arrival: Stamp,
    instrument: InstrumentId,
    exchange_time: Option<Timestamp>,
    body: Body,
    levels: Vec<Level>,
    bids: usize,
}

#[derive(Debug)]
enum Body {
    Snapshot { update_id: u64 },
    Diff { first_update_id: u64, last_update_id: u64 },
    Other(MarketData<'static>),
}

impl Parcel {
    /// Packs an event, reusing `levels` for its levels.
    #[must_use]
    pub fn pack(
        event: &MarketEvent<'_>,
        time: Timestamp,
        arrival: Stamp,
        mut levels: Vec<Level>,
    ) -> Self {
        levels.clear();
        let mut keep = |bids: &[Level], asks: &[Level]| {
            levels.extend_from_slice(bids);
            levels.extend_from_slice(asks);
            bids.len()
        };
        let (body, bids) = match &event.data {
            MarketData::BookSnapshot { update_id, bids, asks } => {
                (Body::Snapshot { update_id: *update_id }, keep(bids, asks))
            }
            MarketData::BookDiff { first_update_id, last_update_id, bids, asks } => {
                let (first_update_id, last_update_id) = (*first_update_id, *last_update_id);
                (Body::Diff { first_update_id, last_update_id }, keep(bids, asks))
            }
            MarketData::BookLost(loss) => (Body::Other(MarketData::BookLost(*loss)), 0),
            MarketData::Quote(quote) => (Body::Other(MarketData::Quote(*quote)), 0),
            MarketData::Trade(trade) => (Body::Other(MarketData::Trade(*trade)), 0),
            MarketData::AggregateTrade(trade) => {
                (Body::Other(MarketData::AggregateTrade(*trade)), 0)
            }
            MarketData::Mark(mark) => (Body::Other(MarketData::Mark(*mark)), 0),
            MarketData::Bar(bar) => (Body::Other(MarketData::Bar(*bar)), 0),
            MarketData::Funding(funding) => (Body::Other(MarketData::Funding(*funding)), 0),
            MarketData::Split(split) => (Body::Other(MarketData::Split(*split)), 0),
            MarketData::Dividend(dividend) => (Body::Other(MarketData::Dividend(*dividend)), 0),
            MarketData::FeedSilent => (Body::Other(MarketData::FeedSilent), 0),
            MarketData::FeedLive => (Body::Other(MarketData::FeedLive), 0),
        };
        let (instrument, exchange_time) = (event.instrument, event.exchange_time);
        Self { time, arrival, instrument, exchange_time, body, levels, bids }
    }

    /// The event inside.
    #[must_use]
    pub fn event(&self) -> MarketEvent<'_> {
        let (bids, asks) = self.levels.split_at(self.bids);
        let (bids, asks) = (Cow::Borrowed(bids), Cow::Borrowed(asks));
        let data = match &self.body {
            Body::Snapshot { update_id } => {
                MarketData::BookSnapshot { update_id: *update_id, bids, asks }
            }
            Body::Diff { first_update_id, last_update_id } => MarketData::BookDiff {
                first_update_id: *first_update_id,
                last_update_id: *last_update_id,
                bids,
                asks,
            },
            Body::Other(data) => data.clone(),
        };
        MarketEvent { instrument: self.instrument, exchange_time: self.exchange_time, data }
    }

    /// The vector for the next parcel.
    #[must_use]
    pub fn recycle(self) -> Vec<Level> {
        self.levels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Lots, Side, Ticks, event::Trade};

    fn round_trip(data: MarketData<'_>) {
        let event = MarketEvent {
            instrument: InstrumentId::new(3),
            exchange_time: Some(Timestamp::from_millis(7)),
            data,
        };
        let parcel = Parcel::pack(&event, Timestamp::from_millis(9), Stamp::default(), Vec::new());
        assert_eq!(parcel.event(), event);
    }

    #[test]
    fn what_is_packed_comes_out() {
        let bids: Cow<'_, [Level]> = Cow::Owned(vec![Level::new(10, 1), Level::new(9, 2)]);
        let asks: Cow<'_, [Level]> = Cow::Owned(vec![Level::new(11, 3)]);
        round_trip(MarketData::BookSnapshot {
            update_id: 5,
            bids: bids.clone(),
            asks: asks.clone(),
        });
        round_trip(MarketData::BookDiff { first_update_id: 6, last_update_id: 8, bids, asks });
        round_trip(MarketData::FeedSilent);
        round_trip(MarketData::Trade(Trade {
            id: 1,
            price: Ticks::new(10),
            quantity: Lots::new(2),
            aggressor: Side::Sell,
        }));
    }
}
