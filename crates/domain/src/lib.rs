//! The nouns of trading: numbers, time, instruments, orders, fills and events.
//!
//! Everything the other crates talk about is defined here and nothing here does
//! anything: no I/O, no async, no clock, no randomness. Whoever adds a venue, a
//! strategy or a recorder speaks in these types.

pub mod event;
pub mod fill;
pub mod id;
pub mod instrument;
pub mod number;
pub mod order;
pub mod record;
pub mod time;

pub use event::{
    AccountEvent, AccountEventKind, Bar, Control, Event, MarketData, MarketEvent, Stamped,
};
pub use fill::{Fill, Liquidity};
pub use id::{InstrumentId, OrderId, RunNumber, StrategyId, TradeId};
pub use instrument::{Instrument, Instruments, Market};
pub use number::{Bps, Level, Lots, Money, NetLots, NumberError, Price, Qty, Rate, Ticks};
pub use order::{
    NewOrder, OrderReport, OrderStatus, OrderType, PositionEffect, Refusal, ReportKind, Side,
};
pub use record::{Record, RecordSink};
pub use time::{Span, Timestamp};
