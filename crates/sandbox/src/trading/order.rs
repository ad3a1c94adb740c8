//! Orders and what became of them.

use domain::{Instrument, InstrumentId, Market, Side};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::words::{AlgoStatus, Force, IncomeType, SelfTrade, Status, Type, Working};

/// An order as an account asks for it, well-formed but not yet accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) account: usize,
    pub(crate) instrument: InstrumentId,
    pub(crate) market: Market,
    pub(crate) client_id: String,
    pub(crate) side: Side,
    pub(crate) kind: Type,
    pub(crate) force: Force,
    /// Zero where `quote_quantity` decides, or the whole position does.
    pub(crate) quantity: Decimal,
    pub(crate) quote_quantity: Decimal,
    /// Zero for an order that takes any price.
    pub(crate) price: Decimal,
    pub(crate) stop_price: Decimal,
    pub(crate) self_trade: SelfTrade,
    pub(crate) reduce_only: bool,
    pub(crate) close_position: bool,
    /// Milliseconds since the epoch; zero for none.
    pub(crate) good_till: i64,
    pub(crate) working: Working,
    /// What it was before a trigger made it an ordinary order.
    pub(crate) original: Type,
}

impl Ticket {
    /// An order of nothing yet, good till it is cancelled.
    pub(crate) fn new(account: usize, instrument: &Instrument, side: Side, kind: Type) -> Self {
        Self {
            account,
            instrument: instrument.id(),
            market: instrument.spec().market,
            client_id: String::new(),
            side,
            kind,
            force: Force::Gtc,
            quantity: Decimal::ZERO,
            quote_quantity: Decimal::ZERO,
            price: Decimal::ZERO,
            stop_price: Decimal::ZERO,
            self_trade: SelfTrade::None,
            reduce_only: false,
            close_position: false,
            good_till: 0,
            working: Working::Contract,
            original: kind,
        }
    }
}

/// An order the venue has accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) ticket: Ticket,
    pub(crate) status: Status,
    pub(crate) executed: Decimal,
    /// Price times quantity of its fills.
    pub(crate) value: Decimal,
    /// Spot: what of the account's money is set aside for it.
    pub(crate) locked: Decimal,
    /// Whether it is in the market; conditional orders wait outside.
    pub(crate) working: bool,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) working_since: i64,
    /// Taken away because its counterpart was the account's own.
    pub(crate) prevented: Decimal,
}

impl Order {
    /// What may still be filled.
    pub(crate) fn left(&self) -> Decimal {
        (self.ticket.quantity - self.executed - self.prevented).max(Decimal::ZERO)
    }

    /// The average price of its fills, zero without any.
    pub(crate) fn average(&self) -> Decimal {
        self.value.checked_div(self.executed).unwrap_or_default()
    }
}

/// One trade of one account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fill {
    pub(crate) order: u64,
    pub(crate) account: usize,
    pub(crate) instrument: InstrumentId,
    pub(crate) market: Market,
    pub(crate) trade_id: u64,
    pub(crate) side: Side,
    pub(crate) price: Decimal,
    pub(crate) quantity: Decimal,
    pub(crate) commission: Decimal,
    pub(crate) commission_asset: String,
    pub(crate) realized: Decimal,
    pub(crate) maker: bool,
    pub(crate) time: i64,
}

/// A conditional order of USD-M.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Algo {
    pub(crate) id: u64,
    pub(crate) ticket: Ticket,
    pub(crate) status: AlgoStatus,
    /// The ordinary order it became.
    pub(crate) order: Option<u64>,
    /// Trailing: how far the price must turn, in percent.
    pub(crate) callback_rate: Decimal,
    /// Trailing: the best price since it was activated.
    pub(crate) extreme: Option<Decimal>,
    pub(crate) created: i64,
    pub(crate) updated: i64,
}

/// A change of a USD-M wallet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Income {
    pub(crate) account: usize,
    pub(crate) instrument: Option<InstrumentId>,
    pub(crate) kind: IncomeType,
    pub(crate) amount: Decimal,
    pub(crate) asset: String,
    pub(crate) time: i64,
    pub(crate) id: u64,
}
