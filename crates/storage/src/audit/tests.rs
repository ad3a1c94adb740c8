//! The exact books against the program's own arithmetic.

use domain::{
    Fill, InstrumentId, Liquidity, Lots, Market, Money, OrderId, RunNumber, Side, Ticks, Timestamp,
    TradeId,
};
use proptest::prelude::*;

use super::exact::{Execution, Holding, average, of_decimal, of_money, of_text, shown, whole};
use crate::{Account, support};

fn fill(side: Side, price: i64, quantity: i64, fee: i128) -> Fill {
    Fill {
        trade: TradeId::new(RunNumber::FIRST, 1),
        order: OrderId::new(RunNumber::FIRST, 1),
        instrument: InstrumentId::new(0),
        side,
        price: Ticks::new(price),
        quantity: Lots::new(quantity),
        fee: Money::from_atto(fee),
        liquidity: Liquidity::Maker,
        time: Timestamp::EPOCH,
    }
}

/// Buys and sells whole coins at whole prices without fees.
fn trade(fills: &[(Side, i64, i64)]) -> [String; 3] {
    let spec = support::spec(Market::Spot, "XUSDT", "1", "1");
    let mut holding = Holding::default();
    for &(side, price, quantity) in fills {
        holding.book(&Execution::of(&fill(side, price, quantity, 0), &spec));
    }
    [&holding.quantity, &holding.cost, &holding.realized].map(shown)
}

#[test]
fn a_partial_close_releases_its_share_of_the_cost() {
    assert_eq!(trade(&[(Side::Buy, 10, 3), (Side::Buy, 20, 1)]), ["4", "50", "0"]);
    let sold = [(Side::Buy, 10, 3), (Side::Buy, 20, 1), (Side::Sell, 15, 1)];
    assert_eq!(trade(&sold), ["3", "37.5", "2.5"]);
}

#[test]
fn a_share_that_does_not_end_is_cut_toward_zero() {
    let bought = [(Side::Buy, 10, 2), (Side::Buy, 5, 1), (Side::Sell, 10, 1)];
    assert_eq!(trade(&bought), ["2", "16.666666666666666667", "1.666666666666666667"]);
    let shorted = [(Side::Sell, 10, 2), (Side::Sell, 5, 1), (Side::Buy, 10, 1)];
    assert_eq!(trade(&shorted), ["-2", "-16.666666666666666667", "-1.666666666666666667"]);
}

#[test]
fn a_fill_through_zero_closes_all_and_opens_the_rest() {
    let flipped = [(Side::Buy, 10, 2), (Side::Sell, 13, 5)];
    assert_eq!(trade(&flipped), ["-3", "-39", "6"]);
    let back = [(Side::Buy, 10, 2), (Side::Sell, 13, 5), (Side::Buy, 11, 3)];
    assert_eq!(trade(&back), ["0", "0", "12"]);
}

#[test]
fn texts_are_read_exactly_or_not_at_all() {
    assert_eq!(of_text("-0.050"), Some(whole(-1) / whole(20)));
    assert_eq!(of_text("7"), Some(whole(7)));
    for text in ["", ".", "-", "1e3", "1/2", "NaN", " 1", "1.2.3"] {
        assert_eq!(of_text(text), None, "{text:?}");
    }
    assert_eq!(shown(&(whole(1) / whole(3))), "1/3");
    assert_eq!(shown(&average(&whole(2), &whole(3))), "0.666666666666666666");
}

proptest! {
    #[test]
    fn the_exact_books_equal_the_accounts_of_the_recovery(
        fills in prop::collection::vec((any::<bool>(), 1_i64..1_000_000, 1_i64..5_000, 0_i64..1_000_000), 1..60),
    ) {
        let spec = support::spec(Market::Spot, "BTCUSDT", "0.01", "0.00001");
        let mut account = Account::empty("imbalance", &spec);
        let (mut holding, mut exact_cash) = (Holding::default(), whole(0));
        let mut cash = Money::ZERO;
        for (buys, price, quantity, fee) in fills {
            let side = if buys { Side::Buy } else { Side::Sell };
            let fill = fill(side, price, quantity, i128::from(fee));
            cash = account.book(&fill, &spec, cash).unwrap();
            let execution = Execution::of(&fill, &spec);
            holding.book(&execution);
            exact_cash += execution.cash();

            prop_assert_eq!(&holding.quantity, &of_decimal(account.quantity().unwrap()));
            prop_assert_eq!(&holding.cost, &of_money(account.cost_basis));
            prop_assert_eq!(&holding.realized, &of_money(account.realized_pnl));
            prop_assert_eq!(&holding.fees, &of_money(account.fees));
            prop_assert_eq!(&exact_cash, &of_money(cash));
            // Nothing is created or lost: cash and cost are profit less fees.
            prop_assert_eq!(&exact_cash + &holding.cost, &holding.realized - &holding.fees);
        }
    }

    #[test]
    fn an_amount_of_money_reads_back_from_its_text(atto in any::<i128>()) {
        let money = Money::from_atto(atto / 2);
        prop_assert_eq!(of_text(&money.to_string()), Some(of_money(money)));
        prop_assert_eq!(shown(&of_money(money)), money.to_string());
    }
}
