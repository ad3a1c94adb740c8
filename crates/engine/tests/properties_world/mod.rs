//! A random world around an engine: markets, wishes, venue answers, operators.
#![allow(clippy::unwrap_used, reason = "test support")]

use std::collections::BTreeMap;

use domain::{
    AccountEvent, AccountEventKind, Control, Event, Fill, InstrumentId, MarketData, Money, NetLots,
    NewOrder, OrderId, OrderReport, OrderStatus, PositionEffect, Refusal, ReportKind, Side, Span,
    Timestamp, event::BookLoss,
};
use engine::{LimitPolicy, Order, OrderStyle, RiskConfig};
use proptest::prelude::*;
use testkit::{
    events::{book, control, diff, lost, market, trade},
    instruments::{btc_perpetual, btc_spot, instruments},
};

use crate::support::{PUPPET, Stage, money};

/// One thing that happens. Which instrument or order it concerns is a free number.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Wait { millis: i64 },
    Snapshot { which: u16, mid: i64 },
    Best { which: u16, shift: i64, quantity: i64 },
    Lost { which: u16 },
    Silent { which: u16, silent: bool },
    Trade { which: u16 },
    Wish { which: u16, lots: i64, style: u8 },
    Accept { order: usize },
    Fill { order: usize, share: i64, price: i64 },
    FillAgain,
    Cancel { order: usize },
    Expire { order: usize },
    Reject { order: usize },
    RefuseCancel { order: usize },
    Operator(Control),
    Protect { which: u16, stop: i64, target: i64 },
    Venue { which: u16, kind: u8, amount: i64 },
}

pub(crate) fn any_happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    let which = 0..2_u16;
    let order = 0..8_usize;
    prop_oneof![
        3 => (1..700_i64).prop_map(|millis| H::Wait { millis }),
        3 => (which.clone(), 500_000..700_000_i64).prop_map(|(which, mid)| H::Snapshot { which, mid }),
        6 => (which.clone(), -3..4_i64, 1..50_i64)
            .prop_map(|(which, shift, quantity)| H::Best { which, shift, quantity }),
        1 => which.clone().prop_map(|which| H::Lost { which }),
        1 => (which.clone(), any::<bool>()).prop_map(|(which, silent)| H::Silent { which, silent }),
        1 => which.clone().prop_map(|which| H::Trade { which }),
        4 => (which.clone(), 0..40_i64, 0..40_i64)
            .prop_map(|(which, stop, target)| H::Protect { which, stop, target }),
        1 => (which.clone(), 0..5_u8, -9..9_i64)
            .prop_map(|(which, kind, amount)| H::Venue { which, kind, amount }),
        8 => (which, -1_200..1_200_i64, 0..5_u8)
            .prop_map(|(which, lots, style)| H::Wish { which, lots, style }),
        4 => order.clone().prop_map(|order| H::Accept { order }),
        8 => (order.clone(), 1..5_i64, -50..50_i64)
            .prop_map(|(order, share, price)| H::Fill { order, share, price }),
        1 => Just(H::FillAgain),
        2 => order.clone().prop_map(|order| H::Cancel { order }),
        1 => order.clone().prop_map(|order| H::Expire { order }),
        1 => order.clone().prop_map(|order| H::Reject { order }),
        1 => order.prop_map(|order| H::RefuseCancel { order }),
        1 => prop_oneof![
            2 => Just(Control::Kill), 4 => Just(Control::Resume), 1 => Just(Control::JournalStalled),
            3 => Just(Control::JournalRecovered),
        ].prop_map(H::Operator),
    ]
}

pub(crate) fn limits() -> RiskConfig {
    RiskConfig {
        max_notional_exposure: money("30000"),
        max_order_notional: Some(money("25000")),
        max_orders_per_second: 5,
        max_open_orders: 6,
        ..RiskConfig::default()
    }
}

/// The engine among random happenings, and what a bystander remembers of it.
pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) mids: [i64; 2],
    pub(crate) silent: [bool; 2],
    pub(crate) stalled: bool,
    pub(crate) last_fill: Option<(OrderId, Fill)>,
    pub(crate) trades: u64,
    pub(crate) statuses: BTreeMap<OrderId, OrderStatus>,
    pub(crate) ordered: BTreeMap<OrderId, i64>,
    pub(crate) placed_at: Vec<Timestamp>,
}

