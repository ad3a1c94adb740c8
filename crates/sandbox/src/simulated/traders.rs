//! The people of one market: they quote, cancel, take, and pull away from what moves.
//!
//! Nobody here sees the future. Quoters put more on the side the lean favours, and cancel it
//! less; takers lean a little as well. When the worth moves past standing quotes, most of
//! them are pulled and the rest is hit; then the gap is quoted again one tick apart.

use domain::{Lots, Side, Span, Ticks};

use super::{
    coin::Coin,
    dice::{Dice, whole},
};
use crate::exchange::{MatchingBook, Report};

/// Orders resting in a market in the long run.
const CROWD: f64 = 1_200.0;
/// How strongly the lean weighs on the sizes at the touch.
const LEAN_ON_SIZES: f64 = 0.5;
/// The share of stale quotes that is pulled before it can be hit.
const PULLED: f64 = 0.7;

/// Sizes and distances of one instrument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    /// Value of one tick in quote currency.
    pub(super) tick: f64,
    /// The median order in lots.
    pub(super) median_lots: f64,
    /// The price relative to the coin's worth, such as 1.0002 for a future above spot.
    pub(super) premium: f64,
}

/// The traders of one instrument and the book they made.
#[derive(Debug)]
pub(super) struct Traders {
    pub(super) book: MatchingBook,
    habits: Habits,
    dice: Dice,
}

impl Traders {
    /// A market with standing orders on both sides.
    pub(super) fn new(habits: Habits, coin: &mut Coin, dice: Dice) -> Self {
        let mut traders = Self { book: MatchingBook::default(), habits, dice };
        let mut unheard = Vec::new();
        let (bid, ask) = traders.touch(coin);
        traders.quote(Side::Buy, bid, 0.0, &mut unheard);
        traders.quote(Side::Sell, ask, 0.0, &mut unheard);
        while traders.book.len() < 900 {
            traders.add_liquidity(coin, 0.0, &mut unheard);
            unheard.clear();
        }
        traders
    }

    /// Where the best bid and ask belong right now: one tick apart around the worth.
    fn touch(&self, coin: &Coin) -> (Ticks, Ticks) {
        let bid = whole((coin.worth() * self.habits.premium / self.habits.tick).floor()).max(1);
        (Ticks::new(bid), Ticks::new(bid).offset(1))
    }

    /// One trader does something.
    pub(super) fn act(&mut self, coin: &mut Coin, now: Span, reports: &mut Vec<Report>) {
        let lean = coin.lean(now);
        if self.catch_up(coin, lean, reports) {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a few thousand orders")]
        let crowding = self.book.len() as f64 / CROWD;
        let choice = self.dice.uniform();
        if choice < 0.06 {
            self.take_a_little(lean, reports);
        } else if choice < 0.06 + 0.47 * crowding.min(1.6) {
            self.cancel_one(coin, lean, reports);
        } else {
            self.add_liquidity(coin, lean, reports);
        }
    }

    /// Clears quotes the worth has passed and closes the gap. Whether there was need.
    pub(super) fn catch_up(&mut self, coin: &Coin, lean: f64, reports: &mut Vec<Report>) -> bool {
        let (bid, ask) = self.touch(coin);
        let passed =
            self.clear_stale(Side::Sell, bid, reports) | self.clear_stale(Side::Buy, ask, reports);
        let mut quoted = false;
        for (side, price) in [(Side::Buy, bid), (Side::Sell, ask)] {
            if self.book.best(side).is_none_or(|level| level.price != price) {
                self.quote(side, price, lean, reports);
                quoted = true;
            }
        }
        passed || quoted
    }

    /// Removes quotes of `side` that stand at `price` or better: pulled or hit.
    fn clear_stale(&mut self, side: Side, price: Ticks, reports: &mut Vec<Report>) -> bool {
        let mut stale = Vec::new();
        self.book.orders_from(side, price, &mut stale);
        for key in &stale {
            // Orders of accounts are theirs to cancel; here they can only be hit.
            if !self.book.is_owned(*key) && self.dice.chance(PULLED) {
                self.book.cancel(*key, reports);
            }
        }
        if !stale.is_empty() {
            self.book.take(side.opposite(), price, Lots::new(i64::MAX), reports);
        }
        !stale.is_empty()
    }

    /// Several quoters share the touch.
    fn quote(&mut self, side: Side, price: Ticks, lean: f64, reports: &mut Vec<Report>) {
        for _ in 0..2 + self.dice.below(4) {
            let amount = self.size_at_touch(side, lean);
            self.book.place(side, price, amount, reports);
        }
    }

    fn size_at_touch(&mut self, side: Side, lean: f64) -> Lots {
        let favour = LEAN_ON_SIZES * if side == Side::Buy { lean } else { -lean };
        self.size(favour.exp())
    }

    fn size(&mut self, factor: f64) -> Lots {
        let lots = self.dice.log_normal(self.habits.median_lots * factor, 1.0);
        Lots::new(whole(lots).clamp(1, 1 << 40))
    }

    fn take_a_little(&mut self, lean: f64, reports: &mut Vec<Report>) {
        let buys = 0.5 + 0.15 * lean.tanh();
        let side = if self.dice.chance(buys) { Side::Buy } else { Side::Sell };
        let Some(level) = self.book.best(side.opposite()) else { return };
        let amount = self.size(0.3).min(level.quantity);
        self.book.take(side, level.price, amount, reports);
    }

    fn cancel_one(&mut self, coin: &Coin, lean: f64, reports: &mut Vec<Report>) {
        let place = self.dice.below(self.book.len());
        let Some((key, side, price)) = self.book.order_at(place) else { return };
        let (bid, ask) = self.touch(coin);
        let at_touch = price == bid || price == ask;
        let favoured = (side == Side::Buy) == (lean > 0.0);
        // The last quoter of a touch stays, so that the spread rarely opens without news.
        let alone = self.book.orders_at(side, price) == 1;
        let stays =
            self.book.is_owned(key) || at_touch && (alone || (favoured && self.dice.chance(0.5)));
        if !stays {
            self.book.cancel(key, reports);
        }
    }

    /// A new order: often at the touch, else further away, the rarer the further.
    fn add_liquidity(&mut self, coin: &Coin, lean: f64, reports: &mut Vec<Report>) {
        let side = if self.dice.chance(0.5) { Side::Buy } else { Side::Sell };
        let (bid, ask) = self.touch(coin);
        let touch = if side == Side::Buy { bid } else { ask };
        if self.dice.chance(0.3) {
            let amount = self.size_at_touch(side, lean);
            self.book.place(side, touch, amount, reports);
            return;
        }
        // Log-uniform up to 0.4 % away.
        let furthest = (coin.worth() * 0.004 / self.habits.tick).max(10.0);
        let distance = whole((self.dice.uniform() * furthest.ln()).exp());
        let away = if side == Side::Buy { -distance } else { distance };
        let amount = self.size(1.5);
        self.book.place(side, touch.offset(away), amount, reports);
    }
}
