//! Finds an instrument by the symbol in a frame, without allocating.

use domain::{Instrument, Instruments, Market};

use super::VENUE;

/// The instruments of one of Binance's markets, by symbol.
#[derive(Clone, Debug)]
pub struct Symbols {
    market: Market,
    by_symbol: Vec<Instrument>,
}

impl Symbols {
    /// The session's instruments that belong to `market` of this venue.
    #[must_use]
    pub fn new(market: Market, instruments: &Instruments) -> Self {
        let ours = |one: &&Instrument| one.spec().venue == VENUE && one.spec().market == market;
        let mut by_symbol: Vec<Instrument> = instruments.iter().filter(ours).cloned().collect();
        by_symbol.sort_by(|one, other| one.symbol().cmp(other.symbol()));
        Self { market, by_symbol }
    }

    /// Which market.
    #[must_use]
    pub const fn market(&self) -> Market {
        self.market
    }

    /// The instrument of a symbol as it stands in a frame, in upper case.
    #[inline]
    #[must_use]
    pub fn find(&self, symbol: &[u8]) -> Option<&Instrument> {
        let by_symbol = |one: &Instrument| one.symbol().as_bytes().cmp(symbol);
        self.by_symbol.binary_search_by(by_symbol).ok().map(|place| &self.by_symbol[place])
    }

    /// The instrument of a symbol in any case, as in a stream's name.
    #[must_use]
    pub fn find_any_case(&self, symbol: &[u8]) -> Option<&Instrument> {
        self.by_symbol.iter().find(|one| one.symbol().as_bytes().eq_ignore_ascii_case(symbol))
    }

    /// All of them, by symbol.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Instrument> {
        self.by_symbol.iter()
    }
}
