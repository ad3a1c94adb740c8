//! Stream names, and which root serves which stream.

use domain::{Instruments, Market as Kind};

use crate::market::{Channel, Stream};

/// A WebSocket root of the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// Spot: everything.
    Spot,
    /// USD-M books and quotes.
    Public,
    /// USD-M trades and mark prices.
    Market,
    /// COIN-M: everything.
    CoinMargined,
}

impl Root {
    /// The kind of instruments below this root.
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Spot => Kind::Spot,
            Self::Public | Self::Market => Kind::LinearPerpetual,
            Self::CoinMargined => Kind::InversePerpetual,
        }
    }

    const fn serves(self, channel: Channel) -> bool {
        let book = matches!(channel, Channel::Depth { .. } | Channel::BookTicker);
        match self {
            Self::Spot | Self::CoinMargined => true,
            Self::Public => book,
            Self::Market => !book,
        }
    }
}

/// How depth streams of different batch lengths relate to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DepthPace {
    /// Each length is a stream of its own.
    Batched,
    /// There is one depth stream, as it was recorded, under every name.
    AsRecorded,
}

/// Finds the stream behind a name such as `btcusdt@depth@100ms`.
///
/// `None` for whatever exists on the venue but not here, or not below this root: such a
/// subscription is acknowledged and stays silent, as the real one does.
pub(crate) fn find(
    name: &str,
    root: Root,
    instruments: &Instruments,
    pace: DepthPace,
) -> Option<Stream> {
    let (symbol, rest) = name.split_once('@')?;
    // Stream names are lower case; the venue is silent otherwise.
    if symbol.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let instrument = instruments.find("binance", root.kind(), &symbol.to_ascii_uppercase())?;
    let channel = channel(rest, root.kind(), pace)?;
    root.serves(channel).then_some(Stream { instrument: instrument.id(), channel })
}

fn channel(name: &str, kind: Kind, pace: DepthPace) -> Option<Channel> {
    let is_spot = kind == Kind::Spot;
    let channel = match name {
        "trade" => Channel::Trade,
        "aggTrade" => Channel::AggregateTrade,
        "bookTicker" => Channel::BookTicker,
        "markPrice" if !is_spot => Channel::MarkPrice { seconds: 3 },
        "markPrice@1s" if !is_spot => Channel::MarkPrice { seconds: 1 },
        "depth" | "depth@1000ms" if is_spot => Channel::Depth { millis: 1000 },
        "depth" | "depth@250ms" if !is_spot => Channel::Depth { millis: 250 },
        "depth@500ms" if !is_spot => Channel::Depth { millis: 500 },
        "depth@100ms" | "depth@0ms" => Channel::Depth { millis: 100 },
        _ => return None,
    };
    Some(match (channel, pace) {
        (Channel::Depth { .. }, DepthPace::AsRecorded) => Channel::Depth { millis: 0 },
        (Channel::MarkPrice { .. }, DepthPace::AsRecorded) => Channel::MarkPrice { seconds: 1 },
        _ => channel,
    })
}

/// Whether a name has the form of a stream name at all.
pub(crate) fn is_well_formed(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@_!.".contains(&byte))
}
