//! What we own, what it cost and what it is worth.
//!
//! Cash moves by the full price of every fill, on spot and on linear perpetuals alike, so
//! one identity holds exactly at every event:
//! `cash + value of positions = opening cash + realised + unrealised + carry - fees`.
//! Positions are kept per strategy and instrument; a fill is booked at most once.

mod position;
mod trade_ids;

#[cfg(test)]
mod tests;

pub use position::Position;
pub use trade_ids::TradeIds;

use domain::{
    Fill, Instrument, InstrumentId, Instruments, Money, NetLots, NumberError, StrategyId, Ticks,
    event::{AccountEvent, AccountEventKind},
};

const OVERFLOW: NumberError = NumberError::Overflow { what: "the portfolio" };

/// What the account holds when a run begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningAccount {
    /// Cash of the whole account.
    pub cash: Money,
    /// Positions carried over from earlier runs.
    pub positions: Vec<OpeningPosition>,
    /// Whether the kill switch was on when the last run ended.
    pub kill_switch: bool,
    /// The counter of the first order of this run.
    pub next_order: u64,
}

impl OpeningAccount {
    /// An account with cash and nothing else.
    #[must_use]
    pub const fn with_cash(cash: Money) -> Self {
        Self { cash, positions: Vec::new(), kill_switch: false, next_order: 1 }
    }
}

/// One carried-over position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningPosition {
    /// Whose.
    pub strategy: StrategyId,
    /// In what.
    pub instrument: InstrumentId,
    /// Signed position.
    pub position: NetLots,
    /// What it cost: positive for a long, negative for a short.
    pub cost_basis: Money,
    /// Profit of everything closed so far, before fees.
    pub realized_pnl: Money,
    /// All fees paid so far.
    pub fees: Money,
    /// Funding, interest, dividends and the like received so far; negative is paid.
    pub carry: Money,
}

/// One instrument's share of the account, over all strategies.
#[derive(Clone, Copy, Debug, Default)]
struct Holding {
    quantity: NetLots,
    /// Twice the last middle price, `None` before the first.
    twice_mid: Option<Ticks>,
    /// Worth at that price, or at cost before the first.
    value: Money,
}

/// The accounts of one strategy over all its instruments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StrategyAccount {
    /// Profit of everything closed so far, before fees.
    pub realized_pnl: Money,
    /// Profit of what is open at the last middle prices.
    pub unrealized_pnl: Money,
    /// All fees paid so far.
    pub fees: Money,
    /// Funding, interest, dividends and the like received so far; negative is paid.
    pub carry: Money,
    /// Closing trades that made money.
    pub wins: u64,
    /// Closing trades that lost money.
    pub losses: u64,
}

/// Cash, positions and their worth.
#[derive(Clone, Debug)]
pub struct Portfolio {
    cash: Money,
    /// By strategy, then instrument.
    positions: Vec<Position>,
    /// By strategy, then instrument: what a position is worth while its instrument has no
    /// price.
    unpriced: Vec<Money>,
    holdings: Vec<Holding>,
    /// Cash plus the worth of all holdings, kept up to date.
    equity: Money,
    /// How many holdings are not flat.
    held: usize,
    booked: TradeIds,
    peak_equity: Money,
    max_drawdown: Money,
}

impl Portfolio {
    /// The portfolio of an opening account.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] when the opening positions do not add up within range.
    ///
    /// # Panics
    /// When an opening position names a strategy or an instrument outside the session.
    pub fn new(
        strategies: usize,
        instruments: usize,
        opening: OpeningAccount,
    ) -> Result<Self, NumberError> {
        let mut portfolio = Self {
            cash: opening.cash,
            positions: vec![Position::default(); strategies * instruments],
            unpriced: vec![Money::ZERO; strategies * instruments],
            holdings: vec![Holding::default(); instruments],
            equity: opening.cash,
            held: 0,
            booked: TradeIds::with_capacity(64),
            peak_equity: opening.cash,
            max_drawdown: Money::ZERO,
        };
        for one in opening.positions {
            let place = portfolio.place(one.strategy, one.instrument);
            portfolio.positions[place] = Position {
                quantity: one.position,
                cost_basis: one.cost_basis,
                realized_pnl: one.realized_pnl,
                fees: one.fees,
                carry: one.carry,
                ..Position::default()
            };
            portfolio.unpriced[place] = one.cost_basis;
            let holding = &mut portfolio.holdings[one.instrument.index()];
            holding.quantity = holding.quantity.checked_add(one.position).ok_or(OVERFLOW)?;
            holding.value = holding.value.checked_add(one.cost_basis).ok_or(OVERFLOW)?;
        }
        portfolio.take_stock();
        portfolio.peak_equity = portfolio.equity;
        Ok(portfolio)
    }

