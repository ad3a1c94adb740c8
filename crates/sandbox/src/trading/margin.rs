//! Margin of USD-M: tiers, what is needed, what is left, where liquidation begins.
//!
//! One-way mode, one asset at a time. The initial margin of an instrument covers the larger
//! of the two positions its open orders could lead to.

use domain::{InstrumentId, Market, Side};
use rust_decimal::Decimal;

use super::{Exchange, Reject, account::Position, order::Ticket};

/// A margin tier: up to this position value, at most this leverage, this much is maintained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tier {
    pub(crate) cap: Decimal,
    pub(crate) max_leverage: u32,
    pub(crate) ratio: Decimal,
}

/// Cap in thousands, leverage, maintenance in hundredths of a percent.
const TIERS: [(u32, u32, u32); 9] = [
    (50, 125, 40),
    (600, 100, 50),
    (3_000, 75, 65),
    (12_000, 50, 100),
    (70_000, 25, 200),
    (100_000, 20, 250),
    (230_000, 10, 500),
    (480_000, 5, 1_000),
    (1_000_000, 2, 2_500),
];

/// The margin tiers of every instrument.
pub(crate) fn tiers() -> impl Iterator<Item = Tier> {
    TIERS.iter().map(|(cap, max_leverage, ratio)| Tier {
        cap: Decimal::from(*cap) * Decimal::ONE_THOUSAND,
        max_leverage: *max_leverage,
        ratio: Decimal::new(i64::from(*ratio), 4),
    })
}

/// Tiers with floor and the amount that makes the steps meet, as the venue lists them.
pub(crate) fn brackets() -> impl Iterator<Item = (Decimal, Tier, Decimal)> {
    let (mut floor, mut cumulative, mut before) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
    let step = move |tier: Tier| {
        cumulative += floor * (tier.ratio - before);
        before = tier.ratio;
        let row = (floor, tier, cumulative);
        floor = tier.cap;
        row
    };
    tiers().map(step)
}

/// Maintenance ratio and deduction for a position value.
pub(crate) fn tier_of(value: Decimal) -> (Decimal, Decimal) {
    let mut last = (Decimal::ZERO, Decimal::ZERO);
    for (_, tier, cumulative) in brackets() {
        last = (tier.ratio, cumulative);
        if value <= tier.cap {
            break;
        }
    }
    last
}

/// What must be maintained for a position value.
pub(crate) fn maintenance(value: Decimal) -> Decimal {
    let (ratio, deduction) = tier_of(value);
    value * ratio - deduction
}

/// One margin asset of one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) wallet: Decimal,
    pub(crate) cross_wallet: Decimal,
    /// Of all positions, and of the cross ones.
    pub(crate) unrealized: Decimal,
    pub(crate) cross_unrealized: Decimal,
    pub(crate) position_margin: Decimal,
    pub(crate) order_margin: Decimal,
    pub(crate) maintenance: Decimal,
    /// Of the cross positions only.
    pub(crate) cross_maintenance: Decimal,
    pub(crate) available: Decimal,
}

/// Margin of one instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) position: Decimal,
    pub(crate) orders: Decimal,
    pub(crate) maintenance: Decimal,
    pub(crate) bids: Decimal,
    pub(crate) asks: Decimal,
}

impl Exchange {
    /// The mark price, or what comes nearest to it.
    pub(crate) fn mark(&self, id: InstrumentId) -> Decimal {
        let mark = self.floor.mark(id).map(|mark| mark.mark.decimal());
        mark.or_else(|| self.reference(id)).unwrap_or_default()
    }

    /// What an instrument needs, with one more order of this side and value.
    pub(crate) fn needs(
        &self,
        account: usize,
        id: InstrumentId,
        more: Option<(Side, Decimal)>,
    ) -> Needs {
        let nothing = Position::default();
        let held = self.state.accounts[account].positions.get(&id).unwrap_or(&nothing);
        let (mut bids, mut asks) = (Decimal::ZERO, Decimal::ZERO);
        let orders = self.open.iter().filter_map(|id| self.state.orders.get(id));
        for order in orders {
            let ticket = &order.ticket;
            if ticket.account != account || ticket.instrument != id || ticket.reduce_only {
                continue;
            }
            let value = order.left() * ticket.price;
            if ticket.side == Side::Buy { bids += value } else { asks += value }
        }
        match more {
            Some((Side::Buy, value)) => bids += value,
            Some((Side::Sell, value)) => asks += value,
            None => {}
        }
        let value = held.amount * self.mark(id);
        let leverage = Decimal::from(held.leverage.max(1));
        let worst = (value + bids).abs().max((value - asks).abs()).max(value.abs());
        let position = value.abs() / leverage;
        Needs {
            position,
            orders: worst / leverage - position,
            maintenance: maintenance(value.abs()),
            bids,
            asks,
        }
    }

