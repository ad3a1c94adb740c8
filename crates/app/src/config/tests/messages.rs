//! The reports, word for word: they are part of what a user gets.

use super::{Surroundings, load_with, report};
use crate::config::Override;

#[test]
fn an_unknown_key_is_underlined_and_the_nearest_name_offered() {
    let text = "[strategy]\nstrategy_id = \"x\"\n\n[strategy.params]\nimbalance_treshold = 0.3\n";
    assert_eq!(
        report(text),
        "\
error: unknown key `imbalance_treshold`
 --> config/test.toml:5:1
  |
5 | imbalance_treshold = 0.3
  | ^^^^^^^^^^^^^^^^^^ not a setting of [strategy.params]
  |
  = help: did you mean `imbalance_threshold`?"
    );
}

#[test]
fn a_wrong_type_says_what_was_expected_and_found() {
    assert_eq!(
        report("[strategy.risk_limits]\n  max_orders_per_second = \"ten\"   # lots\n"),
        "\
error: `strategy.risk_limits.max_orders_per_second` takes a whole number from 1 to 100000
 --> config/test.toml:2:27
  |
2 |   max_orders_per_second = \"ten\"   # lots
  |                           ^^^^^ this is text
  |"
    );
}

#[test]
fn a_value_out_of_range_shows_the_range() {
    assert_eq!(
        report("strategy.params.imbalance_threshold = 1.5\n"),
        "\
error: `strategy.params.imbalance_threshold` must be above 0 and below 1
 --> config/test.toml:1:39
  |
1 | strategy.params.imbalance_threshold = 1.5
  |                                       ^^^ 1.5 is out of range
  |"
    );
}

#[test]
fn a_wrong_word_shows_the_choices_and_the_nearest_one() {
    assert_eq!(
        report("[paper]\nfill_model = \"tuch\"\n"),
        "\
error: `paper.fill_model` must be one of `queue`, `touch`, `through`
 --> config/test.toml:2:14
  |
2 | fill_model = \"tuch\"
  |              ^^^^^^ not one of them
  |
  = help: did you mean `touch`?"
    );
}

#[test]
fn a_contradiction_names_both_lines() {
    let text = "[strategy.params]\nmax_position_size = 2.0\n\n\n\n\n\n\n\
                [strategy.risk_limits]\nmax_position_size = 1.0\n";
    assert_eq!(
        report(text),
        "\
error: `strategy.params.max_position_size` (2) is larger than `strategy.risk_limits.max_position_size` (1)
  --> config/test.toml:2:21
   |
 2 | max_position_size = 2.0
   |                     ^^^ asks for 2
   |
  ::: config/test.toml:10:21
   |
10 | max_position_size = 1.0
   |                     --- but the limit is 1
   |
   = help: the risk limit is the hard one: lower the strategy's wish or raise the limit"
    );
}

#[test]
fn a_contradiction_with_a_default_says_so() {
    assert_eq!(
        report("[strategy.params]\nmax_position_size = 2.0\n"),
        "\
error: `strategy.params.max_position_size` (2) is larger than `strategy.risk_limits.max_position_size` (1)
 --> config/test.toml:2:21
  |
2 | max_position_size = 2.0
  |                     ^^^ asks for 2
  |
 ::: default: but the limit is 1
  = help: the risk limit is the hard one: lower the strategy's wish or raise the limit"
    );
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
    let text = "[strategie]\nx = 1\n[http]\nlisten = \"localhost\"\n[shutdown]\nopen_orders = 3\n";
    assert_eq!(
        report(text),
        "\
error: unknown key `strategie`
 --> config/test.toml:1:2
  |
1 | [strategie]
  |  ^^^^^^^^^ no such section
  |
  = help: did you mean `strategy`?

error: `http.listen` takes an IP address and port, such as `127.0.0.1:9464`
 --> config/test.toml:4:10
  |
4 | listen = \"localhost\"
  |          ^^^^^^^^^^^ not an address
  |

error: `shutdown.open_orders` takes one of `cancel`, `leave`
 --> config/test.toml:6:15
  |
6 | open_orders = 3
  |               ^ this is a number
  |

error: 3 problems in the configuration"
    );
}

