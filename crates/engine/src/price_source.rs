//! Which market data say what the price is.

/// What a session's prices come from, the same for the engine and for its broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriceSource {
    /// The order book: snapshots and the changes that follow them.
    #[default]
    Book,
    /// The venue's own best bid and ask. Books are kept, but nothing is decided on them.
    Quotes,
    /// Bars: bid and ask are both the close of the last one. A strategy decides when a bar
    /// ends, and what it decides happens in the next one.
    Bars,
}
