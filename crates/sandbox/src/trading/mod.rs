//! The pretend venue's back office: accounts, orders, matching, margin.
//!
//! Pure: time comes from the market it is built on, randomness from that market's seed, and
//! nothing here knows sockets, JSON or signatures. Whatever happens to an order or to money
//! becomes an [`Event`]; `binance` turns those into frames.
//!
//! Money is exact. The crowd and the venue itself have one account, the house: what accounts
//! gain it loses, so that the sum over everybody never changes.

pub(crate) mod account;
mod algo;
mod fill;
pub(crate) mod margin;
mod matching;
pub(crate) mod order;
mod place;
pub(crate) mod rules;
mod settlement;
pub(crate) mod words;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use domain::{Instrument, InstrumentId, Instruments, Market, Span};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use self::{
    account::{Account, Balance, Position},
    order::{Algo, Fill, Income, Order},
    words::{Execution, IncomeType, Status},
};
use crate::market::{Floor, Outlet, Progress};

/// Why the venue refuses an order or a cancellation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reject {
    Closed,
    CancelOnly,
    Duplicate,
    Filter(&'static str),
    Insufficient,
    MarginInsufficient,
    WouldTake,
    WouldTrigger,
    ReduceOnly,
    FokUnfilled,
    Unknown,
    Missing,
    OffTick,
    OffStep,
    PercentPrice,
    QuantityNotPositive,
    QuantityTooLarge,
    NotionalTooSmall(Decimal),
    TooManyOrders,
    GoodTill,
    NoChange,
}

/// Whether the venue trades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    #[default]
    Trading,
    CancelOnly,
    Halted,
}

/// Something an account's user stream tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Order {
        order: Box<Order>,
        execution: Execution,
        fill: Option<Box<Fill>>,
        /// Client id of the request that cancelled it.
        cancel_id: Option<String>,
        execution_id: u64,
    },
    Balances {
        account: usize,
        assets: Vec<(String, Balance)>,
    },
    Deposit {
        account: usize,
        asset: String,
        amount: Decimal,
    },
    Wallet {
        account: usize,
        reason: &'static str,
        asset: String,
        wallet: Decimal,
        cross: Decimal,
        change: Decimal,
        position: Option<(InstrumentId, Position, Decimal)>,
    },
    Algo(Box<Algo>),
    TriggerRejected {
        account: usize,
        instrument: InstrumentId,
        order: u64,
        reason: String,
    },
    Leverage {
        account: usize,
        instrument: InstrumentId,
        leverage: u32,
    },
    MarginCall {
        account: usize,
        asset: String,
        wallet: Decimal,
        position: (InstrumentId, Position),
    },
    ListenKeyExpired {
        account: usize,
        key: String,
    },
}

/// What survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) accounts: Vec<Account>,
    pub(crate) orders: BTreeMap<u64, Order>,
    pub(crate) algos: BTreeMap<u64, Algo>,
    pub(crate) fills: Vec<Fill>,
    pub(crate) incomes: Vec<Income>,
    /// What the crowd and the venue gained, by asset.
    pub(crate) house: BTreeMap<String, Decimal>,
    pub(crate) next_id: u64,
}

/// What changed since somebody last wrote it down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) orders: BTreeSet<u64>,
    pub(crate) algos: BTreeSet<u64>,
    pub(crate) accounts: BTreeSet<usize>,
    /// How many fills and incomes were written down.
    pub(crate) fills: usize,
    pub(crate) incomes: usize,
}

/// Fees as shares of a trade's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fees {
    pub(crate) maker: Decimal,
    pub(crate) taker: Decimal,
}

/// The venue's regular fees, without discounts.
pub(crate) fn fees(market: Market) -> Fees {
    let (maker, taker) = if market == Market::Spot { (10, 10) } else { (2, 5) };
    Fees { maker: Decimal::new(maker, 4), taker: Decimal::new(taker, 4) }
}

/// Accounts in a market.
pub(crate) struct Exchange {
    pub(crate) instruments: Instruments,
    pub(crate) floor: Box<dyn Floor>,
    pub(crate) state: State,
    pub(crate) open: BTreeSet<u64>,
    pub(crate) open_algos: BTreeSet<u64>,
    pub(crate) last: BTreeMap<InstrumentId, Decimal>,
    pub(crate) events: Vec<Event>,
    pub(crate) changes: Changes,
    pub(crate) phase: Phase,
    executions: u64,
    funding_due: BTreeMap<InstrumentId, i64>,
    attended: i64,
    next: Span,
}

/// How often timers and marks are looked at, in milliseconds of the market's time.
const ATTEND_MILLIS: i64 = 100;

