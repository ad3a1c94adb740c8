//! The arithmetic of the rows.

use domain::Money;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::average::average_price;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

#[test]
fn an_average_price_is_exact_where_it_can_be() {
    assert_eq!(average_price(money("123.58680"), decimal("0.002")), Some(money("61793.4")));
    assert_eq!(
        average_price(money("82300000"), decimal("10000000000000")),
        Some(money("0.00000823"))
    );
}

#[test]
fn an_average_price_that_does_not_end_is_cut_at_eighteen_digits() {
    assert_eq!(average_price(money("1"), decimal("3")), Some(money("0.333333333333333333")));
    assert_eq!(average_price(money("2"), decimal("0.3")), Some(money("6.666666666666666666")));
}

#[test]
fn nothing_has_no_average_price_and_neither_has_what_does_not_fit() {
    assert_eq!(average_price(money("1"), Decimal::ZERO), None);
    assert_eq!(average_price(Money::MAX, decimal("0.001")), None);
}

proptest! {
    #[test]
    fn an_average_price_times_the_quantity_is_the_notional_less_than_one_step_off(
        notional in 1_i64..i64::MAX, mantissa in 1_i64..1_000_000_000, scale in 0_u32..9,
    ) {
        let quantity = Decimal::new(mantissa, scale);
        let average = average_price(Money::from_atto(i128::from(notional)), quantity).unwrap();
        let power = 10_i128.pow(scale);
        let back = average.atto() * i128::from(mantissa);
        let exact = i128::from(notional) * power;
        prop_assert!(back <= exact && exact - back < i128::from(mantissa));
    }
}
