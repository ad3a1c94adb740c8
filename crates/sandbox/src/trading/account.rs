//! What an account owns: spot balances, USD-M wallets and positions. Exact decimals.

use std::collections::BTreeMap;

use domain::InstrumentId;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Decimals of every amount of money.
pub(crate) const MONEY_DECIMALS: u32 = 8;

/// Cuts what is finer than the venue counts; the account never gets the part cut off.
pub(crate) fn cut(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(MONEY_DECIMALS, RoundingStrategy::ToZero)
}

/// Money of one asset on spot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Balance {
    pub(crate) free: Decimal,
    /// Set aside for open orders.
    pub(crate) locked: Decimal,
}

/// A position in one-way mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Negative when short.
    pub(crate) amount: Decimal,
    /// Signed price times quantity of what is held: exact, unlike an average price.
    pub(crate) cost: Decimal,
    pub(crate) leverage: u32,
    pub(crate) isolated: bool,
    /// The part of the wallet set apart for an isolated position.
    pub(crate) isolated_wallet: Decimal,
    pub(crate) realized: Decimal,
    pub(crate) updated: i64,
}

impl Default for Position {
    fn default() -> Self {
        Self {
            amount: Decimal::ZERO,
            cost: Decimal::ZERO,
            leverage: 20,
            isolated: false,
            isolated_wallet: Decimal::ZERO,
            realized: Decimal::ZERO,
            updated: 0,
        }
    }
}

impl Position {
    /// The average entry price, zero without a position.
    pub(crate) fn entry(&self) -> Decimal {
        self.cost.checked_div(self.amount).unwrap_or_default()
    }

    /// Profit not yet realised, at a mark price.
    pub(crate) fn unrealized(&self, mark: Decimal) -> Decimal {
        self.amount * mark - self.cost
    }

    /// Adds a signed trade; returns the profit it realises.
    ///
    /// The cost of a closed part is rounded toward zero at eight decimals and the remainder
    /// stays in the position, so that profit and cost together are exact.
    pub(crate) fn trade(&mut self, signed: Decimal, price: Decimal) -> Decimal {
        let opposite =
            !self.amount.is_zero() && signed.is_sign_negative() != self.amount.is_sign_negative();
        if !opposite {
            self.amount += signed;
            self.cost += signed * price;
            return Decimal::ZERO;
        }
        let closing = signed.abs().min(self.amount.abs());
        let closed = if self.amount.is_sign_negative() { -closing } else { closing };
        let cost =
            if closed == self.amount { self.cost } else { cut(self.cost * closed / self.amount) };
        self.amount -= closed;
        self.cost -= cost;
        let rest = signed + closed;
        self.amount += rest;
        self.cost += rest * price;
        let realized = closed * price - cost;
        self.realized += realized;
        realized
    }
}

/// What an account may do and owns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) spot: BTreeMap<String, Balance>,
    /// Whole USD-M wallets by margin asset, isolated parts included.
    pub(crate) wallets: BTreeMap<String, Decimal>,
    pub(crate) positions: BTreeMap<InstrumentId, Position>,
    /// Whether hedge mode is on: positions are kept per side then, which is refused here.
    pub(crate) multi_assets: bool,
    /// Key of the running user stream of USD-M and when it expires, in milliseconds.
    pub(crate) listen_key: Option<(String, i64)>,
    /// When everything in a symbol is cancelled unless somebody speaks up, in milliseconds.
    pub(crate) countdowns: BTreeMap<InstrumentId, i64>,
    pub(crate) updated: i64,
}

impl Account {
    pub(crate) fn balance(&mut self, asset: &str) -> &mut Balance {
        self.spot.entry(asset.to_owned()).or_default()
    }

    pub(crate) fn free(&self, asset: &str) -> Decimal {
        self.spot.get(asset).map(|balance| balance.free).unwrap_or_default()
    }

    pub(crate) fn wallet(&self, asset: &str) -> Decimal {
        self.wallets.get(asset).copied().unwrap_or_default()
    }
}
