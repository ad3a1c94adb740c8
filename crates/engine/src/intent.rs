//! What a strategy wishes for.
//!
//! A strategy names the position it wants to hold; what is held and what is already on
//! its way is the engine's business. A wish stays until it is replaced or withdrawn, so
//! pushing nothing means "no change" and pushing the same wish again changes nothing.

use domain::{InstrumentId, Lots, NetLots, OrderType, Ticks};
use market::signal::Suppression;

use crate::protection::Protection;

/// Where the limit of an order is put at the moment it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitPolicy {
    /// The best price of the other side: a buy at the best ask.
    OppositeTouch,
    /// The best price of the own side: a buy at the best bid.
    OwnTouch,
    /// This price.
    Price(Ticks),
}

/// How a wish wants to be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderStyle {
    /// The kind of order.
    pub order_type: OrderType,
    /// Its limit; ignored for a market order.
    pub limit: LimitPolicy,
}

impl OrderStyle {
    /// A limit order at the best price of the other side.
    pub const AGGRESSIVE: Self =
        Self { order_type: OrderType::Limit, limit: LimitPolicy::OppositeTouch };
    /// An order that only rests, at the best price of its own side.
    pub const PASSIVE: Self =
        Self { order_type: OrderType::PostOnly, limit: LimitPolicy::OwnTouch };
    /// Takes what the best price of the other side gives and leaves nothing behind.
    pub const IMMEDIATE: Self =
        Self { order_type: OrderType::ImmediateOrCancel, limit: LimitPolicy::OppositeTouch };
    /// Takes what is there at any price.
    pub const MARKET: Self =
        Self { order_type: OrderType::Market, limit: LimitPolicy::OppositeTouch };
}

/// One side of a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotedSide {
    /// The limit.
    pub price: Ticks,
    /// How much.
    pub quantity: Lots,
}

/// Whether quotes that are already as wanted are sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requote {
    /// They are left alone and keep their place in the queue.
    #[default]
    WhenMoved,
    /// They are withdrawn and sent again.
    Always,
}

/// Orders that only rest, on both sides of the book at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotes {
    /// What to buy; `None` for nothing.
    pub bid: Option<QuotedSide>,
    /// What to sell; `None` for nothing.
    pub ask: Option<QuotedSide>,
    /// What becomes of quotes that are already like that.
    pub requote: Requote,
}

/// One wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Hold this position, and go on until it is held.
    Target {
        /// In what.
        instrument: InstrumentId,
        /// How much; negative is short.
        position: NetLots,
        /// How to get there.
        style: OrderStyle,
    },
    /// Forget the target and withdraw the own open orders, except those of a protection.
    Withdraw {
        /// In what.
        instrument: InstrumentId,
    },
    /// Stand in the book like this, once, in place of the quotes before.
    Quote {
        /// In what.
        instrument: InstrumentId,
        /// How.
        quotes: Quotes,
    },
    /// Close the position when the market gets there.
    Protect {
        /// In what.
        instrument: InstrumentId,
        /// Where.
        protection: Protection,
    },
}

impl Intent {
    /// What it is about.
    #[must_use]
    pub const fn instrument(&self) -> InstrumentId {
        match self {
            Self::Target { instrument, .. }
            | Self::Withdraw { instrument }
            | Self::Quote { instrument, .. }
            | Self::Protect { instrument, .. } => *instrument,
        }
    }
}

/// The wishes of one strategy at one event, and its notes for the counters.
#[derive(Debug)]
pub struct Intents {
    wishes: Vec<Intent>,
    signals: u64,
    suppressed: [u64; Suppression::COUNT],
    /// Whether anything is in it. At most events strategies have nothing to say.
    dirty: bool,
}

impl Intents {
    /// Empty, with room for `capacity` wishes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let suppressed = [0; Suppression::COUNT];
        Self { wishes: Vec::with_capacity(capacity), signals: 0, suppressed, dirty: false }
    }

    /// Wishes to hold `position`.
    pub fn target(&mut self, instrument: InstrumentId, position: NetLots, style: OrderStyle) {
        self.dirty = true;
        self.wishes.push(Intent::Target { instrument, position, style });
    }

    /// Wishes that the position is closed at a stop or at a target; see [`Protection`].
    pub fn protect(&mut self, instrument: InstrumentId, protection: Protection) {
        self.dirty = true;
        self.wishes.push(Intent::Protect { instrument, protection });
    }

    /// Wishes to stand in the book on both sides, in place of the quotes before. Unlike a target
    /// this is done once: whatever is refused or filled is not repeated.
    pub fn quote(&mut self, instrument: InstrumentId, quotes: Quotes) {
        self.dirty = true;
        self.wishes.push(Intent::Quote { instrument, quotes });
    }

    /// Forgets the target and withdraws the own open orders, except those of a protection.
    pub fn withdraw(&mut self, instrument: InstrumentId) {
        self.dirty = true;
        self.wishes.push(Intent::Withdraw { instrument });
    }

    /// Notes a signal worth acting on.
    pub const fn signal(&mut self) {
        self.dirty = true;
        self.signals += 1;
    }

    /// Notes a signal that was held back.
    pub const fn suppressed(&mut self, reason: Suppression) {
        self.dirty = true;
        self.suppressed[reason.index()] += 1;
    }

    /// The wishes so far, in order.
    #[must_use]
    pub fn wishes(&self) -> &[Intent] {
        &self.wishes
    }

    /// Signals noted.
    #[must_use]
    pub const fn signals(&self) -> u64 {
        self.signals
    }

    /// Signals held back, in the order of [`Suppression::ALL`].
    #[must_use]
    pub const fn suppressions(&self) -> &[u64; Suppression::COUNT] {
        &self.suppressed
    }

    /// Whether there is neither a wish nor a note.
    pub(crate) const fn is_blank(&self) -> bool {
        !self.dirty
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        if self.dirty {
            self.wishes.clear();
            self.signals = 0;
            self.suppressed = [0; Suppression::COUNT];
            self.dirty = false;
        }
    }
}
