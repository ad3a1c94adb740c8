//! Behaviour of the Binance translator, piece by piece.

mod decode;
mod depth_sync;
mod exchange_info;
mod feed;
mod liveness;
mod streams;
mod throttle;

use domain::{
    InstrumentId, Instruments, Market, MarketData, MarketEvent, Timestamp, event::BookLoss,
};

use super::{BinanceConfig, BinanceFeed, Endpoints, known_instruments};
use crate::{ConnectionId, MarketFeed, MarketSink, Request};

/// BTC on spot.
const SPOT: InstrumentId = InstrumentId::new(0);
/// BTC on USD-M.
const USDM: InstrumentId = InstrumentId::new(2);

fn known() -> Instruments {
    Instruments::new(known_instruments()).unwrap()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

/// Everything a feed said, in short words.
#[derive(Default)]
struct Said {
    events: Vec<String>,
    requests: Vec<Request>,
}

impl Said {
    fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events)
    }
}

impl MarketSink for Said {
    fn event(&mut self, event: MarketEvent<'_>) {
        let word = match event.data {
            // The snapshot has one bid, and each change has one at a price of its own.
            MarketData::BookSnapshot { update_id, bids, .. } if bids.len() > 1 => {
                format!("snapshot {update_id} with {} changes", bids.len() - 1)
            }
            MarketData::BookSnapshot { update_id, .. } => format!("snapshot {update_id}"),
            MarketData::BookDiff { first_update_id, last_update_id, .. } => {
                format!("diff {first_update_id}..{last_update_id}")
            }
            MarketData::BookLost(loss) => match loss {
                BookLoss::Gap => "lost by a gap".into(),
                BookLoss::Disconnected => "lost by a hang-up".into(),
                BookLoss::Crossed => "lost by crossing".into(),
                BookLoss::Unreadable => "lost by an unreadable frame".into(),
            },
            MarketData::Quote(quote) => format!("quote {}", quote.update_id),
            MarketData::Trade(trade) | MarketData::AggregateTrade(trade) => {
                format!("trade {}", trade.id)
            }
            MarketData::Mark(_) => "mark".into(),
            MarketData::Bar(_)
            | MarketData::Funding(_)
            | MarketData::Split(_)
            | MarketData::Dividend(_) => "history".into(),
            MarketData::FeedSilent => "silent".into(),
            MarketData::FeedLive => "live".into(),
        };
        self.events.push(word);
    }

    fn request(&mut self, request: Request) {
        self.requests.push(request);
    }
}

/// A feed of the known instruments with one market's connection open.
struct Session {
    feed: BinanceFeed,
    connection: ConnectionId,
    market: Market,
    said: Said,
}

impl Session {
    fn new(market: Market) -> Self {
        let endpoints = Endpoints { spot_rest: "http://here".into(), ..Endpoints::default() };
        let config = BinanceConfig { endpoints, kept_diffs: 4, ..BinanceConfig::default() };
        let mut feed = BinanceFeed::new(config, &known());
        let connection = feed.connection_of(market).unwrap();
        let mut said = Said::default();
        feed.on_open(connection, at(0), &mut said);
        Self { feed, connection, market, said }
    }

    fn instrument(&self) -> InstrumentId {
        if self.market == Market::Spot { SPOT } else { USDM }
    }

    fn frame(&mut self, millis: i64, frame: &str) -> Result<(), crate::FrameError> {
        self.feed.on_frame(self.connection, frame.as_bytes(), at(millis), &mut self.said)
    }

    /// A change of BTC's book; `previous` is for futures.
    fn diff(&mut self, millis: i64, first: u64, last: u64, previous: u64) {
        let frame = depth_frame(self.market, first, last, previous);
        self.frame(millis, &frame).unwrap();
    }

    fn snapshot(&mut self, millis: i64, update_id: u64) {
        let body = format!(
            r#"{{"lastUpdateId":{update_id},"bids":[["100.00","1.000"]],"asks":[["101.00","2.000"]]}}"#
        );
        let request = self.depth_request();
        let body = Ok(body.as_bytes());
        self.feed.on_response(&request, body, at(millis), &mut self.said).unwrap();
    }

    fn depth_request(&self) -> Request {
        Request::DepthSnapshot { instrument: self.instrument(), url: String::new() }
    }

    fn clock(&mut self, millis: i64) {
        self.feed.on_clock(at(millis), &mut self.said);
    }

    fn requested(&self) -> u64 {
        self.feed.health().counters.snapshots_requested
    }
}

fn depth_frame(market: Market, first: u64, last: u64, previous: u64) -> String {
    let chain = match market {
        Market::Spot => String::new(),
        _ => format!(r#""pu":{previous},"#),
    };
    format!(
        r#"{{"stream":"btcusdt@depth@100ms","data":{{"e":"depthUpdate","E":1700000000000,"s":"BTCUSDT","U":{first},"u":{last},{chain}"b":[["{first}.50","1.500"]],"a":[]}}}}"#
    )
}
