//! Types, ranges and contradictions, setting by setting.

use domain::{Market, Money, Span};

use super::{load_text, report};
use crate::config::{
    MarketName, Stream,
    kind::{Kind, exact_decimal},
    settings::Preset,
    table::Table,
};

#[test]
fn decimals_keep_every_digit_that_was_written() {
    let text = "[strategy.risk_limits]\nmax_notional_exposure = 1234567890.000000000000000001\n";
    let exposure = load_text(text).unwrap().config.strategy.risk_limits.max_notional_exposure;
    assert_eq!(exposure, "1234567890.000000000000000001".parse::<Money>().unwrap());
}

#[test]
fn numbers_and_quoted_numbers_are_the_same() {
    let quoted = load_text("[paper]\nstarting_cash = \"100_000.10\"\n").unwrap();
    let bare = load_text("[paper]\nstarting_cash = 100_000.10\n").unwrap();
    assert_eq!(quoted.config, bare.config);
    assert_eq!(bare.config.paper.starting_cash.to_string(), "100000.1");
}

#[test]
fn exponents_are_read_exactly() {
    for (text, expected) in
        [("1e3", "1000"), ("1.5E-8", "0.000000015"), ("+2.5e1", "25"), ("1_0.5", "10.5")]
    {
        assert_eq!(exact_decimal(text).unwrap().normalize().to_string(), expected);
    }
    for text in ["", "e", "1e", "nan", "inf", "0x10", "1e99", "1e-99", "1.2.3", "--1"] {
        assert!(exact_decimal(text).is_err(), "{text}");
    }
}

#[test]
fn more_decimals_than_a_setting_can_hold_are_refused_not_rounded() {
    let text = report("[paper]\norder_latency_ms = 0.0000001\n");
    assert!(text.contains("`paper.order_latency_ms` has at most 6 decimals"), "{text}");
}

#[test]
fn more_digits_than_a_decimal_holds_are_refused_not_rounded() {
    let text = report("paper.starting_cash = 123456789012.000000000000000001\n");
    assert!(text.contains("^ more digits than can be kept exactly"), "{text}");
    assert!(report("paper.starting_cash = -inf\n").contains("^^^^ not a finite number"));
}

#[test]
fn latencies_are_exact_to_the_nanosecond_and_above_zero() {
    let paper = load_text("[paper]\norder_latency_ms = 0.250001\n").unwrap().config.paper;
    assert_eq!(paper.order_latency, Span::from_nanos(250_001));
    assert!(report("[paper]\nreport_latency_ms = 0\n").contains("must be above 0"));
}

#[test]
fn infinities_and_other_non_numbers_are_refused() {
    for value in ["inf", "nan", "true", "2024-01-01", "[1]", "{ a = 1 }", "\"many\""] {
        let text = report(&format!("[paper]\nstarting_cash = {value}\n"));
        assert!(text.contains("`paper.starting_cash` takes a decimal"), "{value}: {text}");
    }
}

#[test]
fn every_default_is_a_valid_value_and_every_word_is_understood() {
    for table in Table::all() {
        let kind = table.strategy.unwrap().name;
        let head = format!("strategy.kind = \"{kind}\"\nstrategy.symbols = [\"ADA\", \"BTC\"]\n");
        let with = |text: &str| load_text(&format!("{head}{text}"));
        let defaults = with("").unwrap();
        for setting in table.settings().filter(|one| one.path != "strategy.kind") {
            if matches!(setting.preset, Preset::Is(_) | Preset::Follows(_)) {
                assert!(defaults.origin(setting.path).is_some(), "{}", setting.path);
            }
            let (words, brackets) = match setting.kind {
                Kind::Choice(words) => (words, false),
                Kind::Choices(words) => (words, true),
                _ => continue,
            };
            for word in words {
                let value = if brackets { format!("[\"{word}\"]") } else { format!("\"{word}\"") };
                if let Err(errors) = with(&format!("{} = {value}\n", setting.path)) {
                    // Streams a strategy cannot do without are missing, but the word is known.
                    let text = errors.to_string();
                    let known = ["no strategy can trade without a book", "decides on bars"];
                    assert!(known.iter().any(|one| text.contains(one)), "{text}");
                }
            }
        }
    }
}

#[test]
fn a_market_may_be_one_word_or_a_list() {
    for (value, names) in [
        ("\"spot\"", vec!["spot:BTCUSDT"]),
        ("[\"spot\", \"usdm\"]", vec!["spot:BTCUSDT", "usdm:BTCUSDT"]),
    ] {
        let loaded = load_text(&format!("[venue.binance]\nmarket = {value}\n")).unwrap();
        let traded: Vec<String> = loaded.config.traded().iter().map(ToString::to_string).collect();
        assert_eq!(traded, names);
    }
}

#[test]
fn a_list_problem_is_underlined_at_its_element() {
    let text = report("[strategy]\nsymbols = [\"BTCUSDT\", \"sport:ETHUSDT\"]\n");
    assert!(
        text.contains(
            "|                       ^^^^^^^^^^^^^^^ `sport` is no market; did you mean `spot`?"
        ),
        "{text}"
    );
    let text = report("[strategy]\nsymbols = [\"btcusdt\"]\n");
    assert!(text.contains("symbols are written in upper case: `BTCUSDT`"), "{text}");
    let text = report("[venue.binance]\nmarket = [\"spot\", \"spot\"]\n");
    assert!(text.contains("this one is repeated"), "{text}");
}

