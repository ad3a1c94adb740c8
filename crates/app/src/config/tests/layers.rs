//! Which source wins, and what each value remembers of it.

use super::{FILE, Surroundings, load_text, load_with};
use crate::config::{Environment, Origin, Override, Sources, load};

const THRESHOLD: &str = "strategy.params.imbalance_threshold";
const THRESHOLD_VARIABLE: &str = "ALGOPIONEER__STRATEGY__PARAMS__IMBALANCE_THRESHOLD";
const FILE_TEXT: &str = "[strategy.params]\nimbalance_threshold = 0.2\n";

fn threshold(text: &str, around: &Surroundings<'_>) -> (f64, Origin) {
    let loaded = load_with(text, around).unwrap();
    let origin = loaded.origin(THRESHOLD).unwrap();
    (loaded.config.strategy.params.real("imbalance_threshold"), origin)
}

#[test]
fn a_default_holds_when_nobody_sets_a_value() {
    assert_eq!(threshold("", &Surroundings::default()), (0.3, Origin::Default));
}

#[test]
fn the_file_wins_over_the_default_and_remembers_its_line() {
    let origin = Origin::File { path: FILE.into(), line: 2 };
    assert_eq!(threshold(FILE_TEXT, &Surroundings::default()), (0.2, origin));
}

#[test]
fn the_dot_env_file_wins_over_the_configuration_file() {
    let dot_env = format!("# mine\n\n{THRESHOLD_VARIABLE}=0.25\n");
    let around = Surroundings { dot_env: Some(&dot_env), ..Surroundings::default() };
    let origin = Origin::DotEnv { path: ".env".into(), line: 3, name: THRESHOLD_VARIABLE.into() };
    assert_eq!(threshold(FILE_TEXT, &around), (0.25, origin));
}

#[test]
fn a_variable_of_the_process_wins_over_the_dot_env_file() {
    let dot_env = format!("{THRESHOLD_VARIABLE}=0.25");
    let around = Surroundings {
        dot_env: Some(&dot_env),
        environment: &[(THRESHOLD_VARIABLE, "0.4")],
        ..Surroundings::default()
    };
    let origin = Origin::Environment(THRESHOLD_VARIABLE.into());
    assert_eq!(threshold(FILE_TEXT, &around), (0.4, origin));
}

#[test]
fn a_flag_wins_over_everything_and_the_last_one_wins() {
    let around = Surroundings {
        environment: &[(THRESHOLD_VARIABLE, "0.4")],
        set: &[
            "strategy.params.imbalance_threshold=0.5",
            "strategy.params.imbalance_threshold=0.6",
        ],
        ..Surroundings::default()
    };
    assert_eq!(threshold(FILE_TEXT, &around), (0.6, Origin::Flag("--set".into())));
}

#[test]
fn a_dedicated_flag_is_remembered_by_its_own_name() {
    let overrides = vec![Override::new("--seed", "paper.seed", "7")];
    let sources = Sources::without_file(Environment::default(), overrides);
    let loaded = load(&sources).unwrap();
    assert_eq!(loaded.config.paper.seed, 7);
    assert_eq!(loaded.origin("paper.seed").unwrap().to_string(), "flag --seed");
}

#[test]
fn the_strategy_follows_the_risk_limit_until_it_asks_for_less() {
    let limit = "[strategy.risk_limits]\nmax_position_size = 3\n";
    let loaded = load_text(limit).unwrap();
    let strategy = &loaded.config.strategy;
    assert_eq!(
        strategy.params.quantity("max_position_size"),
        strategy.risk_limits.max_position_size
    );
    let origin = loaded.origin("strategy.params.max_position_size").unwrap();
    assert_eq!(origin.to_string(), "default, follows strategy.risk_limits.max_position_size");

    let both = format!("{limit}[strategy.params]\nmax_position_size = 2\n");
    let strategy = load_text(&both).unwrap().config.strategy;
    assert_eq!(strategy.params.quantity("max_position_size").to_string(), "2");
    assert_eq!(strategy.risk_limits.max_position_size.to_string(), "3");
}

#[test]
fn lists_in_variables_are_written_with_commas_or_as_in_the_file() {
    for value in
        ["BTCUSDT,spot:ETHUSDT", " BTCUSDT , spot:ETHUSDT ", r#"["BTCUSDT", "spot:ETHUSDT"]"#]
    {
        let around = Surroundings {
            environment: &[("ALGOPIONEER__STRATEGY__SYMBOLS", value)],
            ..Surroundings::default()
        };
        let traded = load_with("", &around).unwrap().config.traded();
        let names: Vec<String> = traded.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["usdm:BTCUSDT", "spot:ETHUSDT"], "{value}");
    }
}

#[test]
fn variables_without_the_prefix_are_left_alone() {
    let around = Surroundings {
        environment: &[("ALGOPIONEER_DATA", "somewhere"), ("PATH", "/bin")],
        ..Surroundings::default()
    };
    assert_eq!(load_with("", &around).unwrap(), load_text("").unwrap());
}

#[test]
fn the_dot_env_file_understands_comments_export_and_quotes() {
    let text = "export A = one # note\nB=\"two # kept\" # gone\nC='three'\n# D=4\nE=\nF=a=b\n";
    let environment = Environment::layered(Some((".env".into(), text.into())), []).unwrap();
    assert_eq!(environment.get("A"), Some("one"));
    assert_eq!(environment.get("B"), Some("two # kept"));
    assert_eq!(environment.get("C"), Some("three"));
    assert_eq!(environment.get("D"), None);
    assert_eq!(environment.get("E"), Some(""));
    assert_eq!(environment.get("F"), Some("a=b"));
}

#[test]
fn a_broken_dot_env_line_is_named_but_never_shown() {
    let text = "A=1\nmy secret\nB=\"open\n";
    let error = Environment::layered(Some((".env".into(), text.into())), []).unwrap_err();
    assert_eq!(
        error.to_string(),
        "error: .env:2 is not NAME=VALUE: there is no `=`\n\n\
         error: .env:3 is not NAME=VALUE: the quote is never closed\n\n\
         error: 2 problems in the configuration"
    );
}

#[test]
fn files_on_disk_load_and_missing_ones_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, FILE_TEXT).unwrap();
    let sources = Sources::with_file(&path, Environment::default(), Vec::new()).unwrap();
    let origin = load(&sources).unwrap().origin(THRESHOLD).unwrap();
    assert_eq!(origin, Origin::File { path: path.display().to_string(), line: 2 });

    let missing = folder.path().join("absent.toml");
    let error = Sources::with_file(&missing, Environment::default(), Vec::new()).unwrap_err();
    assert!(error.to_string().starts_with(&format!("error: cannot read {}", missing.display())));
}
