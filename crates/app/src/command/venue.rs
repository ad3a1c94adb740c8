//! The configured venue: its addresses, its instruments, its feed.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use domain::{Instruments, Span, instrument::InstrumentSpec, record::MarketSource};
use venues::{
    FetchError,
    binance::{
        BinanceConfig, BinanceFeed, Endpoints, StreamKind, known_instrument, read_exchange_info,
    },
    wire::{FetchLimits, TrustedRoots, get_once},
};

use crate::config::{self, Config, MarketSymbol, Stream};

/// The addresses of a configuration.
pub(super) fn endpoints(config: &Config) -> Endpoints {
    let binance = &config.venue.binance;
    let trimmed = |url: &str| url.trim_end_matches('/').to_owned();
    Endpoints {
        spot_rest: trimmed(&binance.spot_rest),
        spot_ws: trimmed(&binance.spot_ws),
        futures_rest: trimmed(&binance.futures_rest),
        futures_ws_public: trimmed(&binance.futures_ws_public),
        futures_ws_market: trimmed(&binance.futures_ws_market),
        ..Endpoints::default()
    }
}

/// The translator of a configuration.
pub(super) fn feed(config: &Config, instruments: &Instruments) -> BinanceFeed {
    let binance = &config.venue.binance;
    let mut streams: Vec<_> = instruments
        .iter()
        .flat_map(|one| binance.streams(config::MarketName::of(one.spec().market)))
        .map(stream_kind)
        .collect();
    streams.sort_unstable();
    streams.dedup();
    let idle = i64::try_from(binance.idle_timeout.as_millis()).unwrap_or(i64::MAX);
    let feed_config = BinanceConfig {
        endpoints: endpoints(config),
        streams,
        idle_limit: Span::from_millis(idle),
        ..BinanceConfig::default()
    };
    BinanceFeed::new(feed_config, instruments)
}

const fn stream_kind(stream: Stream) -> StreamKind {
    match stream {
        Stream::Depth => StreamKind::Depth,
        Stream::Trade => StreamKind::Trade,
        Stream::AggregateTrade => StreamKind::AggregateTrade,
        Stream::BookTicker => StreamKind::BookTicker,
        Stream::MarkPrice => StreamKind::MarkPrice,
    }
}

/// Ask for another symbol.
#[derive(Debug, thiserror::Error)]
#[error("the venue does not list {0}; check strategy.symbols")]
pub(super) struct NotListed(MarketSymbol);

/// What a venue says about itself and its instruments.
pub(super) struct VenueFacts {
    /// Everything the configuration trades or observes.
    pub(super) instruments: Instruments,
    /// Whether it is a real venue or a pretended one, and which.
    pub(super) market: MarketSource,
    /// The seed of a simulated market.
    pub(super) seed: Option<u64>,
}

/// Asks the venue for the facts about everything the configuration trades or observes.
///
/// # Errors
/// When the venue does not answer, does not know a symbol, or does not trade it now.
pub(super) fn ask(config: &Config) -> Result<VenueFacts> {
    let mut wanted = config.traded();
    wanted.extend(config.observed());
    let endpoints = endpoints(config);
    let mut specs = Vec::new();
    let mut server = None;
    for one in &wanted {
        let (spec, says) = ask_for(one, &endpoints)?;
        specs.push(spec);
        server = server.or(says);
    }
    let (market, seed) = recognise(server.as_deref());
    Ok(VenueFacts { instruments: Instruments::new(specs)?, market, seed })
}

/// A sandbox says that it is one, so that its market is never taken for a live one.
fn recognise(server: Option<&str>) -> (MarketSource, Option<u64>) {
    let Some(pretended) = server.and_then(|name| name.strip_prefix(sandbox::SERVER_NAME)) else {
        return (MarketSource::Live, None);
    };
    match pretended.trim().split_once("seed=") {
        Some((_, seed)) => (MarketSource::Simulated, seed.parse().ok()),
        None => (MarketSource::Recorded, None),
    }
}

fn ask_for(
    wanted: &MarketSymbol,
    endpoints: &Endpoints,
) -> Result<(InstrumentSpec, Option<String>)> {
    let market = wanted.market.market();
    let url = endpoints.exchange_info_url(market, &wanted.symbol);
    let limits = FetchLimits { total: Duration::from_secs(15), ..FetchLimits::default() };
    let answer = get_once(&url, &limits, &TrustedRoots::default())
        .map_err(|error| match error {
            // The question has one parameter, the symbol, so that is what was wrong with it.
            FetchError::Refused { status: 400, .. } => NotListed(wanted.clone()).into(),
            error => anyhow!("{url}: {error}"),
        })
        .with_context(|| format!("cannot ask the venue about {wanted}"))?;
    let info =
        read_exchange_info(market, &answer.body).with_context(|| format!("cannot read {url}"))?;
    let listed = info.find(&wanted.symbol).ok_or_else(|| NotListed(wanted.clone()))?;
    if !listed.trading {
        tracing::warn!(symbol = %wanted, "the venue does not trade this instrument now");
    }
    Ok((listed.spec.clone(), answer.server))
}

/// The facts about a recorded instrument: from the configuration, from beside the recording,
/// or from the built-in table.
pub(super) fn recorded_instrument(
    config: &Config,
    facts: &venues::capture::CaptureFacts,
) -> Option<InstrumentSpec> {
    let is_it = |one: &&InstrumentSpec| one.market == facts.market && one.symbol == facts.symbol;
    config
        .instruments
        .iter()
        .find(is_it)
        .cloned()
        .or_else(|| facts.spec.clone())
        .or_else(|| known_instrument(facts.market, &facts.symbol))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_is_never_taken_for_a_live_venue() {
        let simulated = format!("{} simulated seed=7", sandbox::SERVER_NAME);
        assert_eq!(recognise(Some(&simulated)), (MarketSource::Simulated, Some(7)));
        let recorded = format!("{} recorded", sandbox::SERVER_NAME);
        assert_eq!(recognise(Some(&recorded)), (MarketSource::Recorded, None));
        assert_eq!(recognise(Some("nginx")), (MarketSource::Live, None));
        assert_eq!(recognise(None), (MarketSource::Live, None));
    }
}
