//! What the conflator keeps and what it merges.

use std::borrow::Cow;

use domain::Side;

use super::*;

const BTC: InstrumentId = InstrumentId::new(0);

fn event(data: MarketData<'_>) -> MarketEvent<'_> {
    MarketEvent { instrument: BTC, exchange_time: None, data }
}

fn diff(first: u64, last: u64, bids: &[(i64, i64)], asks: &[(i64, i64)]) -> MarketData<'static> {
    let levels = |side: &[(i64, i64)]| {
        Cow::Owned(side.iter().map(|(price, quantity)| Level::new(*price, *quantity)).collect())
    };
    MarketData::BookDiff {
        first_update_id: first,
        last_update_id: last,
        bids: levels(bids),
        asks: levels(asks),
    }
}

fn trade(id: u64, price: i64, quantity: i64, aggressor: Side) -> MarketData<'static> {
    let (price, quantity) = (Ticks::new(price), Lots::new(quantity));
    MarketData::Trade(Trade { id, price, quantity, aggressor })
}

fn push_all(conflator: &mut Conflator, all: &[MarketData<'static>]) {
    for (index, data) in all.iter().enumerate() {
        let time = Timestamp::from_millis(i64::try_from(index).unwrap());
        conflator.push(&event(data.clone()), time, Stamp::default());
    }
}

fn drain(conflator: &mut Conflator) -> Vec<MarketData<'static>> {
    let mut out = Vec::new();
    conflator.flush(|event, time, arrival| {
        let parcel = crate::parcel::Parcel::pack(event, time, arrival, Vec::new());
        out.push(match parcel.event().data {
            MarketData::BookDiff { first_update_id, last_update_id, bids, asks } => {
                let (bids, asks) = (bids.into_owned().into(), asks.into_owned().into());
                MarketData::BookDiff { first_update_id, last_update_id, bids, asks }
            }
            MarketData::BookSnapshot { update_id, bids, asks } => {
                let (bids, asks) = (bids.into_owned().into(), asks.into_owned().into());
                MarketData::BookSnapshot { update_id, bids, asks }
            }
            MarketData::BookLost(loss) => MarketData::BookLost(loss),
            MarketData::Trade(trade) => MarketData::Trade(trade),
            other => panic!("not expected here: {other:?}"),
        });
        true
    });
    out
}

#[test]
fn changes_of_a_book_become_one_with_the_latest_quantities() {
    let mut conflator = Conflator::default();
    let first = diff(1, 3, &[(10, 5), (9, 1)], &[]);
    push_all(&mut conflator, &[first, diff(4, 6, &[(10, 0)], &[(11, 2)])]);
    assert_eq!(drain(&mut conflator), [diff(1, 6, &[(9, 1), (10, 0)], &[(11, 2)])]);
    assert!(conflator.is_empty());
    assert_eq!(conflator.merged(), 2);
}

#[test]
fn a_lost_book_wipes_what_waited_and_a_snapshot_starts_anew() {
    let mut conflator = Conflator::default();
    let snapshot = MarketData::BookSnapshot {
        update_id: 9,
        bids: vec![Level::new(8, 1), Level::new(7, 1)].into(),
        asks: vec![Level::new(12, 4)].into(),
    };
    let lost = MarketData::BookLost(BookLoss::Gap);
    let after = diff(10, 10, &[(8, 0)], &[]);
    push_all(&mut conflator, &[diff(1, 3, &[(10, 5)], &[]), lost.clone(), snapshot, after]);
    let expected = MarketData::BookSnapshot {
        update_id: 10,
        bids: vec![Level::new(7, 1)].into(),
        asks: vec![Level::new(12, 4)].into(),
    };
    assert_eq!(drain(&mut conflator), [lost, expected]);
}

#[test]
fn trades_at_one_price_and_side_add_up_and_others_stay_apart() {
    let mut conflator = Conflator::default();
    let all = [
        trade(1, 10, 1, Side::Buy),
        trade(2, 10, 2, Side::Buy),
        trade(3, 10, 4, Side::Sell),
        trade(4, 9, 8, Side::Sell),
    ];
    push_all(&mut conflator, &all);
    let kept =
        [trade(2, 10, 3, Side::Buy), trade(3, 10, 4, Side::Sell), trade(4, 9, 8, Side::Sell)];
    assert_eq!(drain(&mut conflator), kept);
}

#[test]
fn what_the_queue_refuses_waits_unharmed() {
    let mut conflator = Conflator::default();
    let lost = MarketData::BookLost(BookLoss::Disconnected);
    let all = [lost.clone(), diff(5, 6, &[(10, 5)], &[]), trade(1, 10, 1, Side::Buy)];
    push_all(&mut conflator, &all);
    for room in 0..all.len() {
        let mut sent = 0;
        conflator.flush(|_, _, _| {
            sent += 1;
            sent <= usize::from(room == 0)
        });
    }
    assert_eq!(drain(&mut conflator), all[1..], "one was sent in the first round, the rest waits");
}

#[test]
fn a_thousand_kinds_of_trades_stay_bounded_and_keep_their_volume() {
    let mut conflator = Conflator::default();
    let all: Vec<_> =
        (0..3_000).map(|index| trade(index, index.cast_signed(), 2, Side::Buy)).collect();
    push_all(&mut conflator, &all);
    let kept = drain(&mut conflator);
    assert_eq!(kept.len(), MAX_TRADES);
    let volume: i64 = kept
        .iter()
        .map(|data| if let MarketData::Trade(trade) = data { trade.quantity.get() } else { 0 })
        .sum();
    assert_eq!(volume, 6_000);
}
