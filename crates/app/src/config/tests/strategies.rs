//! Strategies and their parameters: what the catalogue declares is what a file may say.

use domain::{Qty, Span};
use strategies::{CATALOGUE, StrategyRow};

use super::{Surroundings, load_text, load_with, report};
use crate::config::{BarsRule, Margin, Origins, Sources, load, reference};

/// A file that chooses a kind, with as many symbols as it takes.
fn head(row: &StrategyRow) -> String {
    format!("[strategy]\nkind = \"{}\"\nsymbols = [\"ADAUSDT\", \"BTCUSDT\"]\n", row.name)
}

#[test]
fn every_strategy_takes_its_own_defaults_and_shows_them() {
    for &row in CATALOGUE {
        let loaded = load_text(&head(row)).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(loaded.config.strategy.params, row.defaults(), "{}", row.name);
        let shown = loaded.show(Origins::Shown);
        for parameter in row.parameters() {
            assert!(shown.contains(&format!("\n{} = ", parameter.name)), "{shown}");
        }
        assert_eq!(load_text(&shown).unwrap().config, loaded.config);
    }
}

#[test]
fn every_parameter_can_be_set_in_a_file_a_variable_and_a_flag() {
    for &row in CATALOGUE {
        for parameter in row.parameters() {
            let Some(text) = parameter.extremes().into_iter().find(|text| {
                let params = row.defaults().with(parameter.name, text).unwrap();
                params.contradiction().is_none() && !parameter.name.contains("position_size")
            }) else {
                continue;
            };
            let expected = row.defaults().with(parameter.name, &text).unwrap();
            let name = parameter.name;
            let set = format!("strategy.params.{name}={text}");
            let flag =
                load_with(&head(row), &Surroundings { set: &[&set], ..Surroundings::default() });
            let flag = flag.unwrap_or_else(|errors| panic!("{errors}")).config.strategy.params;
            let variable = format!("ALGOPIONEER__STRATEGY__PARAMS__{}", name.to_uppercase());
            let environment = [(variable.as_str(), text.as_str())];
            let around = Surroundings { environment: &environment, ..Surroundings::default() };
            let variable = load_with(&head(row), &around).unwrap().config.strategy.params;
            let quoted = text.parse::<f64>().map_or(format!("\"{text}\""), |_| text.clone());
            let quoted = if text == "true" || text == "false" { text.clone() } else { quoted };
            let file = format!("{}[strategy.params]\n{name} = {quoted}\n", head(row));
            let file = load_text(&file).unwrap_or_else(|errors| panic!("{errors}"));
            assert_eq!(flag, expected, "{name}");
            assert_eq!(variable, expected, "{name}");
            assert_eq!(file.config.strategy.params, expected, "{name}");
        }
    }
}

#[test]
fn a_kind_is_written_with_hyphens_or_underscores() {
    for kind in ["moving-average", "moving_average"] {
        let loaded = load_text(&format!("strategy.kind = \"{kind}\"\n")).unwrap();
        assert_eq!(loaded.config.strategy.kind, "moving_average");
        assert_eq!(loaded.config.strategy.params.whole("slow"), 20);
    }
}

#[test]
fn the_last_layer_decides_which_parameters_there_are() {
    let text = "[strategy.params]\nfast = 3\n";
    let set = ["strategy.kind=moving-average", "strategy.params.slow=9"];
    let around = Surroundings { set: &set, ..Surroundings::default() };
    let params = load_with(text, &around).unwrap().config.strategy.params;
    assert_eq!((params.whole("fast"), params.whole("slow")), (3, 9));
}

#[test]
fn a_parameter_of_another_kind_is_sent_there() {
    assert_eq!(
        report("[strategy.params]\nentry_z = 2\n"),
        "\
error: unknown key `entry_z`
 --> config/test.toml:2:1
  |
2 | entry_z = 2
  | ^^^^^^^ not a setting of [strategy.params]
  |
  = help: `entry_z` belongs to kind `dual_leg`, not `imbalance`"
    );
    let around = Surroundings { set: &["strategy.params.fast=3"], ..Surroundings::default() };
    let text = load_with("", &around).unwrap_err().to_string();
    assert!(
        text.ends_with("help: `fast` belongs to kind `moving_average`, not `imbalance`"),
        "{text}"
    );
}

#[test]
fn an_unknown_kind_is_one_mistake_and_not_many() {
    let text = "[strategy]\nkind = \"moving_avarage\"\n[strategy.params]\nfast = 3\nzebra = 1\n";
    let kinds: Vec<String> = CATALOGUE.iter().map(|row| format!("`{}`", row.name)).collect();
    let expected = format!("error: `strategy.kind` must be one of {}", kinds.join(", "));
    let place = "
 --> config/test.toml:2:8
  |
2 | kind = \"moving_avarage\"
  |        ^^^^^^^^^^^^^^^^ not one of them
  |
  = help: did you mean `moving_average`?";
    assert_eq!(report(text), expected + place);
}

#[test]
fn parameters_in_the_wrong_order_name_both_lines() {
    let text = "strategy.kind = \"moving_average\"\n[strategy.params]\nfast = 30\n";
    assert_eq!(
        report(text),
        "\
error: `strategy.params.fast` (30) must be below `strategy.params.slow` (20)
 --> config/test.toml:3:8
  |
3 | fast = 30
  |        ^^ 30 here
  |
 ::: default: 20 here"
    );
}