/// Orders, fills and changes of wallets that are remembered.
const REMEMBERED: usize = 100_000;

impl Exchange {
    pub(crate) fn new(instruments: Instruments, floor: Box<dyn Floor>, state: State) -> Self {
        let open = |(id, order): (&u64, &Order)| order.status.is_open().then_some(*id);
        let waiting =
            |(id, algo): (&u64, &Algo)| (algo.status == words::AlgoStatus::New).then_some(*id);
        let changes = Changes {
            fills: state.fills.len(),
            incomes: state.incomes.len(),
            ..Changes::default()
        };
        Self {
            instruments,
            floor,
            open: state.orders.iter().filter_map(open).collect(),
            open_algos: state.algos.iter().filter_map(waiting).collect(),
            state,
            last: BTreeMap::new(),
            events: Vec::new(),
            changes,
            phase: Phase::Trading,
            executions: 0,
            funding_due: BTreeMap::new(),
            attended: 0,
            next: Span::ZERO,
        }
    }

    /// Puts the open orders of an earlier life back into the market.
    pub(crate) fn reopen(&mut self, outlet: &mut dyn Outlet) {
        for id in self.open.clone() {
            if self.state.orders.get(&id).is_some_and(|order| order.working) {
                self.work(id, outlet);
            }
        }
    }

    /// The market's time in milliseconds.
    pub(crate) fn now(&self) -> i64 {
        self.floor.now().as_millis()
    }

    /// Lets everything happen up to `elapsed` after the market's start.
    pub(crate) fn run_until(&mut self, elapsed: Span, outlet: &mut dyn Outlet) -> Progress {
        loop {
            // One step of the market at a time, so that accounts see every moment of it.
            let target = self.next.min(elapsed);
            let progress = self.floor.run_until(target, outlet);
            self.attend(outlet);
            match progress {
                Progress::NextAt(next) => {
                    self.next = next;
                    if next > elapsed && target == elapsed {
                        return Progress::NextAt(next);
                    }
                    if next > elapsed {
                        self.next = elapsed;
                    }
                }
                other => {
                    self.next = Span::ZERO;
                    return other;
                }
            }
        }
    }

    /// Books what the market did and looks after whatever waits for a price or a time.
    fn attend(&mut self, outlet: &mut dyn Outlet) {
        let dealt = self.book_deals();
        let now = self.now();
        let due = now - self.attended >= ATTEND_MILLIS || now < self.attended;
        if due {
            self.attended = now;
            self.keep_time(outlet);
        }
        if dealt || due {
            self.trigger(outlet);
        }
        if due {
            self.liquidate(outlet);
            self.forget(REMEMBERED);
        }
    }

    /// Forgets the oldest history beyond so many rows of each kind; what is open stays.
    fn forget(&mut self, most: usize) {
        let state = &mut self.state;
        // A tenth at a time, so that it is rarely done.
        if state.orders.len() > most + most / 10 {
            let excess = state.orders.len() - most;
            let closed = state.orders.values().filter(|order| !order.status.is_open());
            let oldest: Vec<u64> = closed.map(|order| order.id).take(excess).collect();
            for id in oldest {
                state.orders.remove(&id);
                self.changes.orders.remove(&id);
            }
        }
        if state.fills.len() > most + most / 10 {
            let excess = state.fills.len() - most;
            state.fills.drain(..excess);
            self.changes.fills = self.changes.fills.saturating_sub(excess);
        }
        if state.incomes.len() > most + most / 10 {
            let excess = state.incomes.len() - most;
            state.incomes.drain(..excess);
            self.changes.incomes = self.changes.incomes.saturating_sub(excess);
        }
    }

    /// Nobody writes down what changed.
    pub(crate) fn settle_changes(&mut self) {
        let (fills, incomes) = (self.state.fills.len(), self.state.incomes.len());
        self.changes = Changes { fills, incomes, ..Changes::default() };
    }

    fn book_deals(&mut self) -> bool {
        let deals = self.floor.deals();
        for deal in &deals {
            let price = self.instruments.get(deal.instrument).price(deal.price);
            self.last.insert(deal.instrument, price);
            if let Some(maker) = deal.maker {
                let quantity = self.instruments.get(deal.instrument).quantity(deal.quantity);
                self.fill(maker, price, quantity, true, deal.trade_id);
            }
        }
        !deals.is_empty()
    }

    pub(crate) fn instrument(&self, id: InstrumentId) -> &Instrument {
        self.instruments.get(id)
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.state.next_id += 1;
        self.state.next_id
    }