    /// Books a fill of a strategy's order. `false` when this trade was booked before.
    ///
    /// # Errors
    /// [`NumberError::Overflow`]; nothing was booked then.
    pub fn book(
        &mut self,
        strategy: StrategyId,
        fill: &Fill,
        instrument: &Instrument,
    ) -> Result<bool, NumberError> {
        if self.booked.contains(fill.trade) {
            return Ok(false);
        }
        let place = self.place(strategy, fill.instrument);
        let (position, cash) = self.positions[place].after(fill, instrument)?;
        let cash = self.cash.checked_add(cash).ok_or(OVERFLOW)?;
        let mut holding = self.holdings[fill.instrument.index()];
        let traded = fill.quantity.signed(fill.side);
        holding.quantity = holding.quantity.checked_add(traded).ok_or(OVERFLOW)?;
        let mut unpriced = self.unpriced[place];
        holding.value = if let Some(twice_mid) = holding.twice_mid {
            Position::value(holding.quantity, twice_mid, instrument)?
        } else {
            let moved = position.cost_basis.checked_sub(self.positions[place].cost_basis);
            let moved = moved.ok_or(OVERFLOW)?;
            unpriced = unpriced.checked_add(moved).ok_or(OVERFLOW)?;
            holding.value.checked_add(moved).ok_or(OVERFLOW)?
        };

        self.unpriced[place] = unpriced;
        self.booked.insert(fill.trade);
        self.positions[place] = position;
        self.cash = cash;
        self.holdings[fill.instrument.index()] = holding;
        self.take_stock();
        self.watch_drawdown();
        Ok(true)
    }

    /// Books what a venue did to a strategy's account by its own rules, except for a
    /// liquidation, which is a fill.
    ///
    /// Money that is paid out of the instrument itself (a dividend, fractions of a split)
    /// leaves its worth: until the next price the position counts at what it was worth less
    /// what was paid, so that equity goes on without a jump.
    ///
    /// # Errors
    /// [`NumberError::Overflow`]; nothing was booked then.
    pub fn book_event(
        &mut self,
        event: &AccountEvent,
        instrument: &Instrument,
    ) -> Result<(), NumberError> {
        let place = self.place(event.strategy, event.instrument);
        let before = self.positions[place];
        let position = before.after_event(event)?;
        let cash = self.cash.checked_add(event.amount).ok_or(OVERFLOW)?;
        let mut holding = self.holdings[event.instrument.index()];
        let gained = position.quantity.checked_sub(before.quantity).ok_or(OVERFLOW)?;
        holding.quantity = holding.quantity.checked_add(gained).ok_or(OVERFLOW)?;
        let is_paid_out =
            matches!(event.kind, AccountEventKind::Dividend | AccountEventKind::Split { .. });
        if is_paid_out {
            self.freeze(instrument)?;
            let worth = if position.quantity.is_zero() {
                Money::ZERO
            } else {
                self.unpriced[place].checked_sub(event.amount).ok_or(OVERFLOW)?
            };
            let lost = self.unpriced[place].checked_sub(worth).ok_or(OVERFLOW)?;
            holding.value =
                self.holdings[event.instrument.index()].value.checked_sub(lost).ok_or(OVERFLOW)?;
            holding.twice_mid = None;
            self.unpriced[place] = worth;
        }
        self.positions[place] = position;
        self.cash = cash;
        self.holdings[event.instrument.index()] = holding;
        self.take_stock();
        self.watch_drawdown();
        Ok(())
    }

    /// Remembers what every position in an instrument is worth at its last price, and counts
    /// that until the next one.
    fn freeze(&mut self, instrument: &Instrument) -> Result<(), NumberError> {
        let id = instrument.id().index();
        let Some(twice_mid) = self.holdings[id].twice_mid else { return Ok(()) };
        let mut sum = Money::ZERO;
        for place in (id..self.positions.len()).step_by(self.holdings.len()) {
            let worth = Position::value(self.positions[place].quantity, twice_mid, instrument)?;
            self.unpriced[place] = worth;
            sum = sum.checked_add(worth).ok_or(OVERFLOW)?;
        }
        self.holdings[id].twice_mid = None;
        self.holdings[id].value = sum;
        Ok(())
    }

    /// Whether a trade was booked.
    #[must_use]
    pub fn has_booked(&self, trade: domain::TradeId) -> bool {
        self.booked.contains(trade)
    }

