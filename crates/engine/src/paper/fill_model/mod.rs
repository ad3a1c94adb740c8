//! When does a waiting order trade? Three answers, named by their bias.
//!
//! A replay cannot know: our order was not in the queue. Each model states what it assumes.
//! Of orders that only wait, in the same market, [`FillModel::Through`] never fills more than
//! [`FillModel::Queue`], and that never more than [`FillModel::Touch`] with probability one.

mod queue;
mod through;
mod touch;

use domain::{Lots, Side, Ticks};

use self::{queue::QueuePlace, through::ThroughPlace, touch::TouchPlace};
use super::slippage::Slippage;

pub(super) use self::touch::Luck;

/// How waiting orders trade. Orders that take on arrival do so under every model alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FillModel {
    /// Optimistic. At the touch an order trades with probability
    /// `queue_position * base_probability`, in two ways:
    ///
    /// - one draw in its life, when the market first shows its limit as the touch of its own side
    ///   or behind it; success trades at once, up to the quantity shown there, without any trade
    ///   of others;
    /// - one draw per trade of others at its limit; success trades up to that trade's quantity, so
    ///   that chopping the same volume into more trades changes nothing on average.
    ///
    /// Updates of the book never draw again. The market trading through the limit, or quoting at
    /// or through it, trades with certainty, up to the quantity traded or quoted.
    Touch {
        /// Where in the queue the order is assumed to be: 0 at the back, 1 at the front.
        queue_position: f64,
        /// The probability at the front of the queue.
        base_probability: f64,
    },
    /// Realistic. An order joins behind what the market shows at its price.
    ///
    /// - Trades at its price first use up the volume ahead; what is left of a trade is ours.
    /// - A shrinking of the level that trades seen before do not explain is taken for
    ///   cancellations, spread evenly over the queue: it removes its share
    ///   `ahead / level` of the volume ahead, rounded down.
    /// - The market trading through the limit, or quoting at or through it, trades up to the
    ///   quantity traded or quoted.
    ///
    /// It assumes that trades are reported no later than the change of the book they cause; where
    /// a venue does the reverse, the volume counts once as cancelled and once as traded, which is
    /// optimistic.
    Queue,
    /// Pessimistic. Only trades of others strictly through the limit trade, up to their quantity.
    Through,
}

/// How a trade of others stands to the limit of a waiting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// At or through the limit, but not as far as slippage demands: the queue moves, that is all.
    Short,
    /// Exactly at the limit.
    At,
    /// Beyond the limit: everything that waited there has traded.
    Through,
}

impl Reach {
    /// Compares a trade with the limit of an order waiting on `side`; `None` for a trade that did
    /// not come as far as the limit.
    pub(super) fn of(trade: Ticks, side: Side, limit: Ticks, slippage: Slippage) -> Option<Self> {
        let counts_as = slippage.apply(trade, side);
        let (beyond, short) = match side {
            Side::Buy => (limit.cmp(&trade), counts_as > limit),
            Side::Sell => (trade.cmp(&limit), counts_as < limit),
        };
        match (beyond.is_ge(), short) {
            (false, _) => None,
            (true, true) => Some(Self::Short),
            (true, false) if beyond.is_gt() => Some(Self::Through),
            (true, false) => Some(Self::At),
        }
    }
}

/// What a fill model remembers of one waiting order.
#[derive(Debug)]
pub(super) enum Place {
    Touch(TouchPlace),
    Queue(QueuePlace),
    Through(ThroughPlace),
}

impl Place {
    /// The place of an order that joins a level where the market shows `shown`.
    pub(super) fn join(model: FillModel, shown: Lots) -> Self {
        match model {
            FillModel::Touch { .. } => Self::Touch(TouchPlace::default()),
            FillModel::Queue => Self::Queue(QueuePlace::behind(shown)),
            FillModel::Through => Self::Through(ThroughPlace),
        }
    }

    /// The book was lost and is back, showing `shown` at our price: start again at the back.
    pub(super) fn rejoin(&mut self, shown: Lots) {
        if let Self::Queue(place) = self {
            *place = QueuePlace::behind(shown);
        }
    }

    /// The market changed its book and shows `shown` at our price.
    pub(super) fn on_level(&mut self, shown: Lots) {
        if let Self::Queue(place) = self {
            place.on_level(shown);
        }
    }

    /// How much of a trade of `volume` is ours, were we to want all of it.
    pub(super) fn on_trade(&mut self, reach: Reach, volume: Lots, luck: &mut Luck) -> Lots {
        match self {
            Self::Touch(_) => TouchPlace::on_trade(reach, volume, luck),
            Self::Queue(place) => place.on_trade(reach, volume),
            Self::Through(_) => ThroughPlace::on_trade(reach, volume),
        }
    }

    /// Whether the opposite side quoting at or through our limit trades with us.
    pub(super) const fn meets_quotes(&self) -> bool {
        !matches!(self, Self::Through(_))
    }

    /// Whether the limit being the touch or behind it can trade at all.
    pub(super) const fn meets_touch(&self) -> bool {
        matches!(self, Self::Touch(_))
    }

    /// The market shows our limit as the touch or behind it: whether that alone trades.
    pub(super) fn on_touch(&mut self, luck: &mut Luck) -> bool {
        match self {
            Self::Touch(place) => place.on_touch(luck),
            Self::Queue(_) | Self::Through(_) => false,
        }
    }
}
