//! Names of things: instruments, runs, orders, trades.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Index of an instrument in the session's [`Instruments`](crate::Instruments).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstrumentId(u16);

impl InstrumentId {
    /// The instrument at this place of the table.
    #[must_use]
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// The place in the table.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Index of a strategy in the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StrategyId(u16);

impl StrategyId {
    /// The strategy at this place.
    #[must_use]
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// The place.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which start of the program in this data directory, from 1. Grows by one each start
/// and is the high-water mark that keeps order ids unique after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunNumber(u32);

impl RunNumber {
    /// The first run of a data directory.
    pub const FIRST: Self = Self(1);
    /// The last one that fits beside a counter in an order id.
    pub const MAX: Self = Self((1 << 24) - 1);

    /// Wraps a number, cut to [`RunNumber::MAX`].
    #[must_use]
    pub const fn new(number: u32) -> Self {
        if number > Self::MAX.0 { Self::MAX } else { Self(number) }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The run after this one, `None` when ids are used up.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        if self.0 >= Self::MAX.0 { None } else { Some(Self(self.0 + 1)) }
    }
}

const COUNTER_BITS: u32 = 39;

macro_rules! run_scoped_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(u64);

        impl $name {
            /// The `counter`-th of run `run`; the counter wraps after 5e11, which no run reaches.
            #[must_use]
            pub const fn new(run: RunNumber, counter: u64) -> Self {
                Self(((run.0 as u64) << COUNTER_BITS) | (counter & ((1 << COUNTER_BITS) - 1)))
            }

            /// From the number given by [`Self::get`]. It fits a signed 64-bit column.
            #[must_use]
            pub const fn from_raw(raw: u64) -> Self {
                Self(raw)
            }

            /// The whole number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// Which run made it.
            #[must_use]
            pub const fn run(self) -> RunNumber {
                RunNumber((self.0 >> COUNTER_BITS) as u32)
            }

            /// Its place within the run.
            #[must_use]
            pub const fn counter(self) -> u64 {
                self.0 & ((1 << COUNTER_BITS) - 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}-{}", self.run().get(), self.counter())
            }
        }
    };
}

run_scoped_id! {
    /// An order of ours. Never repeats, also not after a restart.
    OrderId
}

run_scoped_id! {
    /// An execution. The key under which a fill is booked at most once.
    TradeId
}

impl OrderId {
    /// The text sent to a venue: at most 36 characters of `[a-zA-Z0-9-_]`.
    ///
    /// A strategy name that would not fit is cut, the id itself never.
    #[must_use]
    pub fn client_order_id(self, strategy: &str) -> String {
        let id = self.to_string();
        let clean = strategy.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_');
        let name: String = clean.take(35 - id.len()).collect();
        format!("{name}-{id}")
    }
}
