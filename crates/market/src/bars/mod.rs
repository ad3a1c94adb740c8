//! Trades to bars.
//!
//! A rule says where one bar ends and the next begins. Time comes with the trades and with
//! the events of a clock; nothing here reads one.

use domain::{
    Lots, Span, Timestamp,
    event::{Bar, Trade},
};

/// Where one bar ends and the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarRule {
    /// Spans of this length, counted from the epoch.
    Time(Span),
    /// So many trades.
    Trades(u64),
    /// So much quantity; the trade that reaches it belongs whole to the bar it ends.
    Volume(Lots),
}

impl BarRule {
    /// Whether bars of this rule can end.
    #[must_use]
    pub fn is_possible(self) -> bool {
        match self {
            Self::Time(span) => span > Span::ZERO,
            Self::Trades(count) => count > 0,
            Self::Volume(lots) => lots > Lots::ZERO,
        }
    }
}

/// Makes bars of one instrument's trades. Constant memory.
#[derive(Clone, Copy, Debug)]
pub struct BarBuilder {
    rule: BarRule,
    open: Option<Bar>,
    trades: u64,
}

impl BarBuilder {
    /// A builder that has seen no trade.
    #[must_use]
    pub const fn new(rule: BarRule) -> Self {
        Self { rule, open: None, trades: 0 }
    }

    /// Takes a trade in and gives the bar that it ends: of a rule of time the one before the
    /// trade, of the others the one with the trade in it.
    pub fn on_trade(&mut self, time: Timestamp, trade: &Trade) -> Option<Bar> {
        let before = self.on_time(time);
        let price = trade.price;
        let bar = self.open.get_or_insert_with(|| {
            let (start, end) = match self.rule {
                BarRule::Time(span) => span_of(time, span),
                BarRule::Trades(_) | BarRule::Volume(_) => (time, time),
            };
            Bar {
                start,
                end,
                open: price,
                high: price,
                low: price,
                close: price,
                volume: Lots::ZERO,
            }
        });
        bar.high = bar.high.max(price);
        bar.low = bar.low.min(price);
        bar.close = price;
        bar.volume = bar.volume.checked_add(trade.quantity).unwrap_or(Lots::new(i64::MAX));
        self.trades += 1;
        let is_done = match self.rule {
            BarRule::Time(_) => return before,
            BarRule::Trades(count) => self.trades >= count,
            BarRule::Volume(lots) => bar.volume >= lots,
        };
        bar.end = time;
        if is_done { self.finish() } else { None }
    }

    /// Lets time pass and gives the bar that ended by then, if it had a trade.
    pub fn on_time(&mut self, now: Timestamp) -> Option<Bar> {
        let ended = |bar: &Bar| matches!(self.rule, BarRule::Time(_)) && bar.end <= now;
        if self.open.as_ref().is_some_and(ended) { self.finish() } else { None }
    }

    const fn finish(&mut self) -> Option<Bar> {
        self.trades = 0;
        self.open.take()
    }
}

/// The span of the grid that a moment is in.
const fn span_of(time: Timestamp, span: Span) -> (Timestamp, Timestamp) {
    let length = span.as_nanos();
    let start = time.as_nanos().div_euclid(length) * length;
    (Timestamp::from_nanos(start), Timestamp::from_nanos(start.saturating_add(length)))
}
