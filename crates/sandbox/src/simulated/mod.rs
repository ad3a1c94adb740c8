//! A made-up market: seeded traders, a real matching engine, the streams that follow.
//!
//! Everything is a function of the seed, the instruments, the rate and the market's own
//! time; the wall clock only decides how fast that time passes, and that is not done here.
//! The order book leads the price a little (see `coin`), the spread is mostly one tick, and
//! prices of the same coin move together on all its markets.

mod coin;
pub(crate) mod dice;
mod floor;
mod tape;
mod traders;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use domain::{
    InstrumentId, Instruments, Level, Market as Kind, Price, Rate, Side, Span, Timestamp,
    event::MarkPrice,
};
use rust_decimal::{Decimal, prelude::FromPrimitive as _, prelude::ToPrimitive as _};

use self::{
    coin::Coin,
    dice::Dice,
    tape::Tape,
    traders::{Habits, Traders},
};
use crate::market::{Depth, DepthLevel, Market, Outlet, Progress};

/// Annualised volatility of every coin.
const VOLATILITY: f64 = 0.65;
/// How long a market takes to follow a jump: futures first.
const REACTION_MILLIS: [f64; 2] = [2.0, 6.0];
/// Funding is settled every eight hours.
const FUNDING_MILLIS: i64 = 8 * 3_600_000;

/// How a simulation is set up.
#[derive(Clone, Debug)]
pub struct SimulationConfig {
    /// Decides everything random.
    pub seed: u64,
    /// Book changes a second and instrument, roughly.
    pub rate: u32,
    /// The market's time when it starts.
    pub start: Timestamp,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    /// The worth of a coin moves.
    Jump { coin: usize },
    /// Traders of a market notice that.
    React { pit: usize, again: u8 },
    /// An ordinary action.
    Act { pit: usize },
    /// Batches of this length end everywhere.
    EndBatch { millis: u16 },
    /// Mark prices are told.
    Mark,
}

/// One instrument: its traders and its public record.
#[derive(Debug)]
struct Pit {
    coin: usize,
    traders: Traders,
    tape: Tape,
}

/// The simulated market.
pub struct Simulation {
    config: SimulationConfig,
    now: Span,
    coins: Vec<Coin>,
    pits: Vec<Pit>,
    agenda: BinaryHeap<Reverse<(Span, u64, Task)>>,
    scheduled: u64,
    dice: Dice,
    reports: Vec<crate::exchange::Report>,
    guests: BTreeMap<u64, floor::Guest>,
    deals: Vec<crate::market::Deal>,
}

impl Simulation {
    /// A market in its first moment, with full books.
    #[must_use]
    pub fn new(config: SimulationConfig, instruments: &Instruments) -> Self {
        let mut coins: Vec<Coin> = Vec::new();
        let mut pits = Vec::new();
        for instrument in instruments.iter() {
            let spec = instrument.spec();
            let coin = coins.iter().position(|coin| coin.name == spec.base).unwrap_or_else(|| {
                let dice = Dice::new(config.seed, 1_000 + coins.len() as u64);
                coins.push(Coin::new(spec.base.clone(), worth_of(&spec.base), VOLATILITY, dice));
                coins.len() - 1
            });
            let index = pits.len() as u64;
            let worth = coins[coin].worth();
            let lot = spec.lot_size.decimal().to_f64().unwrap_or(1.0);
            let habits = Habits {
                tick: spec.tick_size.decimal().to_f64().unwrap_or(1.0),
                // About 3,000 of quote currency an order.
                median_lots: (3_000.0 / worth / lot).max(1.0),
                premium: if spec.market == Kind::Spot { 1.0 } else { 1.0002 },
            };
            let traders = Traders::new(habits, &mut coins[coin], Dice::new(config.seed, index));
            pits.push(Pit { coin, traders, tape: Tape::new(instrument.clone(), 1_000_000_000) });
        }
        let dice = Dice::new(config.seed, u64::MAX);
        let mut simulation = Self {
            config,
            now: Span::ZERO,
            coins,
            pits,
            agenda: BinaryHeap::new(),
            scheduled: 0,
            dice,
            reports: Vec::new(),
            guests: BTreeMap::new(),
            deals: Vec::new(),
        };
        simulation.schedule_first();
        simulation
    }

    fn schedule_first(&mut self) {
        for coin in 0..self.coins.len() {
            let wait = self.coins[coin].next_jump();
            self.schedule(wait, Task::Jump { coin });
        }
        for pit in 0..self.pits.len() {
            self.schedule(0, Task::Act { pit });
        }
        for millis in [100, 250, 500, 1000] {
            self.schedule(i64::from(millis) * 1_000_000, Task::EndBatch { millis });
        }
        self.schedule(1_000_000_000, Task::Mark);
    }

    fn schedule(&mut self, wait_nanos: i64, task: Task) {
        self.scheduled += 1;
        let at = Span::from_nanos(self.now.as_nanos() + wait_nanos);
        self.agenda.push(Reverse((at, self.scheduled, task)));
    }

