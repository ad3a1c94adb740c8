//! Reads the answer of the depth end points.

use std::borrow::Cow;

use domain::{Instrument, Side};
use serde::Deserialize;

use super::message::{Levels, level};
use crate::FrameError;

const CHANNEL: &str = "depth snapshot";

#[derive(Deserialize)]
struct Text<'f>(#[serde(borrow)] Cow<'f, str>);

#[derive(Deserialize)]
struct Body<'f> {
    #[serde(rename = "lastUpdateId")]
    last_update_id: u64,
    #[serde(borrow)]
    bids: Vec<[Text<'f>; 2]>,
    #[serde(borrow)]
    asks: Vec<[Text<'f>; 2]>,
}

/// A whole book: the number of its last update, and its levels.
///
/// # Errors
/// [`FrameError`] for anything else, such as the venue's error object, and for a book of
/// which more than half does not fit the instrument's tick and lot: those are wrong then.
pub fn read_snapshot(body: &[u8], instrument: &Instrument) -> Result<(u64, Levels), FrameError> {
    let wrong = |reason: String| FrameError { channel: CHANNEL, reason };
    let body: Body = serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
    let mut levels = Levels::default();
    for (side, texts) in [(Side::Buy, &body.bids), (Side::Sell, &body.asks)] {
        for [price, quantity] in texts {
            let read = level(instrument, price.0.as_bytes(), quantity.0.as_bytes());
            levels.push(side, read.map_err(|nonsense| nonsense.in_channel(CHANNEL))?);
        }
    }
    let all = body.bids.len() + body.asks.len();
    if levels.off_grid * 2 > all {
        let (tick, lot) = (instrument.spec().tick_size, instrument.spec().lot_size);
        let off = levels.off_grid;
        return Err(wrong(format!("{off} of {all} levels do not fit tick {tick} and lot {lot}")));
    }
    Ok((body.last_update_id, levels))
}
