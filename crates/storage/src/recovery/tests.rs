//! The state, fact by fact.

use std::collections::BTreeSet;

use domain::{
    Control, Lots, OrderStatus, Record, RunNumber, TradeId,
    record::{AccountRecord, OrderChanged},
};
use proptest::prelude::*;

use super::{State, trade_ids::TradeIds};
use crate::{
    Fact,
    support::{Desk, STRATEGIES, instruments},
};

/// The facts of a session, and whether each comes with a new input.
fn facts(seed: u64, steps: usize) -> Vec<Fact> {
    let mut desk = Desk::new(seed);
    let mut records = vec![Record::SessionStarted(Box::new(desk.session()))];
    records.extend(desk.trade(steps));
    records.into_iter().filter_map(Fact::of).collect()
}

fn state_after(facts: &[Fact]) -> State {
    let mut state = State::default();
    for fact in facts {
        state.apply(fact);
    }
    state
}

#[test]
fn a_fill_without_its_account_is_booked_as_the_account_would_have() {
    let facts = facts(1, 300);
    let mut compared = 0;
    for (place, fact) in facts.iter().enumerate() {
        let Fact::Account(account) = fact else { continue };
        // Everything up to the fill, without the account that follows.
        let mut cut = state_after(&facts[..place]);
        cut.settle();
        let mut whole = state_after(&facts[..=place]);
        whole.settle();
        let of = |state: &State| {
            let (name, spec) = names(account);
            state.accounts.iter().find(|one| one.is_of(name, &spec)).cloned().unwrap()
        };
        let (mut settled, recorded) = (of(&cut), of(&whole));
        assert!(settled.unrecorded && !recorded.unrecorded);
        settled.unrecorded = false;
        assert_eq!((settled, cut.cash), (recorded, whole.cash));
        compared += 1;
    }
    assert!(compared > 20);
}

fn names(account: &AccountRecord) -> (&'static str, domain::instrument::InstrumentSpec) {
    (STRATEGIES[account.strategy.index()], instruments()[account.instrument.index()].clone())
}

#[test]
fn a_fill_that_the_engine_did_not_book_is_not_booked_here() {
    let facts = facts(2, 200);
    let place = facts.iter().position(|fact| matches!(fact, Fact::Filled { .. })).unwrap();
    let before = state_after(&facts[..place]);
    let mut state = state_after(&facts[..=place]);
    state.next_input();
    state.settle();
    assert_eq!((state.accounts, state.cash), (before.accounts, before.cash));
}

#[test]
fn a_fill_that_comes_twice_counts_once() {
    let facts = facts(3, 200);
    let place = facts.iter().position(|fact| matches!(fact, Fact::Filled { .. })).unwrap();
    let mut state = state_after(&facts);
    let before = state.clone();
    state.apply(&facts[place]);
    state.settle();
    assert_eq!(state.session, before.session);
    assert_eq!((state.accounts, state.cash), (before.accounts, before.cash));
}

#[test]
fn an_order_is_open_from_its_placing_to_its_end() {
    let facts = facts(4, 100);
    let placed = facts.iter().find_map(|fact| match fact {
        Fact::Placed(order) => Some(*order),
        _ => None,
    });
    let order = placed.unwrap();
    let mut state = state_after(&facts[..1]);
    state.apply(&Fact::Placed(order));
    assert_eq!(state.open_orders.len(), 1);
    assert_eq!(state.last_order, Some(order.id));
    let change = |status| OrderChanged {
        order: order.id,
        status,
        filled: Lots::new(1),
        time: order.created,
    };
    state.apply(&Fact::OrderChanged(change(OrderStatus::PartlyFilled)));
    let open = &state.open_orders[0];
    assert_eq!((open.status, open.filled), (OrderStatus::PartlyFilled, Lots::new(1)));
    assert_eq!(open.strategy, STRATEGIES[order.strategy.index()]);
    state.apply(&Fact::OrderChanged(change(OrderStatus::Cancelled)));
    assert!(state.open_orders.is_empty());
}

#[test]
fn only_kill_and_resume_move_the_kill_switch() {
    let mut state = State::default();
    for (control, expected) in [
        (Control::WindDown, false),
        (Control::Kill, true),
        (Control::JournalRecovered, true),
        (Control::Resume, false),
    ] {
        state.apply(&Fact::Control(control));
        assert_eq!(state.kill_switch, expected, "{control:?}");
    }
}

#[test]
fn a_state_survives_its_checkpoint() {
    let state = state_after(&facts(5, 300));
    assert!(!state.open_orders.is_empty() && state.accounts.len() > 2);
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
}

proptest! {
    #[test]
    fn trade_ids_behave_like_a_set(ids in prop::collection::vec(0_u64..60, 0..120)) {
        let (mut ranges, mut set) = (TradeIds::default(), BTreeSet::new());
        for id in ids {
            let trade = TradeId::from_raw(id);
            prop_assert_eq!(ranges.insert(trade), set.insert(trade));
            prop_assert_eq!(ranges.last(), set.last().copied());
        }
    }

    #[test]
    fn the_highest_trade_is_the_last_one(counters in prop::collection::vec(1_u64..1_000_000, 1..50)) {
        let mut ids = TradeIds::default();
        for &counter in &counters {
            ids.insert(TradeId::new(RunNumber::FIRST, counter));
        }
        prop_assert_eq!(ids.last().map(TradeId::counter), counters.into_iter().max());
    }
}
