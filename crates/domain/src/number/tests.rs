//! Behaviour of the numbers at their borders.

use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{Bps, Lots, Money, NetLots, NumberError, Price, Qty, Rate, Scale};
use crate::{Instrument, InstrumentId, Level, Market, Side, Ticks, instrument::InstrumentSpec};

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

fn scale(step: &str) -> Scale {
    Scale::new(decimal(step)).unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn instrument(tick: &str, lot: &str) -> Instrument {
    let spec = InstrumentSpec {
        venue: "binance".into(),
        market: Market::Spot,
        symbol: "XY".into(),
        base: "X".into(),
        quote: "Y".into(),
        tick_size: tick.parse().unwrap(),
        lot_size: lot.parse().unwrap(),
        min_quantity: Qty::ZERO,
        max_quantity: Qty::ZERO,
        min_notional: Money::ZERO,
    };
    Instrument::new(InstrumentId::new(0), spec).unwrap()
}

/// What [`Scale::parse`] means, by way of decimals and 128-bit integers.
fn slow_count(step: &Scale, text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let dots = digits.matches('.').count();
    if !plain || dots > 1 || digits.len() == dots {
        return None;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let decimals = usize::try_from(step.decimals()).unwrap();
    let units: i128 = format!("0{whole}{fraction:0<decimals$}").parse().ok()?;
    let step_units = i128::from(step.mantissa());
    if fraction.len() > decimals || units % step_units != 0 {
        return None;
    }
    let count = units / step_units;
    i64::try_from(if text.starts_with('-') { -count } else { count }).ok()
}

#[test]
fn a_shib_book_is_counted_exactly() {
    let shib = instrument("0.00000001", "1");
    let price = shib.price_scale().parse(b"0.00000823").unwrap();
    let quantity = shib.quantity_scale().parse(b"10000000000000").unwrap();
    assert_eq!((price, quantity), (823, 10_000_000_000_000));
    let notional = shib.notional(Ticks::new(price), Lots::new(quantity)).unwrap();
    assert_eq!(notional, money("82300000"));
    assert_eq!(shib.price(Ticks::new(price)), decimal("0.00000823"));
}

#[test]
fn a_pepe_book_keeps_the_trailing_zeros_of_the_wire() {
    let pepe = instrument("0.00000001", "1.00");
    assert_eq!(pepe.price_scale().parse(b"0.00001200"), Ok(1_200));
    assert_eq!(pepe.quantity_scale().parse(b"98765432109876.00000000"), Ok(98_765_432_109_876));
}

#[test]
fn a_price_in_rupiah_is_counted_exactly() {
    let rupiah = instrument("1", "0.00001");
    assert_eq!(rupiah.price_scale().parse(b"2900000000.00000000"), Ok(2_900_000_000));
    let quantity = Lots::new(rupiah.quantity_scale().parse(b"0.12345").unwrap());
    let notional = rupiah.notional(Ticks::new(2_900_000_000), quantity).unwrap();
    assert_eq!(notional.to_string(), "358005000");
}

#[test]
fn a_step_that_is_no_power_of_ten_divides_the_count() {
    let quarter = scale("0.25");
    assert_eq!(quarter.parse(b"4210.75"), Ok(16_843));
    assert_eq!(quarter.value(16_843), decimal("4210.75"));
    assert!(matches!(quarter.parse(b"4210.80"), Err(NumberError::TooFine { .. })));
}

#[test]
fn digits_below_the_step_are_refused_unless_they_are_zero() {
    let tick = scale("0.10");
    assert_eq!(tick.parse(b"61793.40"), Ok(617_934));
    assert_eq!(tick.parse(b"61793.4000000000000000"), Ok(617_934));
    let error = tick.parse(b"61793.45").unwrap_err();
    assert_eq!(error.to_string(), "61793.45 is finer than the step 0.1");
}

#[test]
fn texts_that_are_no_plain_numbers_are_refused() {
    let tick = scale("0.01");
    for text in ["", "-", ".", "-.", "1e5", "+1", " 1", "1 ", "1.2.3", "0x1", "NaN", "1,5", "--1"] {
        let refused = matches!(tick.parse(text.as_bytes()), Err(NumberError::NotDecimal { .. }));
        assert!(refused, "{text:?} was accepted");
    }
}

#[test]
fn the_ends_of_the_range_are_exact_and_beyond_them_is_an_error() {
    let unit = scale("1");
    assert_eq!(unit.parse(b"9223372036854775807"), Ok(i64::MAX));
    assert_eq!(unit.parse(b"-9223372036854775807"), Ok(-i64::MAX));
    assert_eq!(
        unit.parse(b"9223372036854775808"),
        Err(NumberError::Overflow { what: "a number in steps" })
    );
    let atto = scale("0.000000000000000001");
    assert_eq!(atto.parse(b"9.223372036854775807"), Ok(i64::MAX));
    assert!(matches!(atto.parse(b"10"), Err(NumberError::Overflow { .. })));
}

#[test]
fn a_prefix_ends_where_the_number_ends() {
    let tick = scale("0.10");
    assert_eq!(tick.parse_prefix(br#"61793.40","1.000"]]}"#), Some((617_934, 8)));
    assert_eq!(tick.parse_prefix(br#"0","1.000"],["617","#), Some((0, 1)));
    assert_eq!(tick.parse_prefix(b"1e5\",\"1.000\"]]}....."), Some((10, 1)));
    assert_eq!(tick.parse_prefix(b"61793.40\"]"), Some((617_934, 8)));
    // What ends with the text could go on behind it, and is for somebody else.
    assert_eq!(tick.parse_prefix(b"1234567890123456789"), None);
    assert_eq!(tick.parse_prefix(b"61793.40"), None);
    assert_eq!(tick.parse_prefix(b"\"].............."), None);
}

#[test]
fn a_step_must_be_positive_and_not_too_fine() {
    for step in ["0", "-0.1", "0.0000000000000000001"] {
        assert_eq!(Scale::new(decimal(step)), Err(NumberError::BadStep(decimal(step))));
    }
}

#[test]
fn counting_a_decimal_down_never_exceeds_it() {
    let lot = scale("0.001");
    assert_eq!(lot.count_floor(decimal("1.2349")), Ok(1_234));
    assert_eq!(lot.count_floor(decimal("-1.2341")), Ok(-1_235));
    assert_eq!(lot.count(decimal("1.2340")), Ok(1_234));
    assert!(matches!(lot.count(decimal("1.2349")), Err(NumberError::TooFine { .. })));
}

#[test]
fn prices_are_positive_and_quantities_not_negative() {
    assert_eq!("0".parse::<Price>(), Err(NumberError::PriceNotPositive(Decimal::ZERO)));
    assert_eq!("-1".parse::<Qty>(), Err(NumberError::QuantityNegative(decimal("-1"))));
    assert_eq!("0".parse::<Qty>(), Ok(Qty::ZERO));
    assert!(matches!("1e3".parse::<Price>(), Err(NumberError::NotDecimal { .. })));
    assert_eq!("61793.40".parse::<Price>().unwrap().to_string(), "61793.40");
}

#[test]
fn money_shows_every_digit_it_has_and_no_more() {
    for text in ["0", "1", "-1", "0.1", "-0.000000000000000001", "123456789.98765432"] {
        assert_eq!(money(text).to_string(), text);
    }
    assert_eq!(money("1.50").to_string(), "1.5");
    assert_eq!(format!("{:.2}", money("-1.239")), "-1.23");
    assert_eq!(format!("{:.0}", money("7.9")), "7");
    assert_eq!(format!("{:>8}|{:+}", money("1.5"), money("2")), "     1.5|+2");
}

#[test]
fn money_finer_than_atto_or_too_large_is_refused() {
    assert!(matches!("0.0000000000000000001".parse::<Money>(), Err(NumberError::TooFine { .. })));
    assert_eq!(
        "200000000000000000000".parse::<Money>(),
        Err(NumberError::Overflow { what: "money" })
    );
    assert_eq!(Money::MAX.checked_add(Money::from_atto(1)), None);
}

#[test]
fn whole_units_come_through_to_floats_exactly() {
    for units in [0, 1, -7, 99_999, 100_000, 100_001, 123_456_789, -4_503_599_627_370_497_i64] {
        let amount = Money::from_atto(i128::from(units) * Money::ATTO_PER_UNIT);
        assert_eq!(amount.to_f64().to_string(), units.to_string());
    }
    assert_eq!(money("0.1").to_f64().to_string(), "0.1");
    assert_eq!(money("-61793.4").to_f64().to_string(), "-61793.4");
}

#[test]
fn a_share_of_money_is_rounded_toward_zero() {
    assert_eq!(money("10").share_toward_zero(1, 3).unwrap(), money("3.333333333333333333"));
    assert_eq!(money("-10").share_toward_zero(1, 3).unwrap(), money("-3.333333333333333333"));
    assert_eq!(money("10").share_toward_zero(3, 3).unwrap(), money("10"));
    assert!(money("10").share_toward_zero(1, 0).is_err());
    assert!(Money::MAX.share_toward_zero(i64::MAX, 1).is_err());
}

#[test]
fn a_fee_is_rounded_up_against_the_payer() {
    let fee = Bps::new(decimal("4.5"));
    assert_eq!(fee.of_rounded_up(money("1000")).unwrap(), money("0.45"));
    assert_eq!(fee.of_rounded_up(money("0.00001")).unwrap(), money("0.00000001"));
    // A rebate is a negative fee: rounded up, it pays a little less.
    let rebate = Bps::new(decimal("-0.5"));
    assert_eq!(rebate.of_rounded_up(money("0.00001")).unwrap(), Money::ZERO);
    assert_eq!(rebate.to_string(), "-0.5 bps");
    assert_eq!(Rate::new(decimal("0.0001")).decimal(), decimal("0.0001"));
}

#[test]
fn signed_lots_know_their_side() {
    assert_eq!(Lots::new(5).signed(Side::Sell), NetLots::new(-5));
    assert_eq!(NetLots::new(-5).side(), Some(Side::Sell));
    assert_eq!((NetLots::ZERO.side(), NetLots::new(-5).size()), (None, Lots::new(5)));
    assert_eq!(Lots::new(3).minus(Lots::new(5)), Lots::ZERO);
    assert_eq!(Level::new(2, 3).price.offset(i64::MAX), Ticks::new(i64::MAX));
}

#[test]
fn a_tick_times_lot_finer_than_atto_is_refused() {
    let spec = InstrumentSpec {
        lot_size: "0.0000000001".parse().unwrap(),
        ..instrument("0.000000001", "1").spec().clone()
    };
    let error = Instrument::new(InstrumentId::new(0), spec).unwrap_err();
    assert!(matches!(error, NumberError::TooFine { .. }));
}

fn steps() -> impl Strategy<Value = Scale> {
    (prop::sample::select(vec![1_i64, 2, 5, 25, 125]), 0_u32..=18)
        .prop_map(|(mantissa, decimals)| Scale::new(Decimal::new(mantissa, decimals)).unwrap())
}

proptest! {
    #[test]
    fn reading_all_at_once_equals_reading_by_digit(
        step in steps(),
        text in "-?[0-9]{0,20}(\\.[0-9]{0,12})?0{0,10}",
    ) {
        prop_assert_eq!(step.parse(text.as_bytes()).ok(), slow_count(&step, &text), "{}", text);
    }

    #[test]
    fn reading_junk_equals_reading_junk_by_digit(step in steps(), text in "[0-9.\\-e+\" ]{0,17}") {
        prop_assert_eq!(step.parse(text.as_bytes()).ok(), slow_count(&step, &text), "{}", text);
    }

    #[test]
    fn a_prefix_is_the_number_in_front(
        step in steps(),
        text in "[0-9]{1,9}(\\.[0-9]{1,8})?",
        rest in "[^0-9.].{16}",
    ) {
        if let Some((count, length)) = step.parse_prefix(format!("{text}{rest}").as_bytes()) {
            prop_assert_eq!(length, text.len());
            prop_assert_eq!(Ok(count), step.parse(text.as_bytes()));
        }
    }

    #[test]
    fn a_count_survives_the_way_to_a_decimal_and_back(step in steps(), count in any::<i64>()) {
        let value = step.value(count);
        if value != Decimal::MAX && value != Decimal::MIN {
            prop_assert_eq!(step.count(value), Ok(count));
            prop_assert_eq!(step.count_floor(value), Ok(count));
            prop_assert_eq!(step.parse(value.to_string().as_bytes()), Ok(count));
        }
    }

    #[test]
    fn money_survives_text_and_json(atto in any::<i64>().prop_map(i128::from)) {
        let amount = Money::from_atto(atto);
        prop_assert_eq!(money(&amount.to_string()), amount);
        let json = serde_json::to_string(&amount).unwrap();
        prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), amount);
        let bytes = postcard::to_stdvec(&amount).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Money>(&bytes).unwrap(), amount);
    }

    #[test]
    fn a_fee_is_the_exact_product_rounded_up(
        atto in -1_000_000_000_000_i64..1_000_000_000_000, bps in -1_000_i64..1_000,
    ) {
        let amount = Money::from_atto(i128::from(atto) * 1_000);
        let fee = Bps::new(Decimal::new(bps, 1)).of_rounded_up(amount).unwrap();
        let exact = decimal(&amount.to_string()) * Decimal::new(bps, 5);
        let rounded = exact.round_dp_with_strategy(8, RoundingStrategy::ToPositiveInfinity);
        prop_assert_eq!(decimal(&fee.to_string()), rounded.normalize());
    }

    #[test]
    fn a_whole_is_not_less_than_its_shares(
        atto in any::<i64>(), part in 0_i64..1_000, rest in 1_i64..1_000,
    ) {
        let whole = Money::from_atto(i128::from(atto));
        let first = whole.share_toward_zero(part, part + rest).unwrap();
        let second = whole.share_toward_zero(rest, part + rest).unwrap();
        let lost = (whole - first - second).atto().abs();
        prop_assert!(lost <= 1, "{lost} atto lost");
    }

    #[test]
    fn notional_is_price_times_quantity(price in 1_i64..1_000_000_000, lots in 0_i64..1_000_000_000) {
        let one = instrument("0.01", "0.00001");
        let notional = one.notional(Ticks::new(price), Lots::new(lots)).unwrap();
        let expected = one.price(Ticks::new(price)) * one.quantity(Lots::new(lots));
        prop_assert_eq!(decimal(&notional.to_string()), expected.normalize());
    }
}

#[test]
fn a_count_as_a_float_is_the_nearest_one_to_its_decimal() {
    for (step, count, nearest) in
        [("0.01", 6_179_340, 61_793.4), ("0.00000001", 823, 0.000_008_23), ("0.5", -3, -1.5)]
    {
        let scale = Scale::new(step.parse().unwrap()).unwrap();
        assert!((scale.to_f64(count) - nearest).abs() == 0.0, "{count} times {step}");
    }
}
