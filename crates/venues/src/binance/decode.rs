//! The fast reader of frames: one pass over the bytes, decimals straight to ticks and lots.
//!
//! Members may come in any order and unknown ones are skipped. It handles only the five
//! frequent kinds of frames in their plain form, and everything else, also everything
//! wrong, goes to the slow reader in `document`.

use domain::{Instrument, Instruments, Level, Market, Side, number::Scale};

use super::{
    document,
    message::{
        DepthParts, Levels, MarkParts, Message, QuoteParts, TradeKind, TradeParts, checked_level,
    },
    scan::{self, Token},
    symbols::Symbols,
};
use crate::FrameError;

/// Which of the two readers read a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// One pass over plain bytes.
    Fast,
    /// A complete JSON parser.
    Slow,
}

/// Reads the frames of one market.
#[derive(Clone, Debug)]
pub struct Decoder {
    symbols: Symbols,
    levels: Levels,
}

impl Decoder {
    /// For the session's instruments of one market of this venue.
    #[must_use]
    pub fn new(market: Market, instruments: &Instruments) -> Self {
        Self { symbols: Symbols::new(market, instruments), levels: Levels::with_room() }
    }

    /// The instruments it knows.
    #[must_use]
    pub const fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The levels of the last [`Message::Depth`].
    #[must_use]
    pub const fn levels(&self) -> &Levels {
        &self.levels
    }

    /// Reads one frame and says how.
    ///
    /// # Errors
    /// [`FrameError`] for anything outside the documented format.
    #[inline]
    pub fn decode(&mut self, frame: &[u8]) -> Result<(Message, Reader), FrameError> {
        match self.decode_fast(frame) {
            Some(message) => Ok((message, Reader::Fast)),
            None => self.decode_slow(frame).map(|message| (message, Reader::Slow)),
        }
    }

    /// Reads one frame in one pass; `None` says only that this reader is not up to it.
    #[inline]
    pub fn decode_fast(&mut self, frame: &[u8]) -> Option<Message> {
        let Self { symbols, levels } = self;
        levels.clear();
        let mut fields = Fields::default();
        let rest = fields.read_frame(frame, symbols, levels)?;
        if rest.is_empty() { fields.message(levels) } else { None }
    }

    /// Reads one frame with a complete JSON parser.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_slow(&mut self, frame: &[u8]) -> Result<Message, FrameError> {
        document::read(frame, &self.symbols, &mut self.levels)
    }
}