    /// Tells the account what happened to its order.
    fn announce(
        &mut self,
        id: u64,
        execution: Execution,
        fill: Option<Fill>,
        cancel_id: Option<String>,
    ) {
        self.executions += 1;
        let now = self.now();
        let Some(order) = self.state.orders.get_mut(&id) else { return };
        order.updated = now;
        let order = Box::new(order.clone());
        if !order.status.is_open() {
            self.open.remove(&id);
        }
        self.changes.orders.insert(id);
        self.changes.accounts.insert(order.ticket.account);
        let execution_id = self.executions;
        let fill = fill.map(Box::new);
        self.events.push(Event::Order { order, execution, fill, cancel_id, execution_id });
    }

    /// Ends an order: takes it out of the market and gives back what was set aside for it.
    pub(crate) fn close(
        &mut self,
        id: u64,
        status: Status,
        cancel_id: Option<String>,
        outlet: &mut dyn Outlet,
    ) {
        let Some(order) = self.state.orders.get(&id) else { return };
        if !order.status.is_open() {
            return;
        }
        let left = order.left();
        if let Some(lots) = self.lots(order.ticket.instrument, left) {
            self.floor.withdraw(id, lots, outlet);
        }
        self.end(id, status, cancel_id);
    }

    /// Ends an order that is not in the market any more.
    fn end(&mut self, id: u64, status: Status, cancel_id: Option<String>) {
        let Some(order) = self.state.orders.get_mut(&id) else { return };
        order.status = status;
        order.working = false;
        let (account, instrument) = (order.ticket.account, order.ticket.instrument);
        let released = std::mem::take(&mut order.locked);
        let asset = self.locked_asset(id);
        if !released.is_zero() {
            let balance = self.state.accounts[account].balance(&asset);
            balance.locked -= released;
            balance.free += released;
        }
        let execution = match status {
            Status::Canceled => Execution::Canceled,
            Status::ExpiredInMatch => Execution::TradePrevention,
            _ => Execution::Expired,
        };
        self.announce(id, execution, None, cancel_id);
        if self.instrument(instrument).spec().market == Market::Spot {
            self.tell_balances(account, &[&asset]);
        }
    }

    /// The asset that is set aside for a spot order.
    fn locked_asset(&self, id: u64) -> String {
        let Some(order) = self.state.orders.get(&id) else { return String::new() };
        let spec = self.instrument(order.ticket.instrument).spec();
        let asset = match order.ticket.side {
            domain::Side::Buy => &spec.quote,
            domain::Side::Sell => &spec.base,
        };
        asset.clone()
    }

    fn tell_balances(&mut self, account: usize, assets: &[&str]) {
        let now = self.now();
        let owner = &mut self.state.accounts[account];
        owner.updated = now;
        let assets = assets.iter().map(|asset| ((*asset).to_owned(), *owner.balance(asset)));
        let assets = assets.collect();
        self.changes.accounts.insert(account);
        self.events.push(Event::Balances { account, assets });
    }

    /// Changes a USD-M wallet, and the house's opposite.
    fn pay(
        &mut self,
        account: usize,
        instrument: Option<InstrumentId>,
        pay: (&str, Decimal, IncomeType),
    ) {
        let (asset, amount, kind) = pay;
        *self.state.accounts[account].wallets.entry(asset.to_owned()).or_default() += amount;
        *self.state.house.entry(asset.to_owned()).or_default() -= amount;
        self.changes.accounts.insert(account);
        if amount.is_zero() {
            return;
        }
        let (time, id, asset) = (self.now(), self.next_id(), asset.to_owned());
        self.state.incomes.push(Income { account, instrument, kind, amount, asset, time, id });
    }

    /// Gives an account money on spot, or takes it. False when there is not enough.
    pub(crate) fn deposit(&mut self, account: usize, asset: &str, amount: Decimal) -> bool {
        let Some(owner) = self.state.accounts.get_mut(account) else { return false };
        if owner.free(asset) + amount < Decimal::ZERO {
            return false;
        }
        owner.balance(asset).free += amount;
        self.events.push(Event::Deposit { account, asset: asset.to_owned(), amount });
        self.tell_balances(account, &[asset]);
        true
    }

    fn tell_wallet(
        &mut self,
        account: usize,
        reason: &'static str,
        id: InstrumentId,
        change: Decimal,
    ) {
        let asset = self.instrument(id).spec().quote.clone();
        let summary = self.summary(account, &asset);
        let mark = self.mark(id);
        let position = self.state.accounts[account].positions.get(&id);
        let position = position.map(|held| (id, held.clone(), held.unrealized(mark)));
        let (wallet, cross) = (summary.wallet, summary.cross_wallet);
        self.changes.accounts.insert(account);
        self.events.push(Event::Wallet { account, reason, asset, wallet, cross, change, position });
    }
}