    /// The state of one margin asset.
    pub(crate) fn summary(&self, account: usize, asset: &str) -> Summary {
        self.summary_with(account, asset, None)
    }

    fn summary_with(
        &self,
        account: usize,
        asset: &str,
        more: Option<(InstrumentId, Side, Decimal)>,
    ) -> Summary {
        let owner = &self.state.accounts[account];
        let mut sum = Summary { wallet: owner.wallet(asset), ..Summary::default() };
        sum.cross_wallet = sum.wallet;
        let mut needed = Decimal::ZERO;
        for instrument in self.instruments.iter() {
            let (id, spec) = (instrument.id(), instrument.spec());
            if spec.market != Market::LinearPerpetual || spec.quote != asset {
                continue;
            }
            let more = more.filter(|more| more.0 == id).map(|more| (more.1, more.2));
            let position = owner.positions.get(&id);
            if position.is_none() && more.is_none() && self.open.is_empty() {
                continue;
            }
            let needs = self.needs(account, id, more);
            sum.position_margin += needs.position;
            sum.order_margin += needs.orders;
            sum.maintenance += needs.maintenance;
            let unrealized =
                position.map(|held| held.unrealized(self.mark(id))).unwrap_or_default();
            sum.unrealized += unrealized;
            if let Some(held) = position.filter(|held| held.isolated) {
                sum.cross_wallet -= held.isolated_wallet;
                needed += needs.orders;
            } else {
                sum.cross_unrealized += unrealized;
                sum.cross_maintenance += needs.maintenance;
                needed += needs.position + needs.orders;
            }
        }
        sum.available = sum.cross_wallet + sum.cross_unrealized - needed;
        sum
    }

    /// Whether an account can carry one more order.
    pub(super) fn check_margin(&self, ticket: &Ticket) -> Result<(), Reject> {
        let held = self.reducible(ticket.account, ticket.instrument, ticket.side);
        if ticket.reduce_only || ticket.close_position {
            return if held.is_zero() && !ticket.kind.is_conditional() {
                Err(Reject::ReduceOnly)
            } else {
                Ok(())
            };
        }
        let price =
            if ticket.price.is_zero() { self.mark(ticket.instrument) } else { ticket.price };
        let asset = self.instrument(ticket.instrument).spec().quote.clone();
        let more = Some((ticket.instrument, ticket.side, price * ticket.quantity));
        let now = self.summary(ticket.account, &asset);
        let then = self.summary_with(ticket.account, &asset, more);
        let grows = then.order_margin > now.order_margin;
        if grows && then.available < Decimal::ZERO {
            Err(Reject::MarginInsufficient)
        } else {
            Ok(())
        }
    }

    /// The mark price at which a position would be liquidated; zero when none could.
    pub(crate) fn liquidation_price(&self, account: usize, id: InstrumentId) -> Decimal {
        let owner = &self.state.accounts[account];
        let Some(held) = owner.positions.get(&id).filter(|held| !held.amount.is_zero()) else {
            return Decimal::ZERO;
        };
        let mark = self.mark(id);
        let value = (held.amount * mark).abs();
        let (ratio, deduction) = tier_of(value);
        let money = if held.isolated {
            held.isolated_wallet
        } else {
            let asset = &self.instrument(id).spec().quote;
            let sum = self.summary(account, asset);
            let own = held.unrealized(mark);
            sum.cross_wallet + sum.cross_unrealized - own - sum.cross_maintenance
                + maintenance(value)
        };
        let denominator = held.amount.abs() * ratio - held.amount;
        let price = (money + deduction - held.cost).checked_div(denominator).unwrap_or_default();
        price.max(Decimal::ZERO)
    }
}