    /// Values an instrument's positions in the middle between `bid` and `ask`. A price that
    /// does not fit the arithmetic leaves the last value in place.
    #[inline]
    pub fn mark(&mut self, instrument: &Instrument, bid: Ticks, ask: Ticks) {
        let holding = &mut self.holdings[instrument.id().index()];
        let twice_mid = Ticks::new(bid.get().saturating_add(ask.get()));
        if holding.twice_mid == Some(twice_mid) {
            return;
        }
        if holding.quantity.is_zero() {
            holding.twice_mid = Some(twice_mid);
            let before = std::mem::replace(&mut holding.value, Money::ZERO);
            if before != Money::ZERO {
                self.equity -= before;
            }
        } else if let Ok(value) = Position::value(holding.quantity, twice_mid, instrument) {
            let gained = value - holding.value;
            (holding.twice_mid, holding.value) = (Some(twice_mid), value);
            self.equity += gained;
            self.watch_drawdown();
        }
    }

    /// Cash of the whole account. A purchase takes its full price out, also on a perpetual.
    #[must_use]
    pub const fn cash(&self) -> Money {
        self.cash
    }

    /// One strategy's position in one instrument.
    #[must_use]
    pub fn position(&self, strategy: StrategyId, instrument: InstrumentId) -> &Position {
        &self.positions[self.place(strategy, instrument)]
    }

    /// Everybody's position in one instrument.
    #[must_use]
    pub fn net(&self, instrument: InstrumentId) -> NetLots {
        self.holdings[instrument.index()].quantity
    }

    /// What everybody's position in one instrument is worth at the last middle price, or
    /// cost before there was one.
    #[must_use]
    pub fn value(&self, instrument: InstrumentId) -> Money {
        self.holdings[instrument.index()].value
    }

    /// Cash plus the worth of all positions.
    #[must_use]
    pub const fn equity(&self) -> Money {
        self.equity
    }

    /// The worth of all positions without sign, instrument by instrument.
    #[must_use]
    pub fn gross_exposure(&self) -> Money {
        self.holdings.iter().fold(Money::ZERO, |sum, holding| sum + holding.value.abs())
    }

    /// Whether there is a position in any instrument, over all strategies.
    #[must_use]
    pub const fn holds_anything(&self) -> bool {
        self.held > 0
    }

    /// The largest fall of equity from an earlier peak so far.
    #[must_use]
    pub const fn max_drawdown(&self) -> Money {
        self.max_drawdown
    }

    /// Profit of everything closed so far, before fees.
    #[must_use]
    pub fn realized_pnl(&self) -> Money {
        self.positions.iter().map(|position| position.realized_pnl).sum()
    }

    /// Profit of everything open at the last middle prices.
    #[must_use]
    pub fn unrealized_pnl(&self) -> Money {
        let value: Money = self.holdings.iter().map(|holding| holding.value).sum();
        let cost: Money = self.positions.iter().map(|position| position.cost_basis).sum();
        value - cost
    }

    /// All fees paid so far.
    #[must_use]
    pub fn fees(&self) -> Money {
        self.positions.iter().map(|position| position.fees).sum()
    }

    /// All funding, interest, dividends and the like received so far.
    #[must_use]
    pub fn carry(&self) -> Money {
        self.positions.iter().map(|position| position.carry).sum()
    }

    /// One strategy's position in one instrument valued at the last middle price.
    #[must_use]
    pub fn unrealized(&self, strategy: StrategyId, instrument: &Instrument) -> Money {
        let position = self.position(strategy, instrument.id());
        let Some(twice_mid) = self.holdings[instrument.id().index()].twice_mid else {
            return self.unpriced[self.place(strategy, instrument.id())] - position.cost_basis;
        };
        Position::value(position.quantity, twice_mid, instrument)
            .map_or(Money::ZERO, |value| value - position.cost_basis)
    }

    /// One strategy's accounts, summed over the instruments.
    #[must_use]
    pub fn account(&self, strategy: StrategyId, instruments: &Instruments) -> StrategyAccount {
        let mut account = StrategyAccount::default();
        for instrument in instruments.iter() {
            let position = self.position(strategy, instrument.id());
            account.realized_pnl += position.realized_pnl;
            account.unrealized_pnl += self.unrealized(strategy, instrument);
            account.fees += position.fees;
            account.carry += position.carry;
            account.wins += position.wins;
            account.losses += position.losses;
        }
        account
    }

    /// Counts again what everything is worth and how much of it there is.
    fn take_stock(&mut self) {
        self.equity = self.holdings.iter().fold(self.cash, |sum, holding| sum + holding.value);
        self.held = self.holdings.iter().filter(|holding| !holding.quantity.is_zero()).count();
    }

    fn watch_drawdown(&mut self) {
        let equity = self.equity;
        self.peak_equity = self.peak_equity.max(equity);
        self.max_drawdown = self.max_drawdown.max(self.peak_equity - equity);
    }

    fn place(&self, strategy: StrategyId, instrument: InstrumentId) -> usize {
        strategy.index() * self.holdings.len() + instrument.index()
    }
}
