//! What Binance's streams and end points are called and where they are.

use domain::{Market, Span, instrument::InstrumentSpec};

use super::VENUE;
use crate::{ConnectionPlan, catalogue::SettingsError};

/// Base addresses, without a slash at the end. None is written anywhere else, so a local
/// venue is a matter of configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Spot, REST.
    pub spot_rest: String,
    /// Spot, streams.
    pub spot_ws: String,
    /// USD-M futures, REST.
    pub futures_rest: String,
    /// USD-M futures, root of depth and book ticker streams.
    pub futures_ws_public: String,
    /// USD-M futures, root of trade and mark price streams.
    pub futures_ws_market: String,
    /// COIN-M futures, REST.
    pub coin_rest: String,
    /// COIN-M futures, streams.
    pub coin_ws: String,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            spot_rest: "https://api.binance.com".into(),
            spot_ws: "wss://stream.binance.com:9443".into(),
            futures_rest: "https://fapi.binance.com".into(),
            futures_ws_public: "wss://fstream.binance.com/public".into(),
            futures_ws_market: "wss://fstream.binance.com/market".into(),
            coin_rest: "https://dapi.binance.com".into(),
            coin_ws: "wss://dstream.binance.com".into(),
        }
    }
}

impl Endpoints {
    /// Puts another address in the place of the one with this configuration key.
    ///
    /// # Errors
    /// [`SettingsError`] for a key or an address that cannot be used.
    pub fn replace(&mut self, key: &str, value: &str) -> Result<(), SettingsError> {
        let places = [
            ("coin_rest", &mut self.coin_rest),
            ("coin_ws", &mut self.coin_ws),
            ("futures_rest", &mut self.futures_rest),
            ("futures_ws_market", &mut self.futures_ws_market),
            ("futures_ws_public", &mut self.futures_ws_public),
            ("spot_rest", &mut self.spot_rest),
            ("spot_ws", &mut self.spot_ws),
        ];
        let known: Vec<&str> = places.iter().map(|(name, _)| *name).collect();
        let Some((_, place)) = places.into_iter().find(|(name, _)| *name == key) else {
            let key = key.to_owned();
            return Err(SettingsError::UnknownEndpoint { venue: VENUE, key, known });
        };
        let rest = key.ends_with("_rest");
        let schemes: &[&str] = if rest { &["http://", "https://"] } else { &["ws://", "wss://"] };
        if !schemes.iter().any(|scheme| value.starts_with(scheme)) {
            let (key, value) = (key.to_owned(), value.to_owned());
            return Err(SettingsError::BadEndpoint { key, value, schemes });
        }
        value.trim_end_matches('/').clone_into(place);
        Ok(())
    }

    /// The address of a depth snapshot.
    #[must_use]
    pub fn depth_url(&self, market: Market, symbol: &str, levels: u32) -> String {
        format!("{}/depth?symbol={symbol}&limit={levels}", self.rest(market))
    }

    /// The address of the facts about instruments: of one on spot, of all elsewhere, where
    /// the venue cannot be asked for one.
    #[must_use]
    pub fn exchange_info_url(&self, market: Market, symbol: &str) -> String {
        match market {
            Market::Spot => format!("{}/exchangeInfo?symbol={symbol}", self.rest(market)),
            _ => format!("{}/exchangeInfo", self.rest(market)),
        }
    }

    fn rest(&self, market: Market) -> String {
        match market {
            Market::Spot => format!("{}/api/v3", self.spot_rest),
            Market::LinearPerpetual => format!("{}/fapi/v1", self.futures_rest),
            Market::InversePerpetual => format!("{}/dapi/v1", self.coin_rest),
        }
    }

    fn socket(&self, root: Root) -> &str {
        match root {
            Root::Spot => &self.spot_ws,
            Root::FuturesPublic => &self.futures_ws_public,
            Root::FuturesMarket => &self.futures_ws_market,
            Root::Coin => &self.coin_ws,
        }
    }
}

