//! The careful reader of frames: any valid JSON, in any order, with clear errors.
//!
//! It is the way out of [`super::decode`] whenever a frame is not plain, and what its
//! tests compare with.

use std::{borrow::Cow, collections::BTreeMap};

use domain::{Instrument, Side};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    message::{
        DepthParts, Levels, MarkParts, Message, Nonsense, QuoteParts, TradeKind, TradeParts, level,
    },
    symbols::Symbols,
};
use crate::FrameError;

/// A string of the document, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'f>(#[serde(borrow)] Cow<'f, str>);

/// An object's members, taken apart one level deep. Of a repeated name the last counts.
struct Members<'f> {
    channel: &'static str,
    by_name: BTreeMap<Cow<'f, str>, &'f RawValue>,
}

impl<'f> Members<'f> {
    fn parse(text: &'f [u8]) -> Result<Self, FrameError> {
        let channel = "unknown";
        let by_name = serde_json::from_slice(text)
            .map_err(|error| FrameError { channel, reason: error.to_string() })?;
        Ok(Self { channel, by_name })
    }

    fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    fn get<T: Deserialize<'f>>(&self, name: &'static str) -> Result<T, FrameError> {
        let Some(raw) = self.by_name.get(name) else {
            return Err(self.wrong(format!("{name} is missing")));
        };
        serde_json::from_str(raw.get()).map_err(|error| self.wrong(format!("{name}: {error}")))
    }

    fn find<T: Deserialize<'f>>(&self, name: &'static str) -> Result<Option<T>, FrameError> {
        if self.has(name) { self.get(name).map(Some) } else { Ok(None) }
    }

    const fn wrong(&self, reason: String) -> FrameError {
        FrameError { channel: self.channel, reason }
    }

    fn make_sense<T>(&self, read: Result<T, Nonsense>) -> Result<T, FrameError> {
        read.map_err(|nonsense| nonsense.in_channel(self.channel))
    }
}

/// Reads one frame, combined or bare.
pub(super) fn read(
    frame: &[u8],
    symbols: &Symbols,
    levels: &mut Levels,
) -> Result<Message, FrameError> {
    levels.clear();
    let outer = Members::parse(frame)?;
    match outer.by_name.get("data") {
        Some(data) => read_data(Members::parse(data.get().as_bytes())?, symbols, levels),
        None => read_data(outer, symbols, levels),
    }
}

fn read_data(
    mut data: Members<'_>,
    symbols: &Symbols,
    levels: &mut Levels,
) -> Result<Message, FrameError> {
    let event = data.find::<Text>("e")?;
    data.channel = match event.as_ref().map(|event| event.0.as_ref()) {
        Some("depthUpdate") => "depth",
        Some("trade") => "trade",
        Some("aggTrade") => "aggTrade",
        Some("bookTicker") => "bookTicker",
        Some("markPriceUpdate") => "markPrice",
        Some("serverShutdown") => return Ok(Message::Shutdown),
        Some(_) => return Ok(Message::Ignored),
        None if ["u", "s", "b", "B", "a", "A"].iter().all(|name| data.has(name)) => "bookTicker",
        None => return read_reply(&data),
    };
    let symbol: Text = data.get("s")?;
    let Some(instrument) = symbols.find(symbol.0.as_bytes()) else {
        return Ok(Message::Ignored);
    };
    match data.channel {
        "depth" => read_depth(&data, instrument, levels),
        "trade" => read_trade(&data, instrument, TradeKind::Single),
        "aggTrade" => read_trade(&data, instrument, TradeKind::Aggregate),
        "bookTicker" => read_quote(&data, instrument),
        _ => read_mark(&data, instrument),
    }
}

/// Answers to what we sent; the newer ones wrap their error.
fn read_reply(data: &Members<'_>) -> Result<Message, FrameError> {
    if data.has("error") {
        let error = data.by_name["error"].get().as_bytes();
        return read_reply(&Members { channel: "reply", ..Members::parse(error)? });
    }
    if data.has("code") && data.has("msg") {
        let reason = data.get::<Text>("msg")?.0.into_owned();
        return Ok(Message::Refused { code: data.get("code")?, reason });
    }
    Ok(if data.has("result") { Message::Reply } else { Message::Ignored })
}

fn read_depth(
    data: &Members<'_>,
    instrument: &Instrument,
    levels: &mut Levels,
) -> Result<Message, FrameError> {
    let parts = DepthParts {
        event_time: data.get("E")?,
        first: data.get("U")?,
        last: data.get("u")?,
        previous: data.find("pu")?,
    };
    let diff = data.make_sense(parts.read(instrument))?;
    read_side(data, "b", instrument, Side::Buy, levels)?;
    read_side(data, "a", instrument, Side::Sell, levels)?;
    Ok(Message::Depth(diff))
}

fn read_side(
    data: &Members<'_>,
    name: &'static str,
    instrument: &Instrument,
    side: Side,
    levels: &mut Levels,
) -> Result<(), FrameError> {
    for [price, quantity] in data.get::<Vec<[Text; 2]>>(name)? {
        let read = level(instrument, price.0.as_bytes(), quantity.0.as_bytes());
        levels.push(side, data.make_sense(read)?);
    }
    Ok(())
}

fn read_trade(
    data: &Members<'_>,
    instrument: &Instrument,
    kind: TradeKind,
) -> Result<Message, FrameError> {
    let id = match kind {
        TradeKind::Single => data.get("t")?,
        // Early frames had no id of their own.
        TradeKind::Aggregate if !data.has("a") => data.get("l")?,
        TradeKind::Aggregate => data.get("a")?,
    };
    let (price, quantity): (Text, Text) = (data.get("p")?, data.get("q")?);
    let cause = data.find::<Text>("X")?;
    let parts = TradeParts {
        kind,
        event_time: data.get("E")?,
        id,
        price: price.0.as_bytes(),
        quantity: quantity.0.as_bytes(),
        buyer_is_maker: data.get("m")?,
        cause: cause.as_ref().map(|cause| cause.0.as_bytes()),
    };
    data.make_sense(parts.read(instrument))
}

fn read_quote(data: &Members<'_>, instrument: &Instrument) -> Result<Message, FrameError> {
    let side = |price, quantity| Ok([data.get::<Text>(price)?, data.get::<Text>(quantity)?]);
    let (bid, ask) = (side("b", "B")?, side("a", "A")?);
    let parts = QuoteParts {
        event_time: data.find("E")?,
        update_id: data.get("u")?,
        bid: bid.each_ref().map(|text| text.0.as_bytes()),
        ask: ask.each_ref().map(|text| text.0.as_bytes()),
    };
    data.make_sense(parts.read(instrument))
}

fn read_mark(data: &Members<'_>, instrument: &Instrument) -> Result<Message, FrameError> {
    let mark: Text = data.get("p")?;
    let (index, rate) = (data.find::<Text>("i")?, data.find::<Text>("r")?);
    let parts = MarkParts {
        event_time: data.get("E")?,
        mark: mark.0.as_bytes(),
        index: index.as_ref().map(|text| text.0.as_bytes()),
        rate: rate.as_ref().map(|text| text.0.as_bytes()),
        next_funding: data.get("T")?,
    };
    data.make_sense(parts.read(instrument))
}