    fn carry_out(&mut self, task: Task, outlet: &mut dyn Outlet) {
        match task {
            Task::Jump { coin } => {
                let wait = self.coins[coin].jump(self.now);
                self.schedule(wait, Task::Jump { coin });
                self.alert(coin);
            }
            Task::React { pit, again } => {
                self.trade(pit, outlet, |traders, coin, now, reports| {
                    let lean = coin.lean(now);
                    traders.catch_up(coin, lean, reports);
                });
                if again > 0 {
                    let wait = self.dice.wait_nanos(2_000.0);
                    self.schedule(wait, Task::React { pit, again: again - 1 });
                }
            }
            Task::Act { pit } => {
                self.trade(pit, outlet, Traders::act);
                let wait = self.dice.wait_nanos(f64::from(self.config.rate.max(1)));
                self.schedule(wait, Task::Act { pit });
            }
            Task::EndBatch { millis } => {
                let now = self.now();
                for pit in &mut self.pits {
                    pit.tape.end_batch(millis, now, outlet);
                }
                self.schedule(i64::from(millis) * 1_000_000, Task::EndBatch { millis });
            }
            Task::Mark => self.tell_marks(outlet),
        }
    }

    fn trade(
        &mut self,
        pit: usize,
        outlet: &mut dyn Outlet,
        action: impl FnOnce(&mut Traders, &mut Coin, Span, &mut Vec<crate::exchange::Report>),
    ) {
        let time = self.now();
        let Pit { coin, traders, tape } = &mut self.pits[pit];
        self.reports.clear();
        action(traders, &mut self.coins[*coin], self.now, &mut self.reports);
        if !self.reports.is_empty() {
            tape.record(&self.reports, &traders.book, time, outlet);
            self.note_deals(pit);
        }
    }

    /// Wakes the traders of all markets of a coin, futures a little earlier.
    fn alert(&mut self, coin: usize) {
        for pit in 0..self.pits.len() {
            if self.pits[pit].coin == coin {
                let spot = self.pits[pit].tape.instrument.spec().market == Kind::Spot;
                let millis = REACTION_MILLIS[usize::from(spot)] * (0.5 + self.dice.uniform());
                self.schedule(dice::whole(millis * 1e6), Task::React { pit, again: 2 });
            }
        }
    }

    fn tell_marks(&mut self, outlet: &mut dyn Outlet) {
        let now = self.now();
        let every_third = self.now.as_nanos() / 1_000_000_000 % 3 == 0;
        for index in 0..self.pits.len() {
            let id = self.pits[index].tape.instrument.id();
            let Some(mark) = self.mark(id) else { continue };
            self.pits[index].tape.write_mark(&mark, 1, now, outlet);
            if every_third {
                self.pits[index].tape.write_mark(&mark, 3, now, outlet);
            }
        }
        self.schedule(1_000_000_000, Task::Mark);
    }
}

impl Market for Simulation {
    fn run_until(&mut self, elapsed: Span, outlet: &mut dyn Outlet) -> Progress {
        while let Some(Reverse((at, _, task))) = self.agenda.peek().copied() {
            if at > elapsed {
                self.now = elapsed;
                return Progress::NextAt(at);
            }
            self.agenda.pop();
            self.now = at;
            self.carry_out(task, outlet);
        }
        Progress::Finished
    }

    fn depth(&self, instrument: InstrumentId, levels: usize) -> Option<Depth> {
        let Pit { traders, tape, .. } = self.pits.get(instrument.index())?;
        let side = |side| {
            let decimals = |level: Level| DepthLevel {
                price: tape.instrument.price(level.price),
                quantity: tape.instrument.quantity(level.quantity),
            };
            traders.book.levels(side).take(levels).map(decimals).collect()
        };
        Some(Depth {
            last_update_id: tape.update_id(),
            time: self.now(),
            bids: side(Side::Buy),
            asks: side(Side::Sell),
        })
    }

    fn mark(&self, instrument: InstrumentId) -> Option<MarkPrice> {
        let pit = self.pits.get(instrument.index())?;
        let spec = pit.tape.instrument.spec();
        if spec.market == Kind::Spot {
            return None;
        }
        let decimal = |value: f64, digits| Decimal::from_f64(value).map(|d| d.round_dp(digits));
        let worth = self.coins[pit.coin].worth();
        let bid = pit.tape.instrument.price(pit.traders.book.best(Side::Buy)?.price).to_f64()?;
        let premium = bid / worth - 1.0;
        // The venue's formula: interest of 0.01 % pulls the rate to itself, by 0.05 % at most.
        let rate = premium + (0.0001 - premium).clamp(-0.0005, 0.0005);
        let next = (self.now().as_millis().div_euclid(FUNDING_MILLIS) + 1) * FUNDING_MILLIS;
        Some(MarkPrice {
            mark: Price::new(decimal(bid, 8)?).ok()?,
            index: Price::new(decimal(worth, 8)?).ok(),
            funding_rate: decimal(rate, 8).map(Rate::new),
            next_funding: Some(Timestamp::from_millis(next)),
        })
    }

    fn now(&self) -> Timestamp {
        self.config.start + self.now
    }
}

/// Where a coin's price begins, in quote currency.
fn worth_of(base: &str) -> f64 {
    match base {
        "BTC" => 60_000.0,
        "ETH" => 2_600.0,
        _ => 100.0,
    }
}
