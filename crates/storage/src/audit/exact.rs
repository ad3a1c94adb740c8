//! Numbers of any size, and the average-cost rule written out once more.
//!
//! Nothing here is shared with the engine: quantities and prices are fractions made from the
//! decimals of the instrument, money is a fraction of the currency. Only the two roundings
//! that the accounts define are rounded.

use domain::{Fill, Money, Side, instrument::InstrumentSpec};
use num_rational::BigRational;
use rust_decimal::Decimal;

/// An exact number.
pub(super) type Exact = BigRational;

/// A whole number.
pub(super) fn whole(number: i64) -> Exact {
    Exact::from_integer(number.into())
}

/// The exact value of a decimal.
pub(super) fn of_decimal(decimal: Decimal) -> Exact {
    Exact::new(decimal.mantissa().into(), 10_i128.pow(decimal.scale()).into())
}

/// The exact value of an amount.
pub(super) fn of_money(money: Money) -> Exact {
    Exact::new(money.atto().into(), Money::ATTO_PER_UNIT.into())
}

/// A decimal text as a database holds it, `None` when it is not one.
pub(super) fn of_text(text: &str) -> Option<Exact> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = format!("{whole}{fraction}");
    if whole.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{sign}{plain}/1{}", "0".repeat(fraction.len())).parse().ok()
}

/// Cut to 1e-18, toward zero.
fn cut_to_atto(number: &Exact) -> Exact {
    let unit = Exact::from_integer(Money::ATTO_PER_UNIT.into());
    (number * &unit).trunc() / unit
}

/// A fill's total price over its quantity, cut to 1e-18 toward zero.
pub(super) fn average(total: &Exact, quantity: &Exact) -> Exact {
    cut_to_atto(&(total / quantity))
}

/// For people: a decimal where the number is one, a fraction where not.
pub(super) fn shown(number: &Exact) -> String {
    let cut = cut_to_atto(number);
    let atto = (&cut * Exact::from_integer(Money::ATTO_PER_UNIT.into())).to_integer();
    match i128::try_from(atto) {
        Ok(atto) if cut == *number => Money::from_atto(atto).to_string(),
        _ => number.to_string(),
    }
}

/// One strategy's position in one instrument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Holding {
    /// Positive for a long, negative for a short.
    pub(super) quantity: Exact,
    /// What a long cost; minus what a short brought in.
    pub(super) cost: Exact,
    /// Profit of everything closed, before fees.
    pub(super) realized: Exact,
    pub(super) fees: Exact,
    /// Funding, interest, dividends and what was paid for fractions.
    pub(super) carry: Exact,
}

/// A fill in the words of the outside world.
pub(super) struct Execution {
    /// Positive for a purchase.
    pub(super) quantity: Exact,
    pub(super) price: Exact,
    pub(super) fee: Exact,
}

impl Execution {
    pub(super) fn of(fill: &Fill, spec: &InstrumentSpec) -> Self {
        let size = whole(fill.quantity.get()) * of_decimal(spec.lot_size.decimal());
        Self {
            quantity: match fill.side {
                Side::Buy => size,
                Side::Sell => -size,
            },
            price: whole(fill.price.get()) * of_decimal(spec.tick_size.decimal()),
            fee: of_money(fill.fee),
        }
    }

    /// What it does to the cash of the account.
    pub(super) fn cash(&self) -> Exact {
        -(&self.quantity * &self.price) - &self.fee
    }
}

impl Holding {
    /// Books a split: the cost stays, unless nothing is left that it could be the cost of.
    pub(super) fn split(&mut self, quantity: Exact) {
        self.quantity = quantity;
        if self.quantity == whole(0) {
            self.realized -= std::mem::take(&mut self.cost);
        }
    }

    /// Books an execution: first it closes what is open the other way, then it opens.
    pub(super) fn book(&mut self, execution: &Execution) {
        let zero = whole(0);
        let against = (&self.quantity * &execution.quantity) < zero;
        let closing = match against {
            true if magnitude(&execution.quantity) > magnitude(&self.quantity) => -&self.quantity,
            true => execution.quantity.clone(),
            false => zero.clone(),
        };
        if against {
            let share = -&closing / &self.quantity;
            let released = cut_to_atto(&(&self.cost * share));
            let brought_in = -&closing * &execution.price;
            self.realized += brought_in - &released;
            self.cost -= released;
        }
        let opening = &execution.quantity - &closing;
        self.cost += opening * &execution.price;
        self.quantity += &execution.quantity;
        self.fees += &execution.fee;
    }
}

/// How many whole lots a split leaves of a quantity: toward zero, the rest is paid out.
pub(super) fn after_split(quantity: &Exact, ratio: &Exact, lot: &Exact) -> Exact {
    (quantity * ratio / lot).trunc() * lot
}

fn magnitude(number: &Exact) -> Exact {
    if *number < whole(0) { -number } else { number.clone() }
}
