//! The realistic model: how much is ahead of us at our price.

use domain::Lots;

use super::Reach;

/// The place of one order in the queue at its price.
///
/// While anything is ahead, that and the unbooked volume are both part of what is shown.
#[derive(Debug)]
pub(in crate::paper) struct QueuePlace {
    /// Volume that trades before us.
    ahead: Lots,
    /// What the market last showed at our price, without us.
    shown: Lots,
    /// Volume traded at our price that the market's book does not show yet.
    unbooked: Lots,
}

impl QueuePlace {
    /// The back of a queue.
    pub(super) const fn behind(shown: Lots) -> Self {
        Self { ahead: shown, shown, unbooked: Lots::ZERO }
    }

    pub(super) fn on_trade(&mut self, reach: Reach, volume: Lots) -> Lots {
        let ours = match reach {
            Reach::Short => Lots::ZERO,
            Reach::At => volume.minus(self.ahead),
            Reach::Through => volume,
        };
        self.ahead = if reach == Reach::Through { Lots::ZERO } else { self.ahead.minus(volume) };
        self.unbooked = self.unbooked.checked_add(volume).unwrap_or(self.unbooked);
        ours
    }

    #[inline]
    pub(super) fn on_level(&mut self, shown: Lots) {
        if shown == self.shown {
            return;
        }
        let decrease = self.shown.minus(shown);
        let traded = decrease.min(self.unbooked);
        let before_cancels = self.shown.minus(traded);
        let cancelled = decrease.minus(traded);
        self.ahead = self.ahead.minus(share(cancelled, self.ahead, before_cancels));
        self.unbooked = self.unbooked.minus(traded);
        self.shown = shown;
    }
}

/// `amount * part / whole`, rounded down.
fn share(amount: Lots, part: Lots, whole: Lots) -> Lots {
    if whole.is_zero() || amount.is_zero() {
        return Lots::ZERO;
    }
    if let Some(product) = amount.get().checked_mul(part.get()) {
        return Lots::new(product / whole.get());
    }
    let product = i128::from(amount.get()) * i128::from(part.get());
    let share = product / i128::from(whole.get());
    Lots::new(i64::try_from(share).expect("amount is at most whole, so the share is at most part"))
}
