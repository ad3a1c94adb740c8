//! What `config show` and the reference page print.

use super::{Surroundings, load_text, load_with};
use crate::config::{Origins, reference};

#[test]
fn the_shown_configuration_loads_to_itself() {
    let text = "[strategy]\nsymbols = [\"spot:BTCUSDT\"]\n[strategy.persistence]\n\
                data_dir = 'C:\\data \"x\"'\n[[instruments]]\nmarket = \"spot\"\nsymbol = \"BTCUSDT\"\n\
                base = \"BTC\"\nquote = \"USDT\"\ntick_size = 0.01\nlot_size = 0.00001\n";
    let loaded = load_text(text).unwrap();
    for origins in [Origins::Hidden, Origins::Shown] {
        let again = load_text(&loaded.show(origins)).unwrap();
        assert_eq!(again.config, loaded.config);
        assert_eq!(again.sha256(), loaded.sha256());
    }
}

#[test]
fn every_value_is_shown_with_its_origin() {
    let around = Surroundings {
        environment: &[("ALGOPIONEER__PAPER__SEED", "7")],
        set: &["http.enabled=false"],
        ..Surroundings::default()
    };
    let shown = load_with("[paper]\nslippage_bps = 1.5\n", &around).unwrap().show(Origins::Shown);
    let line = |start: &str| {
        let found = shown.lines().find(|line| line.starts_with(start));
        found.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("slippage_bps"), "slippage_bps = 1.5 # file config/test.toml:2");
    assert_eq!(line("seed"), "seed = 7 # environment ALGOPIONEER__PAPER__SEED");
    assert_eq!(line("enabled"), "enabled = false # flag --set");
    assert_eq!(line("maker_fee_bps"), "maker_fee_bps = 2.0 # default");
    assert!(line("# streams: spot:").ends_with("# default"));
}

#[test]
fn the_hash_sees_values_and_nothing_else() {
    let plain = load_text("[paper]\nseed = 7\nstarting_cash = 5\n").unwrap();
    let around = Surroundings { set: &["paper.seed=7"], ..Surroundings::default() };
    let other = load_with("# note\npaper.starting_cash = \"5.00\"\n", &around).unwrap();
    assert_eq!(plain.sha256(), other.sha256());
    assert_ne!(
        plain.sha256(),
        load_text("[paper]\nseed = 8\nstarting_cash = 5\n").unwrap().sha256()
    );
}

#[test]
fn entries_list_what_is_set_in_the_order_of_the_reference() {
    let loaded = load_text("").unwrap();
    let names: Vec<&str> = loaded.entries().map(|(name, _, _)| name).collect();
    assert_eq!(names.first(), Some(&"strategy.strategy_id"));
    assert!(!names.contains(&"venue.binance.streams"), "an unset value has no entry");
    let (_, value, origin) =
        loaded.entries().find(|(name, _, _)| *name == "paper.starting_cash").unwrap();
    assert_eq!((value.as_str(), origin.to_string().as_str()), ("100000.0", "default"));
}

#[test]
fn the_reference_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let page = reference();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    assert!(stored == page, "docs/configuration.md is out of date: run with UPDATE_GOLDEN=1");
}
