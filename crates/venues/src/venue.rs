//! What a venue's market data look like to the rest of the program.
//!
//! A [`MarketFeed`] is a pure translator: bytes and time in, events and requests out. It
//! owns no socket, no thread and no clock, so recorded frames test it. [`crate::wire`]
//! owns the sockets and fetches what is requested; the runtime numbers the events.

use domain::{InstrumentId, MarketEvent, Span, Timestamp, event::BookLoss};

/// Index of a connection in [`MarketFeed::connections`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u16);

impl ConnectionId {
    /// The connection at this place of the list.
    #[must_use]
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// The place in the list.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One socket a venue needs and what to say on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionPlan {
    /// A short name for logs and metrics, such as `binance-spot`.
    pub name: String,
    /// Where to connect: `ws://` or `wss://`.
    pub url: String,
    /// Text frames to send right after opening.
    pub hello: Vec<String>,
    /// Longest silence before the socket counts as dead.
    pub idle_limit: Span,
    /// Age at which the venue hangs up; replace the connection before.
    pub max_age: Span,
    /// How many frames a second the venue accepts from us.
    pub messages_per_second: u32,
}

/// Something the translator needs from outside its connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Get `url` and hand the body back through [`MarketFeed::on_response`].
    DepthSnapshot {
        /// Whose book.
        instrument: InstrumentId,
        /// The whole address.
        url: String,
    },
    /// The venue announced that it will close this connection: open its replacement now.
    /// Needs no response.
    Replace {
        /// Which one.
        connection: ConnectionId,
    },
}

/// Why a request has no body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Ask again after this time, not before.
    #[error("the venue asks us to wait {retry_after}")]
    Throttled {
        /// How long to wait.
        retry_after: Span,
    },
    /// Ask again later: no connection, a time-out, a server's failure.
    #[error("no answer: {reason}")]
    Unanswered {
        /// What went wrong.
        reason: String,
    },
    /// The venue will not answer this request; asking again is of little use.
    #[error("refused with status {status}: {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The beginning of the body.
        reason: String,
    },
}

/// A frame or a body outside the documented format. The stream goes on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {channel}: {reason}")]
pub struct FrameError {
    /// Which kind of frame, as far as it could be told.
    pub channel: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// Where a translator puts what it has to say.
pub trait MarketSink {
    /// Takes an event. Its levels are borrowed from the translator's buffer.
    fn event(&mut self, event: MarketEvent<'_>);
    /// Takes a request to be carried out.
    fn request(&mut self, request: Request);
}

/// Translates one venue's market data.
///
/// A replacement of a socket (see [`Request::Replace`]) is neither an open nor a close: for
/// a while frames arrive twice, and the translator drops what it has seen.
///
/// Nothing here blocks, and a frame that cannot be read never stops the stream: the error
/// is for the log, the counters of [`FeedHealth`] have it already.
pub trait MarketFeed: Send {
    /// The sockets this feed needs. A [`ConnectionId`] is a place in this list.
    fn connections(&self) -> Vec<ConnectionPlan>;

    /// A socket was opened and the hello frames are on their way.
    fn on_open(&mut self, connection: ConnectionId, now: Timestamp, out: &mut dyn MarketSink);

    /// A socket ended: the books it carried are lost.
    fn on_close(&mut self, connection: ConnectionId, now: Timestamp, out: &mut dyn MarketSink);

    /// Reads one text frame.
    ///
    /// # Errors
    /// [`FrameError`] for a frame outside the documented format.
    fn on_frame(
        &mut self,
        connection: ConnectionId,
        frame: &[u8],
        now: Timestamp,
        out: &mut dyn MarketSink,
    ) -> Result<(), FrameError>;

    /// Reads the answer to a request.
    ///
    /// # Errors
    /// [`FrameError`] for a body outside the documented format. It is asked for again.
    fn on_response(
        &mut self,
        request: &Request,
        body: Result<&[u8], FetchError>,
        now: Timestamp,
        out: &mut dyn MarketSink,
    ) -> Result<(), FrameError>;

    /// Time passed: repeats requests that are due and finds silent streams. To be called
    /// every 50 ms or so.
    fn on_clock(&mut self, now: Timestamp, out: &mut dyn MarketSink);

    /// Somebody found the book of `instrument` wrong: it is lost for this reason, and a new
    /// snapshot is asked for as soon as the throttle allows.
    fn resync(
        &mut self,
        instrument: InstrumentId,
        loss: BookLoss,
        now: Timestamp,
        out: &mut dyn MarketSink,
    );

    /// What happened so far.
    fn health(&self) -> FeedHealth;
}

/// Counts of a feed since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedCounters {
    /// Frames received.
    pub frames: u64,
    /// Frames and snapshot bodies that could not be read.
    pub parse_errors: u64,
    /// Breaks in the sequence of book changes.
    pub sequence_gaps: u64,
    /// Snapshots that brought a lost book back.
    pub resyncs: u64,
    /// Book changes older than the state already known.
    pub stale_diffs: u64,
    /// Book changes received twice.
    pub duplicates: u64,
    /// Readable frames that carry nothing for us.
    pub ignored_frames: u64,
    /// Levels of books off the tick (left out) or off the lot (rounded down), remains of a
    /// time when the venue's steps were finer.
    pub off_grid_levels: u64,
    /// Frames that needed the slow reader.
    pub slow_frames: u64,
    /// Requests of ours the venue answered with an error frame.
    pub venue_errors: u64,
    /// Depth snapshots asked for.
    pub snapshots_requested: u64,
    /// Depth snapshots that were too old, unreadable or did not arrive.
    pub snapshots_failed: u64,
}

/// How far a book is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookSync {
    /// No change was seen since the connection was opened.
    Idle,
    /// Changes are kept until a snapshot arrives.
    Waiting,
    /// The book is complete and follows every change.
    Synced,
}

/// State of one instrument of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentHealth {
    /// Which one.
    pub instrument: InstrumentId,
    /// How far its book is.
    pub book: BookSync,
    /// Whether one of its connections is silent.
    pub silent: bool,
    /// Streams that were asked for, but sent nothing in the time a first message may take.
    pub missing_streams: Vec<String>,
}

/// State of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedHealth {
    /// What happened so far.
    pub counters: FeedCounters,
    /// Each instrument, in the order of the session.
    pub instruments: Vec<InstrumentHealth>,
}
