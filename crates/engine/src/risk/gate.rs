//! The one place that turns an order into an approved order.

use domain::{InstrumentId, Instruments, Lots, NewOrder, NumberError, Side, Ticks};

use super::{
    Approved, RiskRule,
    case::{Case, Facts, Switches, Touch},
    catalogue::RULES,
    config::{Collar, InstrumentLimits, RiskConfig},
    exposure::Exposure,
    order_rate::RateWindow,
};

/// An order somebody would like to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// In what.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// How much.
    pub quantity: Lots,
    /// The unfilled rest of earlier orders for the same wish.
    pub under_way: Lots,
}

/// Checks every order against every rule.
#[derive(Clone, Debug)]
pub struct RiskGate {
    config: RiskConfig,
    limits: Vec<InstrumentLimits>,
    collar: Collar,
    switches: Switches,
    rate: RateWindow,
}

impl RiskGate {
    /// A gate with the limits worked out for each instrument, rounded down to its lots.
    ///
    /// # Errors
    /// [`NumberError`] when a limit does not fit an instrument's counts, or the collar has
    /// more than 8 decimals.
    pub fn new(config: RiskConfig, instruments: &Instruments) -> Result<Self, NumberError> {
        let limits = instruments.iter().map(|one| InstrumentLimits::new(&config, one));
        Ok(Self {
            limits: limits.collect::<Result<_, _>>()?,
            collar: Collar::new(config.price_collar)?,
            switches: Switches::default(),
            rate: RateWindow::new(config.max_orders_per_second),
            config,
        })
    }

    /// Judges an order. An approved one counts in the order rate from now on.
    ///
    /// # Errors
    /// The first rule of [`RULES`] that the order breaks.
    pub fn approve(
        &mut self,
        order: NewOrder,
        facts: &Facts<'_>,
    ) -> Result<Approved<NewOrder>, RiskRule> {
        let case = Case {
            order: &order,
            price: self.reserve_price(&order, facts.touch),
            facts,
            config: &self.config,
            limits: &self.limits[order.instrument.index()],
            collar: self.collar,
            switches: self.switches,
            rate: &self.rate,
        };
        if let Some(row) = RULES.iter().find(|row| (row.breaks)(&case)) {
            return Err(row.rule);
        }
        self.rate.note(facts.now);
        Ok(Approved::by_gate(order))
    }

    /// What an order is reckoned at: its limit, or for a market order the best ask (for a
    /// sell the best bid) plus the collar, or for a stop its trigger plus the collar. `None`
    /// for a market order without a touch.
    #[must_use]
    pub fn reserve_price(&self, order: &NewOrder, touch: Option<Touch>) -> Option<Ticks> {
        let at_market = || {
            let at_touch = || {
                let touch = touch?;
                Some(match order.side {
                    Side::Buy => touch.ask,
                    Side::Sell => touch.bid,
                })
            };
            let near = order.trigger.or_else(at_touch)?;
            self.collar.above(near.get()).map(Ticks::new)
        };
        order.limit.or_else(at_market)
    }

    /// What of a wish may be ordered now, `None` for nothing until orders under way are done:
    /// no more than the largest order may be under way at once for one wish, so that a large
    /// change goes in steps. Cut to the venue's maximum and to what the position limit
    /// leaves. Where a limit leaves nothing the wish is given back uncut by it, so that the
    /// gate can say why.
    #[must_use]
    pub fn clip(&self, order: Wanted, exposure: &Exposure) -> Option<Lots> {
        let Wanted { instrument, side, quantity, under_way } = order;
        let limits = &self.limits[instrument.index()];
        let cut = |wish: Lots, room: Lots| if room.is_zero() { wish } else { wish.min(room) };
        let step = limits.max_order.minus(under_way);
        if step.is_zero() && !under_way.is_zero() {
            return None;
        }
        let reached = exposure.worst_position(side, Lots::ZERO);
        let reached = reached.map_or(i64::MAX, |worst| match side {
            Side::Buy => worst.get(),
            Side::Sell => worst.get().saturating_neg(),
        });
        let room = limits.max_position.get().saturating_sub(reached).max(0);
        let wish = cut(cut(quantity, step), limits.venue_max.unwrap_or(quantity));
        Some(cut(wish, Lots::new(room)))
    }

    /// The largest order that the venue takes, `None` for no such limit.
    #[must_use]
    pub fn largest_order(&self, instrument: InstrumentId) -> Option<Lots> {
        self.limits[instrument.index()].venue_max
    }

    /// The limits as configured.
    #[must_use]
    pub const fn config(&self) -> &RiskConfig {
        &self.config
    }

    /// Whether the kill switch is on.
    #[must_use]
    pub const fn is_killed(&self) -> bool {
        self.switches.killed
    }

    /// Turns the kill switch on or off.
    pub const fn set_killed(&mut self, killed: bool) {
        self.switches.killed = killed;
    }

    /// Refuses everything from now on: the program is about to end.
    pub const fn wind_down(&mut self) {
        self.switches.winding_down = true;
    }

    /// Notes whether the journal keeps up.
    pub const fn set_journal_stalled(&mut self, stalled: bool) {
        self.switches.journal_stalled = stalled;
    }
}
