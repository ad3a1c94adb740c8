//! Scenarios: events in, commands out, as readable text.
//!
//! A file in `scenarios/` begins with its settings and goes on with events, one a line,
//! each with its time in milliseconds. The indented lines below an event are what the
//! engine made of it; the test compares them and `UPDATE_GOLDEN=1` rewrites them.
//!
//! `> place` and `> cancel` are commands, `= ...` the account after a fill, `~ ...` signals
//! and wishes held back, `! ...` orders refused by the risk gate.
#![allow(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "golden files are read and written here")]

mod support;

use std::fmt::Write as _;

use domain::{
    AccountEventKind, Control, Event, Instrument, Money, NewOrder, PositionEffect, Refusal,
    ReportKind, StrategyId, Ticks, Timestamp, event::BookLoss,
};
use engine::{Command, Engine, OpeningAccount, OrderStyle, RiskConfig};
use strategies::{Setup, find};
use support::{BTC, Stage, Strings, config, money, puppet};
use testkit::{
    events::{Rung, Tape, book, control, diff, lost},
    instruments::{btc_perpetual, instruments},
};

#[test]
fn every_scenario_goes_as_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "the scenarios are gone");
    for file in files {
        let written = std::fs::read_to_string(&file).unwrap();
        let played = Play::begin(&written).perform(&written);
        if std::env::var("UPDATE_GOLDEN").is_ok() {
            std::fs::write(&file, &played).unwrap();
            continue;
        }
        assert_eq!(played, written, "{}", file.display());
    }
}

/// One scenario on the stage.
struct Play {
    stage: Stage,
    orders: Vec<NewOrder>,
    seen: Seen,
}

