//! Every rule of the gate, in the order in which they are checked.
//!
//! The first five are the documented ones in their documented order. An order is refused
//! by the first rule it breaks, so the order of this table decides the reason given.

use super::{
    book_sync, case::Case, journal, kill_switch, market_data_only, notional, open_orders,
    order_rate, order_size, order_value, position, price_collar, quantity, reduce_only, staleness,
    trigger, winding_down,
};

/// The rules by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskRule {
    /// The kill switch is on.
    KillSwitch,
    /// The position could get too large.
    PositionLimit,
    /// The order is too large.
    OrderSize,
    /// The order, or everything together, is worth too much.
    NotionalLimit,
    /// Too many orders in one second.
    OrderRate,
    /// No data for too long.
    StaleData,
    /// The book cannot be trusted.
    OutOfSync,
    /// Nothing can be written down.
    JournalStalled,
    /// The program is about to end.
    WindingDown,
    /// Too many orders are open.
    OpenOrders,
    /// The venue takes no such quantity.
    Quantity,
    /// The venue takes no order this small.
    OrderValue,
    /// The price is too far from the market.
    PriceCollar,
    /// The instrument is not traded.
    MarketDataOnly,
    /// A stop without a trigger, or a trigger without a stop.
    Trigger,
    /// There is nothing to reduce.
    ReduceOnly,
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct RuleRow {
    /// Which rule.
    pub rule: RiskRule,
    /// Its name in metrics, JSON and logs.
    pub name: &'static str,
    /// The text a refusal carries. The documented ones are verbatim.
    pub text: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    pub(super) breaks: fn(&Case<'_>) -> bool,
}

/// How many rules there are.
pub const RULE_COUNT: usize = 16;

/// The table.
pub const RULES: [RuleRow; RULE_COUNT] = [
    RuleRow {
        rule: RiskRule::KillSwitch,
        name: "kill_switch",
        text: "Kill switch activated",
        purpose: "stops everything until an operator resumes",
        breaks: kill_switch::breaks,
    },
    RuleRow {
        rule: RiskRule::PositionLimit,
        name: "position_limit",
        text: "Position limit exceeded",
        purpose: "bounds the position with all open orders of a side done",
        breaks: position::breaks,
    },
    RuleRow {
        rule: RiskRule::OrderSize,
        name: "order_size",
        text: "Order size limit exceeded",
        purpose: "bounds a single order",
        breaks: order_size::breaks,
    },
    RuleRow {
        rule: RiskRule::NotionalLimit,
        name: "notional_limit",
        text: "Notional limit exceeded",
        purpose: "bounds the value of an order and of everything together",
        breaks: notional::breaks,
    },
    RuleRow {
        rule: RiskRule::OrderRate,
        name: "order_rate",
        text: "Order rate limit exceeded",
        purpose: "bounds the orders of any one second",
        breaks: order_rate::breaks,
    },
    RuleRow {
        rule: RiskRule::StaleData,
        name: "stale_data",
        text: "Market data stale",
        purpose: "no decision on old prices",
        breaks: staleness::breaks,
    },
    RuleRow {
        rule: RiskRule::OutOfSync,
        name: "out_of_sync",
        text: "Order book out of sync",
        purpose: "no decision on a book with a hole",
        breaks: book_sync::breaks,
    },
    RuleRow {
        rule: RiskRule::JournalStalled,
        name: "journal_stalled",
        text: "Journal cannot keep up",
        purpose: "no order without a record",
        breaks: journal::breaks,
    },
    RuleRow {
        rule: RiskRule::WindingDown,
        name: "winding_down",
        text: "Shutting down",
        purpose: "no new risk at the end of a session",
        breaks: winding_down::breaks,
    },
    RuleRow {
        rule: RiskRule::OpenOrders,
        name: "open_orders",
        text: "Too many open orders",
        purpose: "bounds the orders that are open at once",
        breaks: open_orders::breaks,
    },
    RuleRow {
        rule: RiskRule::Quantity,
        name: "quantity",
        text: "Quantity outside instrument limits",
        purpose: "no order the venue would refuse for its quantity",
        breaks: quantity::breaks,
    },
    RuleRow {
        rule: RiskRule::OrderValue,
        name: "order_value",
        text: "Order value below instrument minimum",
        purpose: "no order the venue would refuse for its value",
        breaks: order_value::breaks,
    },
    RuleRow {
        rule: RiskRule::PriceCollar,
        name: "price_collar",
        text: "Price outside collar",
        purpose: "no limit far from the market",
        breaks: price_collar::breaks,
    },
    RuleRow {
        rule: RiskRule::MarketDataOnly,
        name: "market_data_only",
        text: "Instrument is market data only",
        purpose: "no order in an instrument whose profit has no account",
        breaks: market_data_only::breaks,
    },
    RuleRow {
        rule: RiskRule::Trigger,
        name: "trigger",
        text: "Trigger missing or out of place",
        purpose: "no stop that nothing can set off",
        breaks: trigger::breaks,
    },
    RuleRow {
        rule: RiskRule::ReduceOnly,
        name: "reduce_only",
        text: "Nothing to reduce",
        purpose: "no closing order beyond what is held",
        breaks: reduce_only::breaks,
    },
];

impl RiskRule {
    /// Its place in [`RULES`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name in metrics, JSON and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        RULES[self.index()].name
    }

    /// The text a refusal carries.
    #[must_use]
    pub const fn text(self) -> &'static str {
        RULES[self.index()].text
    }
}
