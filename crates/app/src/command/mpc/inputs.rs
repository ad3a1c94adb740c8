//! Private inputs from text to the numbers that a function takes.

use std::path::Path;

use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use super::Failure;
use crate::cli::InputArgs;

/// What stands for "no ask": the highest price there is.
const NO_ASK: i128 = (1 << 40) - 1;

/// The numbers for a function, in its order.
pub(super) fn numbers(function: &str, inputs: &InputArgs) -> Result<Vec<i128>, Failure> {
    only_what_it_takes(function, inputs)?;
    match function {
        "auction" => schedule(inputs.schedule.as_deref()),
        "match_midpoint" => orders(&inputs.orders, false),
        "match_size" => orders(&inputs.orders, true),
        "vwap_floor" => trades(&inputs.trades),
        "crossed_market" => quote(inputs.bid.as_deref(), inputs.ask.as_deref()),
        "cycles" => Ok(inputs.costs.iter().map(|cost| i128::from(*cost)).collect()),
        "median" | "quantile" | "trimmed_mean" => price(inputs.price.as_deref()),
        "weighted_median" => match &inputs.price {
            Some(text) => price_and_size("--price", text).map(|(price, size)| vec![price, size]),
            None => Err(mistake("--price PRICE,SIZE is missing")),
        },
        "inverse_volatility" => forecast(inputs.forecast.as_deref(), 0),
        "pooled_portfolio" | "sealed_portfolio" => forecast(inputs.forecast.as_deref(), 24),
        other => Err(mistake(&format!("this program knows no inputs for `{other}`"))),
    }
}

fn mistake(text: &str) -> Failure {
    Failure::Usage(format!("error: {text}"))
}

/// An input that would be ignored is a mistake.
fn only_what_it_takes(function: &str, inputs: &InputArgs) -> Result<(), Failure> {
    let given: [(_, &[&str], _); 8] = [
        ("--order", &["match_midpoint", "match_size"], !inputs.orders.is_empty()),
        ("--trade", &["vwap_floor"], !inputs.trades.is_empty()),
        ("--bid", &["crossed_market"], inputs.bid.is_some()),
        ("--ask", &["crossed_market"], inputs.ask.is_some()),
        ("--cost", &["cycles"], !inputs.costs.is_empty()),
        (
            "--price",
            &["median", "quantile", "trimmed_mean", "weighted_median"],
            inputs.price.is_some(),
        ),
        ("--schedule", &["auction"], inputs.schedule.is_some()),
        (
            "--forecast",
            &["inverse_volatility", "pooled_portfolio", "sealed_portfolio"],
            inputs.forecast.is_some(),
        ),
    ];
    match given.iter().find(|(_, of, is_given)| *is_given && !of.contains(&function)) {
        Some((flag, of, _)) => Err(mistake(&format!(
            "{flag} is an input of `{}`; the session computes `{function}`",
            of.join("`, `")
        ))),
        None => Ok(()),
    }
}

/// Sides and sizes; with `least` also the least size that each order accepts.
fn orders(orders: &[String], least: bool) -> Result<Vec<i128>, Failure> {
    let mut numbers = Vec::with_capacity(3 * orders.len());
    for order in orders {
        let expected = if least {
            "a side, a size and the least: `buy,100,25`"
        } else {
            "a side and a size: `buy,100`"
        };
        let bad = || mistake(&format!("--order {order}: expected {expected}"));
        let mut parts = order.split(',');
        let buys = match parts.next().map(str::trim) {
            Some("buy") => 1,
            Some("sell") => 0,
            _ => return Err(bad()),
        };
        numbers.extend([buys, parts.next().and_then(whole).ok_or_else(bad)?]);
        match (least, parts.next()) {
            (true, Some(text)) => numbers.push(whole(text).ok_or_else(bad)?),
            (true, None) => numbers.push(0),
            (false, Some(_)) => return Err(bad()),
            (false, None) => {}
        }
        if parts.next().is_some() {
            return Err(bad());
        }
    }
    Ok(numbers)
}