/// A value whose kind depends on the frame it stands in.
#[derive(Clone, Copy, Default)]
enum Mixed<'f> {
    #[default]
    Absent,
    Text(&'f [u8]),
    Whole(u64),
    /// Levels, already in the buffer.
    Read,
    /// Levels that came before the symbol and wait for it.
    Later(&'f [u8]),
}

/// What kind of value a name of one letter has, and its place among those.
#[derive(Clone, Copy)]
enum Slot {
    Whole(usize),
    Text(usize),
    Side(Side),
    Symbol,
    Flag,
    Unknown,
}

const fn slot(letter: u8) -> Slot {
    match letter {
        b'E' => Slot::Whole(0),
        b'T' => Slot::Whole(1),
        b'U' => Slot::Whole(2),
        b'u' => Slot::Whole(3),
        b't' => Slot::Whole(4),
        PREVIOUS => Slot::Whole(5),
        b'e' => Slot::Text(0),
        b'B' => Slot::Text(1),
        b'A' => Slot::Text(2),
        b'p' => Slot::Text(3),
        b'q' => Slot::Text(4),
        b'i' => Slot::Text(5),
        b'r' => Slot::Text(6),
        b'X' => Slot::Text(7),
        b'b' => Slot::Side(Side::Buy),
        b'a' => Slot::Side(Side::Sell),
        b's' => Slot::Symbol,
        b'm' => Slot::Flag,
        _ => Slot::Unknown,
    }
}

/// Stands for the only name of two letters, `pu`; no letter is like it.
const PREVIOUS: u8 = b'@';

/// The members of a frame that mean something to us, by their letters.
#[derive(Default)]
struct Fields<'f> {
    /// One bit for each letter that was seen: a repeated name is for the slow reader.
    seen: u64,
    wholes: [u64; 6],
    texts: [&'f [u8]; 8],
    bid: Mixed<'f>,
    ask: Mixed<'f>,
    symbol: &'f [u8],
    instrument: Option<&'f Instrument>,
    flag: bool,
}

impl<'f> Fields<'f> {
    /// Reads the whole frame; a combined one has its event in the member `data`.
    #[inline]
    fn read_frame(
        &mut self,
        frame: &'f [u8],
        symbols: &'f Symbols,
        levels: &mut Levels,
    ) -> Option<&'f [u8]> {
        let mut rest = scan::expect(frame, b"{")?;
        let mut combined = false;
        loop {
            let (name, value) = scan::key(rest)?;
            rest = match name {
                b"data" if combined || self.seen != 0 => return None,
                b"data" => {
                    combined = true;
                    self.read_event(scan::expect(value, b"{")?, symbols, levels)?
                }
                // Beside `data`, an event's own names are a puzzle.
                _ if combined && name.len() <= 2 => return None,
                &[letter] => self.read_letter(letter, value, symbols, levels)?,
                b"pu" => self.read_letter(PREVIOUS, value, symbols, levels)?,
                _ => scan::skip(value)?,
            };
            match rest.split_first()? {
                (b',', tail) => rest = tail,
                (b'}', tail) => return Some(tail),
                _ => return None,
            }
        }
    }

    #[inline]
    fn read_event(
        &mut self,
        mut rest: &'f [u8],
        symbols: &'f Symbols,
        levels: &mut Levels,
    ) -> Option<&'f [u8]> {
        loop {
            let (letter, value) = match rest {
                [b'"', letter, b'"', b':', value @ ..] if letter.is_ascii_alphabetic() => {
                    (*letter, value)
                }
                [b'"', b'p', b'u', b'"', b':', value @ ..] => (PREVIOUS, value),
                _ => (b'0', scan::key(rest)?.1),
            };
            match self.read_letter(letter, value, symbols, levels)?.split_first()? {
                (b',', tail) => rest = tail,
                (b'}', tail) => return Some(tail),
                _ => return None,
            }
        }
    }

    #[inline]
    fn read_letter(
        &mut self,
        letter: u8,
        value: &'f [u8],
        symbols: &'f Symbols,
        levels: &mut Levels,
    ) -> Option<&'f [u8]> {
        let slot = slot(letter);
        if !matches!(slot, Slot::Unknown) {
            let fresh = self.seen & bit(letter) == 0;
            self.seen |= bit(letter);
            fresh.then_some(())?;
        }
        match slot {
            Slot::Whole(place) => put(&mut self.wholes[place], scan::whole(value)),
            Slot::Text(place) => put(&mut self.texts[place], scan::string(value)),
            Slot::Side(Side::Buy) => {
                put_mixed(&mut self.bid, value, self.instrument, &mut levels.bids)
            }
            Slot::Side(Side::Sell) => {
                put_mixed(&mut self.ask, value, self.instrument, &mut levels.asks)
            }
            Slot::Symbol => {
                let rest = put(&mut self.symbol, scan::string(value))?;
                self.instrument = symbols.find(self.symbol);
                Some(rest)
            }
            Slot::Flag => put(&mut self.flag, scan::boolean(value)),
            Slot::Unknown => scan::skip(value),
        }
    }

    #[inline]
    fn has(&self, letter: u8) -> Option<()> {
        (self.seen & bit(letter) != 0).then_some(())
    }

    #[inline]
    fn whole(&self, letter: u8) -> Option<u64> {
        let Slot::Whole(place) = slot(letter) else { return None };
        self.has(letter).map(|()| self.wholes[place])
    }

    #[inline]
    fn text(&self, letter: u8) -> Option<&'f [u8]> {
        let Slot::Text(place) = slot(letter) else { return None };
        self.has(letter).map(|()| self.texts[place])
    }

    #[inline]
    fn message(&self, levels: &mut Levels) -> Option<Message> {
        let event = self.text(b'e');
        if let Some(other) = event
            && !matches!(
                other,
                b"depthUpdate" | b"bookTicker" | b"trade" | b"aggTrade" | b"markPriceUpdate"
            )
        {
            // An announcement that the connection ends, or nothing we know.
            return (other != b"serverShutdown").then_some(Message::Ignored);
        }
        self.has(b's')?;
        let Some(instrument) = self.instrument else {
            // Without an event it may be anything, also an answer to us.
            return event.map(|_| Message::Ignored);
        };
        match event {
            Some(b"depthUpdate") => self.depth(instrument, levels),
            None | Some(b"bookTicker") => self.quote(instrument),
            Some(b"trade") => self.trade(instrument, TradeKind::Single, self.whole(b't')?),
            Some(b"aggTrade") => {
                let Mixed::Whole(id) = self.ask else { return None };
                self.trade(instrument, TradeKind::Aggregate, id)
            }
            Some(_) => self.mark(instrument),
        }
    }

    #[inline]
    fn depth(&self, instrument: &Instrument, levels: &mut Levels) -> Option<Message> {
        let parts = DepthParts {
            event_time: self.whole(b'E')?,
            first: self.whole(b'U')?,
            last: self.whole(b'u')?,
            previous: self.whole(PREVIOUS),
        };
        finish_levels(self.bid, instrument, &mut levels.bids)?;
        finish_levels(self.ask, instrument, &mut levels.asks)?;
        parts.read(instrument).ok().map(Message::Depth)
    }

    fn quote(&self, instrument: &Instrument) -> Option<Message> {
        let (Mixed::Text(bid), Mixed::Text(ask)) = (self.bid, self.ask) else { return None };
        let parts = QuoteParts {
            event_time: self.whole(b'E'),
            update_id: self.whole(b'u')?,
            bid: [bid, self.text(b'B')?],
            ask: [ask, self.text(b'A')?],
        };
        parts.read(instrument).ok()
    }

    fn trade(&self, instrument: &Instrument, kind: TradeKind, id: u64) -> Option<Message> {
        self.has(b'm')?;
        let parts = TradeParts {
            kind,
            event_time: self.whole(b'E')?,
            id,
            price: self.text(b'p')?,
            quantity: self.text(b'q')?,
            buyer_is_maker: self.flag,
            cause: self.text(b'X'),
        };
        parts.read(instrument).ok()
    }

    fn mark(&self, instrument: &Instrument) -> Option<Message> {
        let parts = MarkParts {
            event_time: self.whole(b'E')?,
            mark: self.text(b'p')?,
            index: self.text(b'i'),
            rate: self.text(b'r'),
            next_funding: self.whole(b'T')?,
        };
        parts.read(instrument).ok()
    }
}