/// The kinds of streams this venue's translator reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreamKind {
    /// Changes of the book.
    Depth,
    /// Best bid and ask.
    BookTicker,
    /// Each trade. On USD-M undocumented: prefer [`StreamKind::AggregateTrade`] there.
    Trade,
    /// Trades of one taker order, joined.
    AggregateTrade,
    /// Mark price and funding; futures only.
    MarkPrice,
}

impl StreamKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Depth, Self::BookTicker, Self::Trade, Self::AggregateTrade, Self::MarkPrice];

    /// The stream of one symbol.
    #[must_use]
    pub fn stream(self, symbol: &str, depth_speed: &str) -> String {
        let symbol = symbol.to_lowercase();
        match self {
            Self::Depth => format!("{symbol}@depth@{depth_speed}"),
            Self::BookTicker => format!("{symbol}@bookTicker"),
            Self::Trade => format!("{symbol}@trade"),
            Self::AggregateTrade => format!("{symbol}@aggTrade"),
            Self::MarkPrice => format!("{symbol}@markPrice@1s"),
        }
    }

    const fn root(self, market: Market) -> Option<Root> {
        match (market, self) {
            (Market::Spot, Self::MarkPrice) => None,
            (Market::Spot, _) => Some(Root::Spot),
            (Market::LinearPerpetual, Self::Depth | Self::BookTicker) => Some(Root::FuturesPublic),
            (Market::LinearPerpetual, _) => Some(Root::FuturesMarket),
            (Market::InversePerpetual, _) => Some(Root::Coin),
        }
    }
}

/// Where a group of streams is served. Asked for elsewhere, a stream stays silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Spot,
    FuturesPublic,
    FuturesMarket,
    Coin,
}

impl Root {
    pub(super) const ALL: [Self; 4] =
        [Self::Spot, Self::FuturesPublic, Self::FuturesMarket, Self::Coin];

    pub(super) const fn market(self) -> Market {
        match self {
            Self::Spot => Market::Spot,
            Self::FuturesPublic | Self::FuturesMarket => Market::LinearPerpetual,
            Self::Coin => Market::InversePerpetual,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Spot => "binance-spot",
            Self::FuturesPublic => "binance-usdm-public",
            Self::FuturesMarket => "binance-usdm-market",
            Self::Coin => "binance-coinm",
        }
    }

    /// Of these kinds the ones served here.
    pub(super) fn kinds(self, kinds: &[StreamKind]) -> Vec<StreamKind> {
        let here = |kind: &StreamKind| kind.root(self.market()) == Some(self);
        kinds.iter().copied().filter(here).collect()
    }

    /// The socket for these instruments. Up to 50 streams are named in the address, more
    /// are subscribed to after opening.
    pub(super) fn plan(
        self,
        number: usize,
        endpoints: &Endpoints,
        streams: &[String],
        idle_limit: Span,
    ) -> ConnectionPlan {
        let base = endpoints.socket(self);
        let (url, hello) = if streams.len() <= 50 {
            (format!("{base}/stream?streams={}", streams.join("/")), Vec::new())
        } else {
            let subscribe = |(id, streams): (usize, &[String])| {
                let message =
                    serde_json::json!({"method": "SUBSCRIBE", "params": streams, "id": id + 1});
                message.to_string()
            };
            let hello = streams.chunks(100).enumerate().map(subscribe).collect();
            (format!("{base}/stream"), hello)
        };
        let name = match number {
            0 => self.name().to_owned(),
            _ => format!("{}-{}", self.name(), number + 1),
        };
        let spot = self == Self::Spot;
        ConnectionPlan {
            name,
            url,
            hello,
            idle_limit,
            max_age: Span::from_secs(24 * 60 * 60),
            // One less than the venue allows, for the pongs.
            messages_per_second: if spot { 4 } else { 9 },
        }
    }
}

/// The streams of one instrument at one root.
pub(super) fn streams_of(
    spec: &InstrumentSpec,
    kinds: &[StreamKind],
    depth_speed: &str,
) -> Vec<String> {
    kinds.iter().map(|kind| kind.stream(&spec.symbol, depth_speed)).collect()
}
