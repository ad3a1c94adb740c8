//! Reads JSON tokens straight from a frame, as long as they are plain.
//!
//! Each function takes the rest of the frame and gives a token and what follows it.
//! `None` is no verdict about the JSON, only "not plain": an escape, a space, an exponent,
//! a number of more than 15 digits. The reader of [`super::document`] then decides. What is
//! accepted here is always valid JSON with the same meaning.

/// How deep an unknown value may be nested.
const MAX_DEPTH: u32 = 16;

/// A token and the bytes behind it.
pub(super) type Token<'f, T> = Option<(T, &'f [u8])>;

/// What follows `text`, when the rest begins with it.
#[inline]
pub(super) fn expect<'f, const N: usize>(rest: &'f [u8], text: &[u8; N]) -> Option<&'f [u8]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    (head == text).then_some(tail)
}

/// A member's name up to and with the colon. Names are letters and digits.
#[inline]
pub(super) fn key(rest: &[u8]) -> Token<'_, &[u8]> {
    let length = match rest {
        [b'"', a, b'"', b':', ..] if a.is_ascii_alphanumeric() => 1,
        [b'"', a, b, b'"', b':', ..] if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() => 2,
        _ => {
            let length = rest.get(1..)?.iter().position(|byte| !byte.is_ascii_alphanumeric())?;
            rest.get(length + 1..)?.starts_with(b"\":").then_some(length)?
        }
    };
    (rest[0] == b'"').then(|| (&rest[1..=length], &rest[length + 3..]))
}

/// A string without escapes; its bytes are valid UTF-8.
#[inline]
pub(super) fn string(rest: &[u8]) -> Token<'_, &[u8]> {
    let body = rest.strip_prefix(b"\"")?;
    let mut length = 0;
    while let Some(window) = body[length..].first_chunk::<8>() {
        let marks = special_bytes(u64::from_le_bytes(*window));
        if marks != 0 {
            length += marks.trailing_zeros() as usize / 8;
            break;
        }
        length += 8;
    }
    let (text, tail) = body.split_at(length);
    match tail.strip_prefix(b"\"") {
        Some(tail) => Some((text, tail)),
        None => unusual_string(body),
    }
}

/// A mark at the first quote, backslash, control character or byte beyond ASCII. Only the
/// lowest mark counts.
#[inline]
const fn special_bytes(text: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let quote = text ^ (ONES * b'"' as u64);
    let backslash = text ^ (ONES * b'\\' as u64);
    let zero = (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash);
    let control = text.wrapping_sub(ONES * 0x20) & !text;
    (zero | control | text) & (ONES * 0x80)
}

/// A string at the end of the frame, or one with letters beyond ASCII.
#[inline(never)]
fn unusual_string(body: &[u8]) -> Token<'_, &[u8]> {
    let end = body.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < b' ')?;
    let (text, tail) = body.split_at(end);
    let tail = tail.strip_prefix(b"\"")?;
    std::str::from_utf8(text).is_ok().then_some((text, tail))
}

/// A whole number that is not negative, of at most 15 digits.
#[inline]
pub(super) fn whole(rest: &[u8]) -> Token<'_, u64> {
    let (value, length) = match rest.first_chunk::<16>() {
        Some(window) => whole_at_once(*window)?,
        None => whole_by_digit(rest)?,
    };
    // A leading zero or a fraction is for somebody else.
    let tail = &rest[length..];
    let plain = (rest[0] != b'0' || length == 1) && !matches!(tail, [b'.' | b'e' | b'E', ..]);
    plain.then_some((value, tail))
}

#[inline]
fn whole_at_once(window: [u8; 16]) -> Option<(u64, usize)> {
    let (low, high) = window.split_first_chunk::<8>()?;
    let (low, high) = (u64::from_le_bytes(*low), u64::from_le_bytes(*high.first_chunk()?));
    let (head, end) = front_digits(low);
    if end < 64 {
        return (end > 0).then(|| (eight_digits(head << (64 - end)), end as usize / 8));
    }
    let (tail, end) = front_digits(high);
    match end {
        0 => Some((eight_digits(head), 8)),
        64 => None,
        _ => {
            let tail = eight_digits(tail << (64 - end));
            let digits = end as usize / 8;
            Some((eight_digits(head) * POWERS[digits] + tail, 8 + digits))
        }
    }
}

const POWERS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// The bytes as digit values, and the bit at which the first byte begins that is no digit.
#[inline]
const fn front_digits(text: u64) -> (u64, u32) {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let digits = text ^ (ONES * 0x30);
    let no_digit = (digits.wrapping_add(ONES * 0x76) | digits) & (ONES * 0x80);
    (digits, no_digit.trailing_zeros() & !7)
}

/// Joins digits to pairs, pairs to fours, fours to eight.
#[inline]
const fn eight_digits(digits: u64) -> u64 {
    let pairs = (digits.wrapping_mul(1 + (10 << 8)) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(1 + (100 << 16)) >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(1 + (10_000 << 32)) >> 32
}

fn whole_by_digit(rest: &[u8]) -> Option<(u64, usize)> {
    let length = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let value = rest[..length].iter().fold(0, |value, byte| value * 10 + u64::from(byte - b'0'));
    (length > 0).then_some((value, length))
}

/// `true` or `false`.
#[inline]
pub(super) fn boolean(rest: &[u8]) -> Token<'_, bool> {
    if let Some(tail) = expect(rest, b"true") {
        return Some((true, tail));
    }
    expect(rest, b"false").map(|tail| (false, tail))
}

/// What follows a value of any kind.
pub(super) fn skip(rest: &[u8]) -> Option<&[u8]> {
    skip_value(rest, 0)
}

fn skip_value(rest: &[u8], depth: u32) -> Option<&[u8]> {
    match rest.first()? {
        b'"' => string(rest).map(|(_, tail)| tail),
        b'{' | b'[' if depth == MAX_DEPTH => None,
        b'{' => skip_list(rest, b'}', |rest| skip_value(key(rest)?.1, depth + 1)),
        b'[' => skip_list(rest, b']', |rest| skip_value(rest, depth + 1)),
        b't' | b'f' => boolean(rest).map(|(_, tail)| tail),
        b'n' => expect(rest, b"null"),
        _ => skip_number(rest),
    }
}

/// Entries between commas, from the opening bracket to behind `close`.
fn skip_list<'f>(
    rest: &'f [u8],
    close: u8,
    entry: impl Fn(&'f [u8]) -> Option<&'f [u8]>,
) -> Option<&'f [u8]> {
    let mut rest = &rest[1..];
    if let [first, tail @ ..] = rest
        && *first == close
    {
        return Some(tail);
    }
    loop {
        let (&next, tail) = entry(rest)?.split_first()?;
        match next {
            b',' => rest = tail,
            _ if next == close => return Some(tail),
            _ => return None,
        }
    }
}

fn skip_number(rest: &[u8]) -> Option<&[u8]> {
    let tail = rest.strip_prefix(b"-").unwrap_or(rest);
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length = digits(tail);
    if length == 0 || length > 15 || (length > 1 && tail[0] == b'0') {
        return None;
    }
    let tail = &tail[length..];
    match tail.strip_prefix(b".") {
        None => (!matches!(tail, [b'e' | b'E', ..])).then_some(tail),
        Some(fraction) => {
            let length = digits(fraction);
            let tail = &fraction[length..];
            (length > 0 && !matches!(tail, [b'e' | b'E', ..])).then_some(tail)
        }
    }
}