#[test]
fn streams_follow_the_market_unless_they_are_chosen() {
    use Stream::{AggregateTrade, BookTicker, Depth, MarkPrice, Trade};
    let binance = load_text("").unwrap().config.venue.binance;
    assert_eq!(binance.streams(MarketName::Spot), [Depth, Trade, BookTicker]);
    assert_eq!(binance.streams(MarketName::Usdm), [Depth, AggregateTrade, BookTicker, MarkPrice]);
    let chosen = "[venue.binance]\nstreams = [\"depth\", \"markPrice\"]\n";
    let binance = load_text(chosen).unwrap().config.venue.binance;
    assert_eq!(binance.streams(MarketName::Spot), [Depth]);
    assert_eq!(binance.streams(MarketName::Usdm), [Depth, MarkPrice]);
}

#[test]
fn contradictions_are_errors() {
    for (text, expected) in [
        ("[strategy.risk_limits]\nmax_order_notional = 200000\n", "is larger than"),
        ("[venue.binance]\nstreams = [\"trade\"]\n", "without a book"),
        (
            "[venue.binance]\nstreams = [\"depth\", \"trade\", \"aggTrade\"]\n",
            "count every trade twice",
        ),
        ("[strategy]\nsymbols = []\n", "nothing to trade and nothing to observe"),
        ("[strategy]\nsymbols = [\"coinm:BTCUSD_PERP\"]\n", "market data only"),
        ("[strategy]\nsymbols = [\"BTCUSDT\", \"usdm:BTCUSDT\"]\n", "usdm:BTCUSDT is named twice"),
        ("[venue.binance]\nobserve_symbols = [\"BTCUSDT\"]\n", "usdm:BTCUSDT is named twice"),
    ] {
        assert!(report(text).contains(expected), "{}", report(text));
    }
}

#[test]
fn base_addresses_are_checked_and_lose_their_last_slash() {
    let text =
        "[venue.binance]\nspot_rest = \"http://127.0.0.1:8080/\"\nspot_ws = \"ws://[::1]:9/x/\"\n";
    let binance = load_text(text).unwrap().config.venue.binance;
    assert_eq!(binance.spot_rest, "http://127.0.0.1:8080");
    assert_eq!(binance.spot_ws, "ws://[::1]:9/x");
    for (value, expected) in [
        ("api.binance.com", "no scheme"),
        ("ws://api.binance.com", "the scheme is `ws`"),
        ("https://", "no host"),
        ("https://:443", "no host"),
        ("https://a:99999", "the port is not a number"),
        ("https://user@a", "a base URL has only"),
        ("https://a/b?c", "a base URL has only"),
    ] {
        let text = report(&format!("[venue.binance]\nspot_rest = \"{value}\"\n"));
        assert!(text.contains(expected), "{text}");
    }
}

const INSTRUMENT: &str = "[[instruments]]\nmarket = \"usdm\"\nsymbol = \"BTCUSDT\"\nbase = \"BTC\"\n\
                          quote = \"USDT\"\ntick_size = 0.10\nlot_size = \"0.001\"\n";

#[test]
fn an_instrument_states_exact_facts() {
    let config = load_text(&format!("{INSTRUMENT}min_notional = 100\n")).unwrap().config;
    let spec = &config.instruments[0];
    assert_eq!(spec.market, Market::LinearPerpetual);
    assert_eq!(spec.tick_size.to_string(), "0.1");
    assert_eq!(spec.lot_size.to_string(), "0.001");
    assert_eq!(spec.min_notional.to_string(), "100");
    assert_eq!(spec.min_quantity, domain::Qty::ZERO);
}

#[test]
fn instruments_may_stand_in_a_plain_list() {
    let text = "instruments = [{ market = \"spot\", symbol = \"SHIBUSDT\", base = \"SHIB\", \
                quote = \"USDT\", tick_size = 0.00000001, lot_size = 1 }]\n";
    let config = load_text(text).unwrap().config;
    assert_eq!(config.instruments[0].tick_size.to_string(), "0.00000001");
}

#[test]
fn an_incomplete_or_repeated_instrument_is_an_error() {
    let text = report(&INSTRUMENT.replace("lot_size", "lot_sise"));
    assert!(text.contains("an instrument needs `lot_size`"), "{text}");
    assert!(text.contains("did you mean `lot_size`?"), "{text}");
    let text = report(&format!("{INSTRUMENT}\n{INSTRUMENT}"));
    assert!(text.contains("the instrument BTCUSDT is listed twice"), "{text}");
    assert!(text.contains("::: config/test.toml:2:1"), "{text}");
    let text = report(&INSTRUMENT.replace("0.10", "0.0000000001").replace("0.001", "0.000000001"));
    assert!(text.contains("the instrument BTCUSDT cannot be counted exactly"), "{text}");
}

#[test]
fn an_unreadable_value_causes_no_second_complaint() {
    let text = report(
        "[strategy.risk_limits]\nmax_position_size = \"big\"\n[strategy.params]\nmax_position_size = 9\n",
    );
    assert!(!text.contains("is larger than"), "{text}");
    assert!(!text.contains("problems in the configuration"), "{text}");
}
