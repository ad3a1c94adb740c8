//! Values that leave no trace: erased when dropped, and without any way to be shown by accident.
//!
//! They have no `Debug`, `Display`, `Serialize` or `PartialEq`. Whoever really wants to show one
//! has to take the value out.

use std::ops::{Deref, DerefMut};

use zeroize::{Zeroize, Zeroizing};

/// A value that is erased when it is dropped.
#[derive(Clone, Default)]
pub struct Erased<T: Zeroize>(Zeroizing<T>);

/// Secret bytes, such as shares.
pub type Secret = Erased<Vec<u8>>;

/// Secret numbers, such as orders.
pub type SecretNumbers = Erased<Vec<i128>>;

impl<T: Zeroize> Erased<T> {
    /// Takes care of a value.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }
}

impl<T: Zeroize> Deref for Erased<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> DerefMut for Erased<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
