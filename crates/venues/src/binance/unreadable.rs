//! Guesses which book an unreadable frame was about.
//!
//! A change that cannot be read is a change that is missing. The guess looks only for the
//! stream's name, or failing that for the event's name and symbol; a change it overlooks
//! shows as a gap with the next one.

use domain::InstrumentId;

use super::symbols::Symbols;

/// The instrument whose change of the book this frame seems to be.
pub(super) fn book_of_unreadable(frame: &[u8], symbols: &Symbols) -> Option<InstrumentId> {
    let found = if let Some(stream) = behind(frame, br#""stream":""#) {
        let end = stream.iter().position(|&byte| byte == b'@')?;
        let (symbol, channel) = stream.split_at(end);
        channel.starts_with(b"@depth").then(|| symbols.find_any_case(symbol))?
    } else {
        behind(frame, b"depthUpdate")?;
        let symbol = behind(frame, br#""s":""#)?;
        let end = symbol.iter().position(|&byte| byte == b'"')?;
        symbols.find(&symbol[..end])
    };
    found.map(domain::Instrument::id)
}

/// What follows the first `text`.
fn behind<'f>(frame: &'f [u8], text: &[u8]) -> Option<&'f [u8]> {
    let place = frame.windows(text.len()).position(|window| window == text)?;
    Some(&frame[place + text.len()..])
}