impl World {
    pub(crate) fn new() -> Self {
        let table = instruments([btc_perpetual(), btc_spot()]);
        Self {
            stage: Stage::new(table, limits()),
            mids: [600_000; 2],
            silent: [false; 2],
            stalled: false,
            last_fill: None,
            trades: 0,
            statuses: BTreeMap::new(),
            ordered: BTreeMap::new(),
            placed_at: Vec::new(),
        }
    }

    pub(crate) fn open(&self, number: usize) -> Option<Order> {
        let orders: Vec<_> = self.stage.engine.open_orders().copied().collect();
        if orders.is_empty() { None } else { Some(orders[number % orders.len()]) }
    }

    /// `None` when the happening has nothing to happen to.
    pub(crate) fn event(&mut self, happening: &Happening) -> Option<Event<'static>> {
        use Happening as H;
        let id = InstrumentId::new;
        Some(match *happening {
            H::Wait { millis } => {
                self.stage.wait(Span::from_millis(millis));
                Event::Clock
            }
            H::Snapshot { which, mid } => {
                self.mids[usize::from(which)] = mid;
                book(id(which), &[(mid, 20), (mid - 1, 9)], &[(mid + 1, 20), (mid + 2, 9)])
            }
            H::Best { which, shift, quantity } => {
                let mid = self.mids[usize::from(which)];
                diff(
                    id(which),
                    &[(mid - shift.abs(), quantity)],
                    &[(mid + 1 + shift.abs(), quantity)],
                )
            }
            H::Lost { which } => lost(id(which), BookLoss::Gap),
            H::Silent { which, silent } => {
                self.silent[usize::from(which)] = silent;
                market(
                    id(which),
                    if silent { MarketData::FeedSilent } else { MarketData::FeedLive },
                )
            }
            H::Trade { which } => trade(id(which), (self.mids[usize::from(which)], 1), Side::Buy),
            H::Wish { which, lots, style } => {
                let style = match style {
                    0 => OrderStyle::AGGRESSIVE,
                    1 => OrderStyle::PASSIVE,
                    2 => OrderStyle::IMMEDIATE,
                    3 => OrderStyle {
                        order_type: domain::OrderType::Market,
                        limit: LimitPolicy::OwnTouch,
                    },
                    _ => OrderStyle {
                        order_type: domain::OrderType::Limit,
                        limit: LimitPolicy::Price(domain::Ticks::new(600_500)),
                    },
                };
                let scale = if which == 1 { 100 } else { 1 };
                self.stage.strings.target_in(id(which), lots * scale, style);
                Event::Clock
            }
            H::Protect { which, stop, target } => {
                let mid = self.mids[usize::from(which)];
                let held = self.stage.engine.portfolio().position(PUPPET, id(which)).quantity.get();
                let away = if held < 0 { -1 } else { 1 };
                let price = |distance: i64| (distance > 5).then_some(mid + distance);
                self.stage.strings.protect_in(
                    id(which),
                    price(stop).map(|price| mid - away * (price - mid)),
                    price(target).map(|price| mid + away * (price - mid)),
                );
                Event::Clock
            }
            H::Venue { which, kind, amount } => self.venue(id(which), kind, amount)?,
            H::Operator(order) => {
                match order {
                    Control::JournalStalled => self.stalled = true,
                    Control::JournalRecovered => self.stalled = false,
                    _ => {}
                }
                control(order)
            }
            H::FillAgain => {
                let (order, fill) = self.last_fill?;
                self.say(order, fill.instrument, ReportKind::Filled(fill))
            }
            H::Fill { order, share, price } => {
                let order = self.open(order)?;
                let fill = self.fill(order.request(), &order, share, price)?;
                self.trades += 1;
                self.last_fill = Some((order.id(), fill));
                self.say(order.id(), order.instrument(), ReportKind::Filled(fill))
            }
            H::Accept { order } => self.answer(order, ReportKind::Accepted, |_| true)?,
            H::Cancel { order } => self.answer(order, ReportKind::Cancelled, |_| true)?,
            H::Expire { order } => {
                self.answer(order, ReportKind::Expired(Refusal::RemainderCancelled), |_| true)?
            }
            H::Reject { order } => {
                self.answer(order, ReportKind::Rejected(Refusal::WouldTake), |order| {
                    order.status() == OrderStatus::Sent
                })?
            }
            H::RefuseCancel { order } => self.answer(
                order,
                ReportKind::CancelRejected(Refusal::UnknownOrder),
                Order::cancel_requested,
            )?,
        })
    }

    pub(crate) fn answer(
        &self,
        order: usize,
        kind: ReportKind,
        fits: impl Fn(&Order) -> bool,
    ) -> Option<Event<'static>> {
        let order = self.open(order).filter(fits)?;
        Some(self.say(order.id(), order.instrument(), kind))
    }

    pub(crate) fn say(
        &self,
        order: OrderId,
        instrument: InstrumentId,
        kind: ReportKind,
    ) -> Event<'static> {
        Event::Report(OrderReport { order, instrument, time: self.stage.tape.now(), kind })
    }

    /// What the venue does by itself to what is held.
    pub(crate) fn venue(
        &mut self,
        instrument: InstrumentId,
        kind: u8,
        amount: i64,
    ) -> Option<Event<'static>> {
        let held = self.stage.engine.portfolio().position(PUPPET, instrument).quantity;
        let amount = Money::from_atto(i128::from(amount) * Money::ATTO_PER_UNIT);
        let (kind, amount) = match kind {
            0 => (AccountEventKind::Funding, amount),
            1 => (AccountEventKind::Borrow, amount),
            2 => (AccountEventKind::Dividend, amount),
            3 => (AccountEventKind::Split { position: NetLots::new(held.get() / 2) }, amount),
            _ => {
                let side = held.side()?.opposite();
                let order = OrderId::new(domain::RunNumber::FIRST, 1 << 30);
                self.trades += 1;
                let fill = Fill {
                    trade: domain::TradeId::new(domain::RunNumber::FIRST, self.trades),
                    order,
                    instrument,
                    side,
                    price: domain::Ticks::new(self.mids[instrument.index()]),
                    quantity: held.size(),
                    fee: money("0.5"),
                    liquidity: domain::Liquidity::Taker,
                    time: self.stage.tape.now(),
                };
                (AccountEventKind::Liquidation { fill }, Money::ZERO)
            }
        };
        let (strategy, time) = (PUPPET, self.stage.tape.now());
        Some(Event::Account(AccountEvent { strategy, instrument, time, amount, kind }))
    }

    /// As the venue would: an order that may only reduce is cut to what is held.
    pub(crate) fn fill(
        &self,
        request: &NewOrder,
        order: &Order,
        share: i64,
        price: i64,
    ) -> Option<Fill> {
        let mid = self.mids[request.instrument.index()];
        let mut quantity = (order.remaining().get() / share).max(1);
        if request.effect == PositionEffect::ReduceOnly {
            let held = self.stage.engine.portfolio().position(PUPPET, request.instrument).quantity;
            held.side().filter(|side| *side == request.side.opposite())?;
            quantity = quantity.min(held.size().get());
        }
        Some(Fill {
            trade: domain::TradeId::new(domain::RunNumber::FIRST, self.trades + 1),
            ..self.stage.fill_of(request, mid + price, quantity)
        })
    }

    /// Lets the venue answer everything and the engine come to rest.
    pub(crate) fn settle(&mut self) {
        for id in [0, 1].map(InstrumentId::new) {
            self.stage.happens(market(id, MarketData::FeedLive));
        }
        self.stage.happens(control(Control::JournalRecovered));
        for which in 0..2 {
            let mid = self.mids[usize::from(which)];
            let book = book(InstrumentId::new(which), &[(mid, 20)], &[(mid + 1, 20)]);
            self.stage.happens(book);
            self.stage.strings.withdraw_in(InstrumentId::new(which));
        }
        for _ in 0..12 {
            let open: Vec<Order> = self.stage.engine.open_orders().copied().collect();
            for order in open {
                let kind = if order.cancel_requested() {
                    ReportKind::Cancelled
                } else {
                    ReportKind::Accepted
                };
                let event = self.say(order.id(), order.instrument(), kind);
                self.stage.happens(event);
            }
            self.stage.wait(Span::from_secs(70));
            for which in 0..2 {
                let mid = self.mids[usize::from(which)];
                self.stage.happens(trade(InstrumentId::new(which), (mid, 1), Side::Buy));
            }
            self.stage.clock();
        }
    }
}
