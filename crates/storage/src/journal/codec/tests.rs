//! Whole numbers of one to nine bytes.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn numbers_of_every_size_come_back(bits in 0_u32..64, noise in any::<u64>()) {
        let number = noise >> bits;
        let mut bytes = [0; 24];
        let mut writer = NumberWriter { bytes: &mut bytes, at: 0 };
        writer.put(number).unwrap();
        writer.put_signed(number.cast_signed()).unwrap();
        let end = writer.at;
        let mut reader = NumberReader { rest: &bytes[..end] };
        prop_assert_eq!(reader.take(), Some(number));
        prop_assert_eq!(reader.take_signed(), Some(number.cast_signed()));
        prop_assert!(reader.rest.is_empty());
        prop_assert_eq!(reader.take(), None);
    }
}

#[test]
fn a_number_takes_a_byte_for_seven_bits() {
    for (number, length) in [(0, 1), (127, 1), (128, 2), ((1 << 56) - 1, 8), (1 << 56, 9)] {
        let mut bytes = [0; 9];
        let mut writer = NumberWriter { bytes: &mut bytes, at: 0 };
        writer.put(number).unwrap();
        assert_eq!(writer.at, length, "{number}");
    }
}
