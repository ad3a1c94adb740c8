//! The proof that something passed the risk gate.

use std::ops::Deref;

/// Something the risk gate has let through. Only the gate can make one, so whoever
/// demands an `Approved<NewOrder>` cannot be given an unchecked order.
///
/// ```compile_fail,E0624
/// # fn forge(order: domain::NewOrder) -> engine::risk::Approved<domain::NewOrder> {
/// engine::risk::Approved::by_gate(order)
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    pub(in crate::risk) const fn by_gate(checked: T) -> Self {
        Self(checked)
    }

    /// An approval without a check, for unit tests of what comes after the gate.
    #[cfg(test)]
    pub(crate) const fn unchecked(order: T) -> Self {
        Self(order)
    }
}

impl<T: Copy> Approved<T> {
    /// The thing itself, without its proof.
    #[must_use]
    pub const fn get(&self) -> T {
        self.0
    }
}

impl<T> Deref for Approved<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