/// The mark of a letter that was seen.
const fn bit(letter: u8) -> u64 {
    1 << (letter & 0x3f)
}

#[inline]
fn put<'f, T>(place: &mut T, token: Token<'f, T>) -> Option<&'f [u8]> {
    let (value, rest) = token?;
    *place = value;
    Some(rest)
}

#[inline]
fn put_mixed<'f>(
    place: &mut Mixed<'f>,
    value: &'f [u8],
    instrument: Option<&Instrument>,
    side: &mut Vec<Level>,
) -> Option<&'f [u8]> {
    let (mixed, rest) = match (value.first()?, instrument) {
        (b'[', Some(instrument)) => (Mixed::Read, read_levels(value, instrument, side)?),
        (b'[', None) => (Mixed::Later(value), scan::skip(value)?),
        (b'"', _) => scan::string(value).map(|(text, rest)| (Mixed::Text(text), rest))?,
        _ => scan::whole(value).map(|(number, rest)| (Mixed::Whole(number), rest))?,
    };
    *place = mixed;
    Some(rest)
}

#[inline]
fn finish_levels(mixed: Mixed<'_>, instrument: &Instrument, side: &mut Vec<Level>) -> Option<()> {
    match mixed {
        Mixed::Read => Some(()),
        Mixed::Later(value) => read_levels(value, instrument, side).map(|_| ()),
        _ => None,
    }
}

/// Reads `[["price","quantity"],...]`.
#[inline]
fn read_levels<'f>(
    value: &'f [u8],
    instrument: &Instrument,
    side: &mut Vec<Level>,
) -> Option<&'f [u8]> {
    let (price_scale, quantity_scale) = (*instrument.price_scale(), *instrument.quantity_scale());
    let mut rest = scan::expect(value, b"[")?;
    if let Some(empty) = scan::expect(rest, b"]") {
        return Some(empty);
    }
    loop {
        let (price, tail) = number(scan::expect(rest, b"[\"")?, &price_scale)?;
        let (quantity, tail) = number(scan::expect(tail, b"\",\"")?, &quantity_scale)?;
        side.push(checked_level(price, quantity)?);
        let (&next, tail) = scan::expect(tail, b"\"]")?.split_first()?;
        match next {
            b',' => rest = tail,
            b']' => return Some(tail),
            _ => return None,
        }
    }
}

/// Reads the number at the front, up to its closing quote.
#[inline(always)]
#[expect(clippy::inline_always, reason = "where the next number begins must stay in a register")]
fn number<'f>(rest: &'f [u8], scale: &Scale) -> Token<'f, i64> {
    if let Some((count, length)) = scale.parse_prefix(rest) {
        return Some((count, &rest[length..]));
    }
    unusual_number(rest, scale)
}

/// The same for numbers that are long or at the very end of the frame.
#[inline(never)]
fn unusual_number<'f>(rest: &'f [u8], scale: &Scale) -> Token<'f, i64> {
    let length = rest.iter().position(|&byte| byte == b'"')?;
    let (text, tail) = rest.split_at(length);
    scale.parse(text).ok().map(|count| (count, tail))
}
