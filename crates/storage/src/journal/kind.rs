//! What kind of record a frame holds, so that a reader can skip without decoding.

use domain::{AccountEventKind, Event, Record, ReportKind};

macro_rules! record_kinds {
    ($($(#[$doc:meta])* $name:ident = $byte:literal,)*) => {
        /// The kind of a record. Market data, the bulk of a journal, have one of their own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RecordKind {
            $($(#[$doc])* $name = $byte,)*
        }

        impl RecordKind {
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            pub(crate) const fn from_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($byte => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

record_kinds! {
    /// A run began.
    SessionStarted = 1,
    /// Market data came in.
    Market = 2,
    /// A fill came in.
    Fill = 3,
    /// Another report about an order came in.
    Report = 4,
    /// An order to the engine itself came in.
    Control = 5,
    /// Time passed.
    Clock = 6,
    /// An order left.
    Placed = 7,
    /// A request to withdraw an order left.
    CancelRequested = 8,
    /// An order changed its state.
    OrderChanged = 9,
    /// The accounts after a fill.
    Account = 10,
    /// A periodic picture of a strategy.
    StrategySnapshot = 11,
    /// A run ended in order.
    SessionEnded = 12,
    /// The venue moved money or a position of ours.
    AccountEvent = 13,
    /// The venue closed a position of ours by force.
    Liquidation = 14,
    /// A periodic picture of the account's performance.
    Performance = 15,
}

impl RecordKind {
    /// The kind of a record.
    #[must_use]
    pub fn of(record: &Record<'_>) -> Self {
        match record {
            Record::SessionStarted(_) => Self::SessionStarted,
            Record::Input(stamped) => match &stamped.event {
                Event::Market(_) => Self::Market,
                Event::Report(report) if matches!(report.kind, ReportKind::Filled(_)) => Self::Fill,
                Event::Report(_) => Self::Report,
                Event::Account(event) => match event.kind {
                    AccountEventKind::Liquidation { .. } => Self::Liquidation,
                    _ => Self::AccountEvent,
                },
                Event::Control(_) => Self::Control,
                Event::Clock => Self::Clock,
            },
            Record::Placed(_) => Self::Placed,
            Record::CancelRequested { .. } => Self::CancelRequested,
            Record::OrderChanged(_) => Self::OrderChanged,
            Record::Account(_) => Self::Account,
            Record::StrategySnapshot(_) => Self::StrategySnapshot,
            Record::Performance(_) => Self::Performance,
            Record::SessionEnded(_) => Self::SessionEnded,
        }
    }

    /// Whether the record is an input of the engine.
    #[must_use]
    pub const fn is_input(self) -> bool {
        use RecordKind::{AccountEvent, Clock, Control, Fill, Liquidation, Market, Report};
        matches!(self, Market | Fill | Report | AccountEvent | Liquidation | Control | Clock)
    }

    /// Whether the record is an execution.
    #[must_use]
    pub const fn is_execution(self) -> bool {
        matches!(self, Self::Fill | Self::Liquidation)
    }

    /// Whether recorders and the recovered state want to see it; see [`crate::Fact`].
    #[must_use]
    pub const fn is_fact(self) -> bool {
        !matches!(self, Self::Market | Self::Report | Self::Clock | Self::CancelRequested)
    }
}