fn price(price: Option<&str>) -> Result<Vec<i128>, Failure> {
    let text = price.ok_or_else(|| mistake("--price PRICE is missing"))?;
    let number: Option<i64> = text.trim().parse().ok();
    let fits = number.filter(|number| (-(1 << 47)..1 << 47).contains(number));
    match fits {
        Some(number) => Ok(vec![i128::from(number)]),
        None => Err(mistake(&format!("--price {text}: expected a whole number of ticks: `201`"))),
    }
}

/// Lines that say something, with their numbers. What follows `#` is a remark.
fn lines(flag: &str, file: Option<&Path>) -> Result<Vec<(usize, String)>, Failure> {
    let file = file.ok_or_else(|| mistake(&format!("{flag} FILE is missing")))?;
    let text = std::fs::read_to_string(file)
        .map_err(|error| mistake(&format!("{flag} {}: {error}", file.display())))?;
    let bare = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    let lines = text.lines().enumerate().map(|(place, line)| (place + 1, bare(line)));
    Ok(lines.filter(|(_, line)| !line.is_empty()).collect())
}

/// The sizes to buy at each price, then the sizes to sell.
fn schedule(file: Option<&Path>) -> Result<Vec<i128>, Failure> {
    let (mut buys, mut sells) = (Vec::new(), Vec::new());
    for (number, line) in lines("--schedule", file)? {
        let sizes = line.split_once(',').and_then(|(buy, sell)| Some((whole(buy)?, whole(sell)?)));
        let Some((buy, sell)) = sizes else {
            return Err(mistake(&format!(
                "--schedule, line {number}: `{line}` is not a size to buy and a size to sell: `40,0`"
            )));
        };
        buys.push(buy);
        sells.push(sell);
    }
    Ok(buys.into_iter().chain(sells).collect())
}

/// All numbers of a file, times two to this power, rounded to the nearest, ties to even.
fn forecast(file: Option<&Path>, power: u32) -> Result<Vec<i128>, Failure> {
    let scale = Decimal::from(1_u64 << power);
    let mut numbers = Vec::new();
    for (line_number, line) in lines("--forecast", file)? {
        for word in line.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let scaled = Decimal::from_str_exact(word).ok().and_then(|one| one.checked_mul(scale));
            let Some(number) = scaled.and_then(|one| one.round().to_i128()) else {
                return Err(mistake(&format!(
                    "--forecast, line {line_number}: `{word}` is not a decimal number that fits"
                )));
            };
            numbers.push(number);
        }
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
    fn prices_and_files_become_numbers() {
        let price = InputArgs { price: Some("-5".to_owned()), ..InputArgs::default() };
        assert_eq!(numbers("median", &price).unwrap(), [-5]);
        let sized = InputArgs { price: Some("201,10".to_owned()), ..InputArgs::default() };
        assert_eq!(numbers("weighted_median", &sized).unwrap(), [201, 10]);
        let least = InputArgs { orders: text(&["buy,8,2", "sell,5"]), ..InputArgs::default() };
        assert_eq!(numbers("match_size", &least).unwrap(), [1, 8, 2, 0, 5, 0]);

        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("numbers");
        let schedule = InputArgs { schedule: Some(file.clone()), ..InputArgs::default() };
        std::fs::write(&file, "# buy, sell\n40,0\n30, 10\n\n0,25 # dear\n").unwrap();
        assert_eq!(numbers("auction", &schedule).unwrap(), [40, 30, 0, 0, 10, 25]);
        let inputs = InputArgs { forecast: Some(file.clone()), ..InputArgs::default() };
        std::fs::write(&file, "0.5\n-0.25, 0.00000003\n").unwrap();
        let expected = [1 << 23, -(1 << 22), 1];
        assert_eq!(numbers("pooled_portfolio", &inputs).unwrap(), expected);
        std::fs::write(&file, "0.5\nNaN\n").unwrap();
        let failure = numbers("sealed_portfolio", &inputs).unwrap_err().to_string();
        assert!(failure.contains("line 2") && failure.contains("NaN"), "{failure}");
        std::fs::write(&file, "1,2\n3\n").unwrap();
        let failure = numbers("auction", &schedule).unwrap_err().to_string();
        assert!(failure.contains("line 2"), "{failure}");
        let missing = numbers("auction", &InputArgs::default()).unwrap_err().to_string();
        assert!(missing.contains("--schedule FILE is missing"), "{missing}");
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
