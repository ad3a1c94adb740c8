//! A running fingerprint of everything decided and done.
//!
//! Two runs with the same fingerprint sent the same orders and cancels, and got the same
//! fills and account events, in the same order and at the same event times. The number of the run is left
//! out, so a session and its replay compare equal.

use std::fmt::Write as _;

use domain::{
    Fill, Money, NewOrder, OrderId, OrderType, PositionEffect, Side, Timestamp,
    event::{AccountEvent, AccountEventKind},
};
use sha2::{Digest as _, Sha256};

/// SHA-256 over commands, fills and account events.
#[derive(Clone, Debug, Default)]
pub struct CommandDigest {
    hash: Sha256,
    line: Line,
}

/// The bytes of one command, fill or event, to be hashed together.
#[derive(Clone, Debug)]
struct Line {
    bytes: [u8; LONGEST],
    length: usize,
}

/// More than the longest line has.
const LONGEST: usize = 64;

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; LONGEST], length: 0 }
    }
}

impl Line {
    #[inline]
    fn push<const N: usize>(&mut self, bytes: [u8; N]) {
        self.bytes[self.length..self.length + N].copy_from_slice(&bytes);
        self.length += N;
    }
}

impl CommandDigest {
    /// Adds an order.
    pub fn order(&mut self, order: &NewOrder) {
        self.byte(b'O');
        self.number(order.id.counter());
        self.number(order.instrument.index() as u64);
        self.byte(side(order.side));
        self.byte(match order.order_type {
            OrderType::Market => 0,
            OrderType::Limit => 1,
            OrderType::PostOnly => 2,
            OrderType::ImmediateOrCancel => 3,
            OrderType::FillOrKill => 4,
            OrderType::Stop => 5,
        });
        self.signed(order.quantity.get());
        self.byte(u8::from(order.limit.is_some()));
        self.signed(order.limit.map_or(0, domain::Ticks::get));
        self.byte(u8::from(order.trigger.is_some()));
        self.signed(order.trigger.map_or(0, domain::Ticks::get));
        self.byte(u8::from(order.effect == PositionEffect::ReduceOnly));
        self.time(order.created);
        self.end_line();
    }

    /// Adds a request to withdraw an order.
    pub fn cancel(&mut self, order: OrderId, time: Timestamp) {
        self.byte(b'C');
        self.number(order.counter());
        self.time(time);
        self.end_line();
    }

    /// Adds a fill.
    pub fn fill(&mut self, fill: &Fill) {
        self.byte(b'F');
        self.number(fill.trade.counter());
        self.number(fill.order.counter());
        self.byte(side(fill.side));
        self.signed(fill.price.get());
        self.signed(fill.quantity.get());
        self.money(fill.fee);
        self.time(fill.time);
        self.end_line();
    }

    /// Adds what a venue did to an account. The fill of a liquidation is added like any other.
    pub fn account(&mut self, event: &AccountEvent) {
        self.byte(b'A');
        self.number(event.strategy.index() as u64);
        self.number(event.instrument.index() as u64);
        self.time(event.time);
        self.money(event.amount);
        self.byte(match event.kind {
            AccountEventKind::Funding => 0,
            AccountEventKind::Borrow => 1,
            AccountEventKind::Dividend => 2,
            AccountEventKind::Split { .. } => 3,
            AccountEventKind::Liquidation { .. } => 4,
        });
        if let AccountEventKind::Split { position } = event.kind {
            self.signed(position.get());
        }
        self.end_line();
    }

    /// The fingerprint so far, in hex.
    #[must_use]
    pub fn hex(&self) -> String {
        let digest = self.hash.clone().finalize();
        digest.iter().fold(String::with_capacity(64), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
            text
        })
    }

    fn end_line(&mut self) {
        self.hash.update(&self.line.bytes[..self.line.length]);
        self.line.length = 0;
    }

    fn byte(&mut self, byte: u8) {
        self.line.push([byte]);
    }

    fn number(&mut self, number: u64) {
        self.line.push(number.to_le_bytes());
    }

    fn signed(&mut self, number: i64) {
        self.line.push(number.to_le_bytes());
    }

    fn money(&mut self, money: Money) {
        self.line.push(money.atto().to_le_bytes());
    }

    fn time(&mut self, time: Timestamp) {
        self.signed(time.as_nanos());
    }
}

const fn side(side: Side) -> u8 {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}