/// The counters at the event before.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    signals: u64,
    suppressed: Vec<(&'static str, u64)>,
    rejected: Vec<(&'static str, u64)>,
    fills: u64,
    account_events: u64,
}

impl Play {
    /// Reads the settings: lines `set <key> <value>` and `strategy imbalance|puppet`.
    fn begin(text: &str) -> Self {
        let row = find("imbalance").unwrap();
        let (mut risk, mut params) = (RiskConfig::default(), row.defaults());
        let mut by_puppet = false;
        for line in text.lines() {
            match *line.split_whitespace().collect::<Vec<_>>() {
                ["strategy", kind] => by_puppet = kind == "puppet",
                ["set", "max_orders_per_second", value] => {
                    risk.max_orders_per_second = value.parse().unwrap();
                }
                ["set", "max_notional_exposure", value] => {
                    risk.max_notional_exposure = money(value);
                }
                ["set", name, value] if params.declares(name) => params.set(name, value).unwrap(),
                ["set", key, _] => panic!("no setting {key}"),
                _ => {}
            }
        }
        let table = instruments([btc_perpetual()]);
        let (strings, doll) = puppet(&table);
        let strategy = if by_puppet {
            doll
        } else {
            let (id, trades) = (StrategyId::new(0), [BTC]);
            let setup = Setup {
                id,
                name: "imbalance_v1",
                instruments: &table,
                trades: &trades,
                params: &params,
            };
            row.make(&setup).unwrap()
        };
        let opening = OpeningAccount::with_cash(money("100000"));
        let engine = Engine::new(config(risk), table, vec![strategy], opening).unwrap();
        Self { stage: Stage::of(engine, strings), orders: Vec::new(), seen: Seen::default() }
    }

    fn perform(mut self, text: &str) -> String {
        let mut played = String::new();
        for line in text.lines().filter(|line| !line.starts_with(' ')) {
            writeln!(played, "{line}").unwrap();
            if line.starts_with(|first: char| first.is_ascii_digit()) {
                let commands = self.event(line);
                self.note(&commands, &mut played);
            }
        }
        played
    }

    fn event(&mut self, line: &str) -> Vec<Command> {
        let (time, what) = line.split_once(' ').unwrap();
        let time = Timestamp::from_millis(time.parse().unwrap());
        let now = self.stage.tape.now();
        assert!(time >= now || now == Tape::default().now(), "time runs forward");
        if now == Tape::default().now() {
            self.stage.tape = Tape::from(time);
        }
        let pause = time.since(self.stage.tape.now());
        self.stage.tape.pass(pause);

        let words: Vec<_> = what.split_whitespace().collect();
        match *words.as_slice() {
            ["book", ..] => {
                let (bids, asks) = self.rungs(&words[1..]);
                self.stage.happens(book(BTC, &bids, &asks))
            }
            ["diff", ..] => {
                let (bids, asks) = self.rungs(&words[1..]);
                self.stage.happens(diff(BTC, &bids, &asks))
            }
            ["lost", "gap"] => self.stage.happens(lost(BTC, BookLoss::Gap)),
            ["clock"] => self.stage.happens(Event::Clock),
            ["kill"] => self.stage.happens(control(Control::Kill)),
            ["resume"] => self.stage.happens(control(Control::Resume)),
            ["wind_down"] => self.stage.happens(control(Control::WindDown)),
            ["accepted", order] => self.answer(order, ReportKind::Accepted),
            ["cancelled", order] => self.answer(order, ReportKind::Cancelled),
            ["expired", order] => {
                self.answer(order, ReportKind::Expired(Refusal::RemainderCancelled))
            }
            ["fill", order, quantity, "@", price] => {
                let (instrument, order) = (self.instrument(), self.order(order));
                let lots = instrument.quantity_scale().parse(quantity.as_bytes()).unwrap();
                let ticks = instrument.price_scale().parse(price.as_bytes()).unwrap();
                self.stage.fill(&order, ticks, lots)
            }
            ["wish", quantity, style, "at", "next", "event"] => {
                let lots = self.instrument().quantity_scale().parse(quantity.as_bytes()).unwrap();
                let style = match style {
                    "aggressive" => OrderStyle::AGGRESSIVE,
                    "passive" => OrderStyle::PASSIVE,
                    "market" => OrderStyle::MARKET,
                    other => panic!("no style {other}"),
                };
                self.strings().target(lots, style);
                Vec::new()
            }
            ["protect", "stop", stop, "target", target, "at", "next", "event"] => {
                let instrument = self.instrument();
                let ticks = |text: &str| {
                    (text != "none")
                        .then(|| instrument.price_scale().parse(text.as_bytes()).unwrap())
                };
                self.strings().protect(ticks(stop), ticks(target));
                Vec::new()
            }
            ["funding", amount] => self.stage.account(amount, AccountEventKind::Funding),
            _ => panic!("what is {what:?}?"),
        }
    }

    fn strings(&self) -> &Strings {
        &self.stage.strings
    }

    fn instrument(&self) -> Instrument {
        self.stage.engine.instruments().get(BTC).clone()
    }

    fn order(&self, counter: &str) -> NewOrder {
        self.orders[counter.parse::<usize>().unwrap() - 1]
    }

    fn answer(&mut self, order: &str, kind: ReportKind) -> Vec<Command> {
        let order = self.order(order);
        self.stage.answer(order.id, kind)
    }

    /// Reads `price x quantity` pairs, bids before `|`, asks after it.
    fn rungs(&self, words: &[&str]) -> (Vec<Rung>, Vec<Rung>) {
        let instrument = self.instrument();
        let rung = |word: &&str| {
            let (price, quantity) = word.split_once('x').unwrap();
            let price = instrument.price_scale().parse(price.as_bytes()).unwrap();
            (price, instrument.quantity_scale().parse(quantity.as_bytes()).unwrap())
        };
        let bar = words.iter().position(|word| *word == "|").unwrap();
        let side = |words: &[&str]| words.iter().map(rung).collect();
        (side(&words[..bar]), side(&words[bar + 1..]))
    }

    fn note(&mut self, commands: &[Command], played: &mut String) {
        let counters = self.stage.engine.counters();
        let now = Seen {
            signals: counters.signals,
            suppressed: counters.suppressed().collect(),
            rejected: counters.rejected().collect(),
            fills: counters.fills,
            account_events: counters.account_events,
        };
        let before = std::mem::replace(&mut self.seen, now.clone());
        if now.signals > before.signals {
            writeln!(played, "    ~ signal").unwrap();
        }
        for (mark, now, before) in [
            ("~ held back:", &now.suppressed, &before.suppressed),
            ("!", &now.rejected, &before.rejected),
        ] {
            for (place, (name, count)) in now.iter().enumerate() {
                if *count > before.get(place).map_or(0, |one| one.1) {
                    writeln!(played, "    {mark} {name}").unwrap();
                }
            }
        }
        if (now.fills, now.account_events) != (before.fills, before.account_events) {
            let (instrument, portfolio) = (self.instrument(), self.stage.engine.portfolio());
            let position = portfolio.position(StrategyId::new(0), BTC);
            let carry = match position.carry {
                Money::ZERO => String::new(),
                carry => format!(" carry {carry}"),
            };
            writeln!(
                played,
                "    = position {} cost {} realized {} fees {}{carry} cash {}",
                instrument.net_quantity(position.quantity),
                position.cost_basis,
                position.realized_pnl,
                position.fees,
                portfolio.cash(),
            )
            .unwrap();
        }
        for command in commands {
            self.note_command(command, played);
        }
    }

    fn note_command(&mut self, command: &Command, played: &mut String) {
        match command {
            Command::Place(order) => {
                let instrument = self.instrument();
                let price = |limit: Ticks| format!(" @ {}", instrument.price(limit));
                let limit = order.limit.or(order.trigger).map(price).unwrap_or_default();
                let only = match order.effect {
                    PositionEffect::Any => "",
                    PositionEffect::ReduceOnly => " reduce_only",
                };
                let quantity = instrument.quantity(order.quantity);
                let (id, side, kind) = (order.id.counter(), order.side, order.order_type);
                writeln!(played, "    > place {id}: {side} {kind} {quantity}{limit}{only}")
                    .unwrap();
                self.orders.push(order.get());
            }
            Command::Cancel { order, .. } => {
                writeln!(played, "    > cancel {}", order.counter()).unwrap();
            }
        }
    }
}
