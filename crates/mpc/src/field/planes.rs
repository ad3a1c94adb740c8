//! Bits in planes: plane k holds bit k of all items, 64 items to a word.
//!
//! One machine word then works on 64 comparisons at once. Here are the shapes, the packing
//! for the wire, and the turning of an 8 by 8 square of bits.

/// Words that hold so many bits.
#[must_use]
pub const fn words(items: usize) -> usize {
    items.div_ceil(64)
}

/// The bits of the last word of a plane that are in use.
#[must_use]
pub const fn last_mask(items: usize) -> u64 {
    match items % 64 {
        0 => u64::MAX,
        rest => (1 << rest) - 1,
    }
}

/// Packs planes of so many items without the unused end of each last word.
pub fn pack(planes: &[u64], items: usize, bytes: &mut Vec<u8>) {
    let length = items.div_ceil(8);
    bytes.reserve(planes.len() * 8);
    for plane in planes.chunks(words(items).max(1)) {
        let start = bytes.len();
        for word in plane {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.truncate(start + length);
    }
}

/// Reads what [`pack`] wrote; `None` when the length is wrong or an unused bit is set.
#[must_use]
pub fn unpack(bytes: &[u8], planes: usize, items: usize) -> Option<Vec<u64>> {
    let length = items.div_ceil(8);
    if bytes.len() != planes * length {
        return None;
    }
    let mut result = Vec::with_capacity(planes * words(items));
    for plane in bytes.chunks(length.max(1)) {
        for part in plane.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            result.push(u64::from_le_bytes(word));
        }
        if result.last().is_some_and(|word| word & !last_mask(items) != 0) {
            return None;
        }
    }
    Some(result)
}

/// Turns an 8 by 8 square of bits, one row to a byte.
///
/// Source: Warren, Hacker's Delight, section 7-3.
#[inline]
#[must_use]
pub const fn turn(square: u64) -> u64 {
    let swap = (square ^ (square >> 7)) & 0x00AA_00AA_00AA_00AA;
    let square = square ^ swap ^ (swap << 7);
    let swap = (square ^ (square >> 14)) & 0x0000_CCCC_0000_CCCC;
    let square = square ^ swap ^ (swap << 14);
    let swap = (square ^ (square >> 28)) & 0x0000_0000_F0F0_F0F0;
    square ^ swap ^ (swap << 28)
}

/// Spreads the low `count` bits of numbers over planes.
#[must_use]
pub fn slice(numbers: &[u64], count: usize) -> Vec<u64> {
    let width = words(numbers.len());
    let mut planes = vec![0; count * width];
    for (group, numbers) in numbers.chunks(8).enumerate() {
        let (word, shift) = (group / 8, group % 8 * 8);
        for byte in 0..count.div_ceil(8) {
            let mut square = 0;
            for (row, number) in numbers.iter().enumerate() {
                square |= (number >> (8 * byte) & 0xFF) << (8 * row);
            }
            let square = turn(square);
            for bit in 0..(count - 8 * byte).min(8) {
                planes[(8 * byte + bit) * width + word] |= (square >> (8 * bit) & 0xFF) << shift;
            }
        }
    }
    planes
}