#[test]
fn a_wrong_variable_is_named_and_shown() {
    let around = Surroundings {
        environment: &[("ALGOPIONEER__STRATEGY__PARAMS__MIN_CONFIDENCE", "high")],
        ..Surroundings::default()
    };
    assert_eq!(
        load_with("", &around).unwrap_err().to_string(),
        "\
error: `strategy.params.min_confidence` takes a number from 0 to 1
 --> environment ALGOPIONEER__STRATEGY__PARAMS__MIN_CONFIDENCE
  |
  | high
  | ^^^^ this is text
  |"
    );
}

#[test]
fn an_unknown_variable_gets_the_nearest_variable() {
    let around = Surroundings {
        environment: &[("ALGOPIONEER__STRATEGY__PARAMS__MIN_CONFIDENSE", "0.5")],
        ..Surroundings::default()
    };
    let text = load_with("", &around).unwrap_err().to_string();
    assert!(text.starts_with("error: unknown setting `strategy.params.min_confidense`"), "{text}");
    assert!(
        text.ends_with("= help: did you mean ALGOPIONEER__STRATEGY__PARAMS__MIN_CONFIDENCE?"),
        "{text}"
    );
}

#[test]
fn a_wrong_flag_is_shown_as_it_was_typed() {
    let around = Surroundings { set: &["paper.seed=-1"], ..Surroundings::default() };
    assert_eq!(
        load_with("", &around).unwrap_err().to_string(),
        "\
error: `paper.seed` must be from 0 to 9223372036854775807
 --> flag --set
  |
  | paper.seed=-1
  |            ^^ -1 is out of range
  |"
    );
}

#[test]
fn a_flag_without_a_value_is_refused() {
    let text = Override::parse_set("paper.seed").unwrap_err().to_string();
    assert!(text.contains("`--set` takes NAME=VALUE"), "{text}");
    assert!(text.contains("  | ^^^^^^^^^^ there is no `=`"), "{text}");
}

#[test]
fn broken_toml_points_at_the_break() {
    let text = report("[strategy]\nstrategy_id = \n");
    assert!(text.starts_with("error: this is not TOML\n --> config/test.toml:2:"), "{text}");
    assert!(text.contains("2 | strategy_id = "), "{text}");
}

#[test]
fn a_setting_in_the_wrong_section_is_sent_to_its_own() {
    let text = report("[strategy.params]\nmax_order_size = 0.1\n");
    assert!(text.ends_with("= help: `max_order_size` belongs to [strategy.risk_limits]"), "{text}");
}

#[test]
fn a_key_like_no_other_lists_what_is_known() {
    let text = report("[shutdown]\nzebra = 1\n");
    assert!(text.ends_with("= help: known here: open_orders"), "{text}");
}

#[test]
fn a_value_in_the_place_of_a_section_is_explained() {
    let text = report("[strategy]\nparams = 3\n");
    assert!(text.contains("`strategy.params` is a section, not a value"), "{text}");
}

#[test]
fn a_section_in_the_place_of_a_value_is_explained() {
    let text = report("[paper.seed]\nx = 1\n");
    assert!(text.contains("this is a section"), "{text}");
}

#[test]
fn what_this_release_cannot_do_is_said_plainly() {
    let text = report("[strategy]\npaper_trading = false\nenable_ml = true\n");
    assert!(text.contains("error: live trading is not part of this release"), "{text}");
    assert!(text.contains("2 | paper_trading = false"), "{text}");
    assert!(text.contains("error: models are not part of this release"), "{text}");
    assert!(text.contains("3 | enable_ml = true"), "{text}");
}

#[test]
fn tabs_and_wide_letters_keep_the_mark_in_place() {
    let text = report("[strategy]\n\tstrategy_id = \"zwölf ü\"\n");
    assert!(
        text.contains("2 |  strategy_id = \"zwölf ü\"\n  |                ^^^^^^^^^"),
        "{text}"
    );
}

#[test]
fn windows_line_ends_do_not_disturb_the_report() {
    let text = report("[paper]\r\nseed = true\r\n");
    assert!(text.contains("2 | seed = true\n  |        ^^^^ this is true or false"), "{text}");
}
