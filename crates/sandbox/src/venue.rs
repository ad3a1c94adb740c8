//! What all connections of a running sandbox share.

use std::{
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use domain::Instruments;

use crate::{
    archive::{Desk, Past},
    binance::{hub::Hub, streams::DepthPace},
    config::Mischief,
    market::Market,
};

/// The pretend venue.
pub(crate) struct Venue {
    pub(crate) instruments: Instruments,
    pub(crate) market: Mutex<Box<dyn Market>>,
    pub(crate) hub: Hub,
    pub(crate) depth_pace: DepthPace,
    pub(crate) mischief: Mischief,
    /// What it publishes about the past; a recorded market has none.
    pub(crate) past: Option<Past>,
    pub(crate) archive: Arc<Desk>,
}

/// Milliseconds since the epoch by the wall clock.
pub(crate) fn wall_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
