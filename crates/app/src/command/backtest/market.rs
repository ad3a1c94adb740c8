//! Where a back-test's events come from: the catalogue, a database, or a made-up market.

use std::borrow::Cow;

use domain::{Level, MarketData, MarketEvent, Timestamp};
use history::ReadError;
use research::{BuiltBars, History, built_bars::BuildError, synthetic::Synthetic};

/// Events of any kind.
pub(super) enum Market {
    Recorded(Box<Recorded>),
    /// Bars that are built while they are read.
    Built(Box<BuiltBars<Recorded>>),
    Synthetic(Box<Synthetic>),
}

impl History for Market {
    /// Where nothing is built, only reading can fail.
    type Error = BuildError<ReadError>;

    fn advance(&mut self) -> Result<bool, Self::Error> {
        match self {
            Self::Recorded(recorded) => recorded.advance().map_err(BuildError::History),
            Self::Built(built) => built.advance(),
            Self::Synthetic(synthetic) => match synthetic.advance() {
                Ok(more) => Ok(more),
                Err(never) => match never {},
            },
        }
    }

    fn current(&self) -> (Timestamp, &MarketEvent<'_>) {
        match self {
            Self::Recorded(recorded) => recorded.current(),
            Self::Built(built) => built.current(),
            Self::Synthetic(synthetic) => synthetic.current(),
        }
    }
}

/// Events of a catalogue, the last one kept in memory that is used again.
pub(super) struct Recorded {
    reader: history::History,
    until: Option<Timestamp>,
    time: Timestamp,
    event: MarketEvent<'static>,
}

impl Recorded {
    /// All events up to and at `until`.
    pub(super) fn new(reader: history::History, until: Option<Timestamp>) -> Self {
        let event = MarketEvent {
            instrument: domain::InstrumentId::new(0),
            exchange_time: None,
            data: MarketData::FeedLive,
        };
        Self { reader, until, time: Timestamp::EPOCH, event }
    }
}

impl History for Recorded {
    type Error = ReadError;

    fn advance(&mut self) -> Result<bool, ReadError> {
        let next = self.reader.next_time();
        if next.is_none_or(|next| self.until.is_some_and(|until| next > until)) {
            return Ok(false);
        }
        let Some((time, event)) = self.reader.next()? else { return Ok(false) };
        self.time = time;
        self.event.instrument = event.instrument;
        self.event.exchange_time = event.exchange_time;
        keep(&mut self.event.data, event.data);
        Ok(true)
    }

    fn current(&self) -> (Timestamp, &MarketEvent<'_>) {
        (self.time, &self.event)
    }
}

/// Moves an event's data into `kept`, whose vectors are filled again.
fn keep(kept: &mut MarketData<'static>, data: MarketData<'_>) {
    let (old_bids, old_asks) = match std::mem::replace(kept, MarketData::FeedLive) {
        MarketData::BookDiff { bids, asks, .. } | MarketData::BookSnapshot { bids, asks, .. } => {
            (bids.into_owned(), asks.into_owned())
        }
        _ => (Vec::new(), Vec::new()),
    };
    *kept = match data {
        MarketData::BookSnapshot { update_id, bids, asks } => MarketData::BookSnapshot {
            update_id,
            bids: refill(old_bids, &bids),
            asks: refill(old_asks, &asks),
        },
        MarketData::BookDiff { first_update_id, last_update_id, bids, asks } => {
            MarketData::BookDiff {
                first_update_id,
                last_update_id,
                bids: refill(old_bids, &bids),
                asks: refill(old_asks, &asks),
            }
        }
        MarketData::BookLost(loss) => MarketData::BookLost(loss),
        MarketData::Quote(quote) => MarketData::Quote(quote),
        MarketData::Trade(trade) => MarketData::Trade(trade),
        MarketData::AggregateTrade(trade) => MarketData::AggregateTrade(trade),
        MarketData::Mark(mark) => MarketData::Mark(mark),
        MarketData::Bar(bar) => MarketData::Bar(bar),
        MarketData::Funding(funding) => MarketData::Funding(funding),
        MarketData::Split(split) => MarketData::Split(split),
        MarketData::Dividend(dividend) => MarketData::Dividend(dividend),
        MarketData::FeedSilent => MarketData::FeedSilent,
        MarketData::FeedLive => MarketData::FeedLive,
    };
}

fn refill(mut levels: Vec<Level>, with: &[Level]) -> Cow<'static, [Level]> {
    levels.clear();
    levels.extend_from_slice(with);
    Cow::Owned(levels)
}
