//! Which data of the catalogue a back-test reads: from symbols as people write them to series.

use domain::Timestamp;
use history::{InstrumentKey, Interval, Kind, Listed, Selection};
use strategies::DecidesOn;

use super::super::Failure;

/// What was asked for.
pub(super) struct Wanted<'a> {
    pub(super) symbols: &'a [String],
    pub(super) decides_on: DecidesOn,
    pub(super) interval: Option<Interval>,
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

impl Wanted<'_> {
    /// The selection, from what there is.
    pub(super) fn select(&self, there: &[Listed]) -> Result<Selection, Failure> {
        let instruments =
            self.symbols.iter().map(|symbol| find(symbol, there)).collect::<Result<Vec<_>, _>>()?;
        let kinds = match self.decides_on {
            DecidesOn::Bars => vec![Kind::Bars(self.bars(&instruments, there)?)],
            DecidesOn::Quotes => vec![Kind::Quotes, Kind::Trades],
            DecidesOn::Book => vec![Kind::Depth, Kind::Trades, Kind::AggregateTrades, Kind::Quotes],
        };
        let essential = kinds[0];
        for key in &instruments {
            let has = |kind: Kind| {
                there.iter().any(|one| one.series.instrument == *key && one.series.kind == kind)
            };
            if !has(essential) {
                let kinds: Vec<_> = of(key, there).map(|one| one.series.kind.to_string()).collect();
                return Err(usage(format!(
                    "the strategy decides on {essential}, and there is none of {key}; there is {}",
                    kinds.join(", ")
                )));
            }
        }
        let kinds = kinds.into_iter().chain([Kind::Funding, Kind::Actions, Kind::Marks]).collect();
        Ok(Selection { instruments, kinds, from: self.from, to: self.to })
    }

    /// The length of bars that was asked for, or the only one that all instruments have.
    fn bars(&self, keys: &[InstrumentKey], there: &[Listed]) -> Result<Interval, Failure> {
        if let Some(interval) = self.interval {
            return Ok(interval);
        }
        let lengths = |key: &InstrumentKey| -> Vec<Interval> {
            of(key, there)
                .filter_map(|one| match one.series.kind {
                    Kind::Bars(interval) => Some(interval),
                    _ => None,
                })
                .collect()
        };
        let Some(first) = keys.first() else {
            return Err(usage("name at least one symbol: --symbols BTC-USD".into()));
        };
        let shared: Vec<Interval> = lengths(first)
            .into_iter()
            .filter(|length| keys.iter().all(|key| lengths(key).contains(length)))
            .collect();
        match shared.as_slice() {
            [only] => Ok(*only),
            [] => Err(usage(format!(
                "there are no bars of one length of all instruments; of {first} there are {:?}",
                lengths(first).iter().map(Interval::to_string).collect::<Vec<_>>()
            ))),
            several => {
                let names: Vec<_> = several.iter().map(Interval::to_string).collect();
                Err(usage(format!(
                    "there are bars of several lengths: choose one with --interval {}",
                    names.join("|")
                )))
            }
        }
    }
}

fn of<'a>(key: &'a InstrumentKey, there: &'a [Listed]) -> impl Iterator<Item = &'a Listed> {
    there.iter().filter(move |one| one.series.instrument == *key)
}

/// The one instrument that a symbol names: `coinbase:spot:BTC-USD`, `spot:BTCUSDT`, `BTC-USD`.
fn find(symbol: &str, there: &[Listed]) -> Result<InstrumentKey, Failure> {
    let mut keys: Vec<&InstrumentKey> = there.iter().map(|one| &one.series.instrument).collect();
    keys.sort();
    keys.dedup();
    let bare = |text: &str| text.to_uppercase().replace(['-', '/', '_'], "");
    let (market, name) = match symbol.rsplit_once(':') {
        None => (None, symbol),
        Some((market, name)) if !market.contains(':') => {
            (Some(history::market_from(market).map_err(usage)?), name)
        }
        Some(_) => {
            let key: InstrumentKey = symbol.parse().map_err(usage)?;
            return match keys.iter().find(|one| ***one == key) {
                Some(found) => Ok((*found).clone()),
                None => Err(nothing(symbol, &keys)),
            };
        }
    };
    let fits = |key: &&&InstrumentKey| {
        bare(&key.symbol) == bare(name) && market.is_none_or(|market| market == key.market)
    };
    let found: Vec<&&InstrumentKey> = keys.iter().filter(fits).collect();
    match found.as_slice() {
        [only] => Ok((**only).clone()),
        [] => Err(nothing(symbol, &keys)),
        several => {
            let names: Vec<_> = several.iter().map(ToString::to_string).collect();
            Err(usage(format!("`{symbol}` may be any of {}: write one whole", names.join(", "))))
        }
    }
}

fn nothing(symbol: &str, keys: &[&InstrumentKey]) -> Failure {
    let names: Vec<_> = keys.iter().take(12).map(ToString::to_string).collect();
    let more =
        if keys.len() > 12 { format!(" and {} more", keys.len() - 12) } else { String::new() };
    if keys.is_empty() {
        return usage("the catalogue is empty: `algopioneer data import` fills it".into());
    }
    usage(format!("there are no data of `{symbol}`; there is {}{more}", names.join(", ")))
}

#[expect(clippy::needless_pass_by_value, reason = "handed over where the text is made")]
fn usage(text: String) -> Failure {
    Failure::Usage(format!("error: {text}"))
}
