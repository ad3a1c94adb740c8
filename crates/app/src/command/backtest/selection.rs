//! Which data of the catalogue a back-test reads: from symbols as people write them to series.

use domain::{Span, Timestamp};
use history::{InstrumentKey, Interval, Kind, Listed, Selection};
use strategies::DecidesOn;

use super::super::Failure;
use crate::config::BarsRule;

/// Where the bars come from that a strategy decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bars {
    /// They are read, or the strategy decides on something else.
    Stored,
    /// Shorter ones are joined.
    Joined(Span),
    /// They are built from trades.
    Built(BarsRule),
}

/// What was asked for.
pub(super) struct Wanted<'a> {
    pub(super) symbols: &'a [String],
    pub(super) decides_on: DecidesOn,
    pub(super) interval: Option<Interval>,
    /// The configured rule, for bars that are built from trades.
    pub(super) rule: BarsRule,
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

impl Wanted<'_> {
    /// The selection, from what there is.
    pub(super) fn select(&self, there: &[Listed]) -> Result<(Selection, Bars), Failure> {
        let instruments =
            self.symbols.iter().map(|symbol| find(symbol, there)).collect::<Result<Vec<_>, _>>()?;
        if instruments.is_empty() {
            return Err(usage("name at least one symbol: --symbols BTC-USD".into()));
        }
        let there = There { keys: &instruments, listed: there };
        let (kinds, bars) = match self.decides_on {
            DecidesOn::Bars => {
                let (kind, bars) = self.bars(&there)?;
                (vec![kind], bars)
            }
            DecidesOn::Quotes => (vec![Kind::Quotes, Kind::Trades], Bars::Stored),
            DecidesOn::Book => {
                let more = [Kind::Trades, Kind::AggregateTrades, Kind::Quotes];
                (std::iter::once(Kind::Depth).chain(more).collect(), Bars::Stored)
            }
        };
        there.require(kinds[0])?;
        let kinds = kinds.into_iter().chain([Kind::Funding, Kind::Actions, Kind::Marks]).collect();
        Ok((Selection { instruments, kinds, from: self.from, to: self.to }, bars))
    }

    /// What the bars are read or made from: bars of the length that was asked for, or of the only
    /// one that all instruments have; longer ones from shorter ones; or bars from trades.
    fn bars(&self, there: &There<'_>) -> Result<(Kind, Bars), Failure> {
        let lengths = there.lengths();
        let trades =
            [Kind::Trades, Kind::AggregateTrades].into_iter().find(|kind| there.all_have(*kind));
        match (self.interval, lengths.as_slice(), trades) {
            (Some(wanted), lengths, trades) => {
                let parts = lengths.iter().rev().find(|one| wanted.seconds() % one.seconds() == 0);
                match (parts, trades) {
                    (Some(part), _) if *part == wanted => Ok((Kind::Bars(wanted), Bars::Stored)),
                    (Some(part), _) => Ok((Kind::Bars(*part), Bars::Joined(wanted.span()))),
                    (None, Some(trades)) => {
                        Ok((trades, Bars::Built(BarsRule::Time(wanted.span()))))
                    }
                    (None, None) => Ok((Kind::Bars(wanted), Bars::Stored)),
                }
            }
            (None, [only], _) => Ok((Kind::Bars(*only), Bars::Stored)),
            (None, [], Some(trades)) => Ok((trades, Bars::Built(self.rule))),
            (None, [], None) => Err(usage(format!(
                "the strategy decides on bars, and there are neither bars of one length nor trades \
                 of all instruments; {}",
                there.kinds(&there.keys[0])
            ))),
            (None, several, _) => {
                let names: Vec<_> = several.iter().map(Interval::to_string).collect();
                Err(usage(format!(
                    "there are bars of several lengths: choose one with --interval {}",
                    names.join("|")
                )))
            }
        }
    }
}

/// What there is of the chosen instruments.
struct There<'a> {
    keys: &'a [InstrumentKey],
    listed: &'a [Listed],
}

impl There<'_> {
    fn all_have(&self, kind: Kind) -> bool {
        self.keys.iter().all(|key| of(key, self.listed).any(|one| one.series.kind == kind))
    }

    fn require(&self, kind: Kind) -> Result<(), Failure> {
        let lacks = |key: &&InstrumentKey| of(key, self.listed).all(|one| one.series.kind != kind);
        self.keys.iter().find(lacks).map_or(Ok(()), |key| {
            Err(usage(format!(
                "the strategy decides on {kind}, and there is none of {key}; {}",
                self.kinds(key)
            )))
        })
    }

    fn kinds(&self, key: &InstrumentKey) -> String {
        let kinds: Vec<_> = of(key, self.listed).map(|one| one.series.kind.to_string()).collect();
        format!("of {key} there is {}", kinds.join(", "))
    }

    /// The lengths of bars that all instruments have, shortest first.
    fn lengths(&self) -> Vec<Interval> {
        let mut lengths: Vec<Interval> = of(&self.keys[0], self.listed)
            .filter_map(|one| match one.series.kind {
                Kind::Bars(interval) => Some(interval),
                _ => None,
            })
            .filter(|length| self.all_have(Kind::Bars(*length)))
            .collect();
        lengths.sort();
        lengths.dedup();
        lengths
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