#[test]
fn a_fixed_size_follows_the_risk_limit_and_may_not_exceed_it() {
    let text = "strategy.kind = \"moving_average\"\nstrategy.risk_limits.max_position_size = 3\n";
    let params = load_text(text).unwrap().config.strategy.params;
    assert_eq!(params.quantity("max_position_size").to_string(), "3");
    let text = report(&format!("{text}strategy.params.max_position_size = 4\n"));
    assert!(text.contains("`strategy.params.max_position_size` (4) is larger than"), "{text}");
}

#[test]
fn two_legs_need_two_instruments() {
    let text = report("[strategy]\nkind = \"dual_leg\"\nsymbols = [\"BTCUSDT\"]\n");
    assert!(text.starts_with("error: kind `dual_leg` trades two instruments"), "{text}");
    assert!(text.contains("^ this makes 1"), "{text}");
}

#[test]
fn a_strategy_on_bars_needs_trades_and_one_on_quotes_needs_quotes() {
    let on = |on: &str, streams: &str| {
        format!(
            "strategy.kind = \"moving_average\"\nstrategy.params.on = \"{on}\"\n\
             venue.binance.streams = [{streams}]\n"
        )
    };
    let text = report(&on("bars", "\"depth\""));
    assert!(text.contains("decides on bars, which are built from trades"), "{text}");
    let text = report(&on("quotes", "\"depth\", \"trade\""));
    assert!(text.contains("help: add \"bookTicker\""), "{text}");
    assert!(load_text(&on("bars", "\"depth\", \"aggTrade\"")).is_ok());
    assert!(load_text(&on("quotes", "\"depth\", \"bookTicker\"")).is_ok());
}

#[test]
fn bars_end_by_time_trades_or_volume() {
    let rule =
        |text: &str| load_text(&format!("bars.rule = \"{text}\"\n")).unwrap().config.bars.rule;
    assert_eq!(rule("1m"), BarsRule::Time(Span::from_secs(60)));
    assert_eq!(rule("4h"), BarsRule::Time(Span::from_secs(4 * 3_600)));
    assert_eq!(rule("500 ticks"), BarsRule::Ticks(500));
    assert_eq!(rule("12.5 volume"), BarsRule::Volume("12.5".parse::<Qty>().unwrap()));
    for (text, label) in [
        ("1", "there is no unit"),
        ("1w", "`w` is no unit"),
        ("0m", "`0` must be a number above zero"),
        ("1.5m", "`1.5` must be a number above zero"),
        ("-1 volume", "`-1` must be a number above zero"),
        ("99999999999999d", "must be a number above zero that fits"),
    ] {
        let text = report(&format!("bars.rule = \"{text}\"\n"));
        assert!(text.contains("`bars.rule` takes text such as `1m`"), "{text}");
        assert!(text.contains(label), "{text}");
    }
}

#[test]
fn tiers_are_rows_of_exact_numbers() {
    let text = "[paper]\nfee_tiers = [\"1000000 : 1.6 : 4\", \"5000000:-0.5:3\"]\nmargin = \"cross\"\n\
                margin_tiers = [\"0:0.1:0.005\"]\n";
    let loaded = load_text(text).unwrap();
    let paper = &loaded.config.paper;
    assert_eq!(paper.margin, Margin::Cross);
    assert_eq!(paper.fee_tiers.len(), 2);
    assert_eq!(paper.fee_tiers[1].maker.decimal().to_string(), "-0.5");
    assert_eq!(paper.margin_tiers[0].initial.decimal().to_string(), "0.1");
    assert_eq!(load_text(&loaded.show(Origins::Hidden)).unwrap().config, loaded.config);
    for (tier, complaint) in [
        ("1:2", "has entries such as `volume:maker_bps:taker_bps`"),
        ("1:x:2", "takes a decimal as `maker_bps`"),
        ("1:2:9999", "has a `taker_bps` that must be from -100 to 1000"),
    ] {
        let text = report(&format!("paper.fee_tiers = [\"{tier}\"]\n"));
        assert!(text.contains(complaint), "{text}");
    }
}

#[test]
fn margin_to_stay_is_less_than_margin_to_open() {
    let text = "[paper]\nmargin = \"isolated\"\nleverage = 20\nmaintenance = 0.05\n";
    let text = report(text);
    assert!(
        text.contains("`paper.maintenance` must be less than one over `paper.leverage`"),
        "{text}"
    );
    assert!(load_text("[paper]\nleverage = 20\nmaintenance = 0.05\n").is_ok(), "nobody asks");
}

#[test]
fn the_reference_lists_every_parameter_of_every_kind() {
    let page = reference();
    for &row in CATALOGUE {
        let (_, section) = page.split_once(&format!("of kind `{}`", row.name)).unwrap();
        let section = section.split("\n## ").next().unwrap();
        for parameter in row.parameters() {
            assert!(section.contains(&format!("| `{}` |", parameter.name)), "{}", parameter.name);
        }
    }
}

#[test]
fn without_any_source_the_documented_strategy_is_chosen() {
    let loaded = load(&Sources::default()).unwrap();
    assert_eq!(loaded.config.strategy.kind, "imbalance");
}
