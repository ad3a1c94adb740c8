//! The kinds of faults.

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$about:meta])* $name:ident: $occasion:ident, $millis:literal),+ $(,)?) => {
        /// What can go wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FaultKind { $($(#[$about])* $name),+ }

        impl FaultKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            const fn occasion(self) -> Occasion {
                match self { $(Self::$name => Occasion::$occasion),+ }
            }

            /// How long it lasts, or by how much, unless somebody says otherwise.
            pub(super) const fn usual_millis(self) -> i64 {
                match self { $(Self::$name => $millis),+ }
            }
        }
    };
}

/// What a fault can strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occasion {
    /// Requests and frames.
    Both,
    Request,
    /// Requests that place orders.
    Order,
    Cancel,
    Frame,
    /// Frames of books and quotes.
    Book,
    /// Frames of user streams.
    User,
    /// The venue itself.
    Venue,
}

kinds! {
    /// The connection ends without a goodbye; an answer under way is lost.
    Disconnect: Both, 0,
    /// The connection stays, and an answer does not come.
    HalfOpen: Request, 600_000,
    /// All streams say nothing for a while; their connections stay.
    Silence: Frame, 30_000,
    /// Requests and new connections are turned away for a while.
    ConnectRefused: Venue, 5_000,
    /// Answers and frames come later, by a random part of the time.
    Latency: Both, 250,
    /// A frame comes twice.
    Duplicate: Frame, 0,
    /// A frame does not come; the next one shows a gap.
    Drop: Frame, 0,
    /// Two frames change places.
    Reorder: Frame, 0,
    /// A text ends in the middle.
    Truncated: Both, 0,
    /// A text that is no JSON.
    Garbage: Both, 0,
    /// A field nobody knows.
    ExtraFields: Both, 0,
    /// Numbers in other forms: `1E-8`, without quotes, null.
    NumberFormats: Both, 0,
    /// A frame of a kind nobody knows comes first.
    UnknownMessage: Frame, 0,
    /// A frame of another symbol comes first.
    WrongSymbol: Frame, 0,
    /// Bids stand above asks.
    CrossedBook: Book, 0,
    /// The numbering of a book frame jumps.
    Gap: Book, 0,
    /// A depth snapshot is older than the changes already sent.
    StaleSnapshot: Venue, 2_000,
    /// An event about balances does not come.
    BalanceMissing: User, 0,
    /// A request is refused with a code.
    Reject: Request, 0,
    /// A cancellation is refused although the order is open.
    CancelReject: Cancel, 0,
    /// The answer comes long after the order was carried out.
    LateAck: Order, 3_000,
    /// The user stream tells before the answer does.
    FillBeforeAck: Order, 300,
    /// The user stream tells long after the answer.
    LateEvents: Order, 3_000,
    /// An order is filled after its cancellation was told.
    FillAfterCancel: Cancel, 0,
    /// More is filled than was asked for.
    OverFill: Venue, 0,
    /// 5xx, and nothing happened.
    ErrorBeforeExecution: Request, 0,
    /// 5xx, and the request was carried out.
    ErrorAfterExecution: Order, 0,
    /// A time-out is told, and the request was carried out.
    TimeoutAfterExecution: Order, 0,
    /// 429 with `Retry-After`.
    RateLimited: Request, 0,
    /// 418 with `Retry-After`.
    Banned: Request, 0,
    /// Nothing trades for a while.
    Maintenance: Venue, 10_000,
    /// Only cancellations are accepted for a while.
    CancelOnly: Venue, 10_000,
    /// The venue restarts: all connections end and some open orders are gone.
    RestartLostOrders: Venue, 0,
    /// A position is closed by auto-deleveraging.
    AutoDeleverage: Venue, 0,
    /// A position is liquidated.
    Liquidation: Venue, 0,
    /// Funding is settled at a time nobody expects.
    Funding: Venue, 0,
    /// The venue's clock jumps.
    ClockJump: Venue, 3_600_000,
    /// The venue's clock runs too fast, by this much an hour.
    ClockDrift: Venue, 30_000,
    /// The listen key ends before its time.
    ListenKeyExpiry: Venue, 0,
    /// The keys are not known any more.
    KeyRevoked: Venue, 0,
}

impl FaultKind {
    pub(super) const fn is_upset(self) -> bool {
        matches!(self.occasion(), Occasion::Venue)
    }

    /// Whether it can strike a request that places or cancels orders.
    pub(super) const fn is_of_requests(self, order: bool, cancels: bool) -> bool {
        match self.occasion() {
            Occasion::Both | Occasion::Request => true,
            Occasion::Order => order,
            Occasion::Cancel => cancels,
            _ => false,
        }
    }

    pub(super) const fn is_of_frames(self, book: bool, user: bool) -> bool {
        match self.occasion() {
            Occasion::Both | Occasion::Frame => true,
            Occasion::Book => book,
            Occasion::User => user,
            _ => false,
        }
    }

    /// How likely it is at each occasion of a storm.
    pub(super) fn storm_chance(self) -> f64 {
        match self {
            // What ends a session for good is left to scripts.
            Self::KeyRevoked => 0.0,
            Self::Silence => 0.000_02,
            Self::Liquidation | Self::AutoDeleverage | Self::OverFill => 0.000_5,
            Self::ClockJump | Self::ClockDrift | Self::Banned | Self::Maintenance => 0.001,
            _ => match self.occasion() {
                Occasion::Both | Occasion::Frame | Occasion::Book => 0.001,
                Occasion::User => 0.02,
                Occasion::Venue => 0.002,
                Occasion::Request => 0.01,
                Occasion::Order | Occasion::Cancel => 0.03,
            },
        }
    }
}
