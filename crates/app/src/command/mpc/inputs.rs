//! Private inputs from text to the numbers that a function takes.

use super::Failure;
use crate::cli::InputArgs;

/// What stands for "no ask": the highest price there is.
const NO_ASK: i128 = (1 << 40) - 1;

/// The numbers for a function, in its order.
pub(super) fn numbers(function: &str, inputs: &InputArgs) -> Result<Vec<i128>, Failure> {
    only_what_it_takes(function, inputs)?;
    match function {
        "match_midpoint" => orders(&inputs.orders),
        "vwap_floor" => trades(&inputs.trades),
        "crossed_market" => quote(inputs.bid.as_deref(), inputs.ask.as_deref()),
        "cycles" => Ok(inputs.costs.iter().map(|cost| i128::from(*cost)).collect()),
        other => Err(mistake(&format!("this program knows no inputs for `{other}`"))),
    }
}

fn mistake(text: &str) -> Failure {
    Failure::Usage(format!("error: {text}"))
}

/// An input that would be ignored is a mistake.
fn only_what_it_takes(function: &str, inputs: &InputArgs) -> Result<(), Failure> {
    let given = [
        ("--order", "match_midpoint", !inputs.orders.is_empty()),
        ("--trade", "vwap_floor", !inputs.trades.is_empty()),
        ("--bid", "crossed_market", inputs.bid.is_some()),
        ("--ask", "crossed_market", inputs.ask.is_some()),
        ("--cost", "cycles", !inputs.costs.is_empty()),
    ];
    match given.iter().find(|(_, of, is_given)| *is_given && *of != function) {
        Some((flag, of, _)) => Err(mistake(&format!(
            "{flag} is an input of `{of}`; the session computes `{function}`"
        ))),
        None => Ok(()),
    }
}

fn orders(orders: &[String]) -> Result<Vec<i128>, Failure> {
    let mut numbers = Vec::with_capacity(2 * orders.len());
    for order in orders {
        let bad = || mistake(&format!("--order {order}: expected a side and a size: `buy,100`"));
        let (side, amount) = order.split_once(',').ok_or_else(bad)?;
        let buys = match side.trim() {
            "buy" => 1,
            "sell" => 0,
            _ => return Err(bad()),
        };
        numbers.extend([buys, whole(amount).ok_or_else(bad)?]);
    }
    Ok(numbers)
}

/// Notional and size of all trades together.
fn trades(trades: &[String]) -> Result<Vec<i128>, Failure> {
    let mut sums = [0_i128; 2];
    for trade in trades {
        let (price, size) = price_and_size("--trade", trade)?;
        sums[0] += price * size;
        sums[1] += size;
    }
    Ok(sums.to_vec())
}

fn quote(bid: Option<&str>, ask: Option<&str>) -> Result<Vec<i128>, Failure> {
    let side = |flag, text: Option<&str>, none| match text {
        Some(text) => price_and_size(flag, text),
        None => Ok((none, 0)),
    };
    let (bid, bid_size) = side("--bid", bid, 0)?;
    let (ask, ask_size) = side("--ask", ask, NO_ASK)?;
    Ok(vec![bid, ask, bid_size, ask_size])
}

fn price_and_size(flag: &str, text: &str) -> Result<(i128, i128), Failure> {
    let numbers =
        text.split_once(',').and_then(|(price, size)| Some((whole(price)?, whole(size)?)));
    numbers.ok_or_else(|| {
        mistake(&format!("{flag} {text}: expected a price in ticks and a size in lots: `201,10`"))
    })
}

/// A number that the functions take: below 2^40, so products of two are far from any limit.
fn whole(text: &str) -> Option<i128> {
    text.trim().parse::<u64>().ok().filter(|number| *number < 1 << 40).map(i128::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(list: &[&str]) -> Vec<String> {
        list.iter().map(|one| (*one).to_owned()).collect()
    }

    #[test]
    fn each_function_gets_its_numbers() {
        let orders = InputArgs { orders: text(&["buy,100", "sell, 5"]), ..InputArgs::default() };
        assert_eq!(numbers("match_midpoint", &orders).unwrap(), [1, 100, 0, 5]);
        let trades = InputArgs { trades: text(&["200,3", "210,2"]), ..InputArgs::default() };
        assert_eq!(numbers("vwap_floor", &trades).unwrap(), [1_020, 5]);
        assert_eq!(numbers("vwap_floor", &InputArgs::default()).unwrap(), [0, 0]);
        let bid = InputArgs { bid: Some("99,7".to_owned()), ..InputArgs::default() };
        assert_eq!(numbers("crossed_market", &bid).unwrap(), [99, NO_ASK, 7, 0]);
        let costs = InputArgs { costs: vec![-3, 4], ..InputArgs::default() };
        assert_eq!(numbers("cycles", &costs).unwrap(), [-3, 4]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for bad in ["hold,3", "buy", "buy,-1", "buy,1.5", "buy,1099511627776"] {
            let inputs = InputArgs { orders: text(&[bad]), ..InputArgs::default() };
            let failure = numbers("match_midpoint", &inputs).unwrap_err();
            assert_eq!(failure.exit_code(), 2);
            assert!(failure.to_string().contains(bad), "{failure}");
        }
    }

    #[test]
    fn an_input_of_another_function_is_refused() {
        let inputs = InputArgs { orders: text(&["buy,1"]), ..InputArgs::default() };
        let text = numbers("vwap_floor", &inputs).unwrap_err().to_string();
        assert!(text.contains("--order") && text.contains("`vwap_floor`"), "{text}");
    }
}
