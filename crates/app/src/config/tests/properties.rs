//! Laws of the loader over arbitrary input.

use proptest::prelude::*;

use super::{Surroundings, load_text, load_with};
use crate::config::{Origins, settings::Setting, settle::environment_name, table::Table};

/// Every setting of the default strategy.
fn settings() -> Vec<&'static Setting> {
    Table::of(Some("imbalance")).settings().collect()
}

proptest! {
    #[test]
    fn no_text_makes_the_loader_panic(text in "(\\[[a-z.]{0,12}\\]|[a-z_.]{0,12} ?= ?[\"a-z0-9.\\[\\]{},+-]{0,12}|\\PC{0,20})(\n|\r\n)?") {
        let _ = load_text(&text).map_err(|errors| errors.to_string());
    }

    #[test]
    fn no_value_of_any_setting_makes_the_loader_panic(
        index in 0..settings().len(),
        value in "(-?[0-9]{1,30}(\\.[0-9]{1,30})?([eE]-?[0-9]{1,3})?|true|\"\\PC{0,10}\"|\\[.{0,10}\\])",
    ) {
        let path = settings()[index].path;
        let _ = load_text(&format!("{path} = {value}\n")).map_err(|errors| errors.to_string());
        let set = format!("{path}={value}");
        let _ = load_with("", &Surroundings { set: &[&set], ..Surroundings::default() });
    }

    #[test]
    fn a_value_means_the_same_in_a_file_a_variable_and_a_flag(
        index in 0..settings().len(),
        value in "(-?[0-9]{1,6}(\\.[0-9]{1,4})?|true|false)",
    ) {
        let path = settings()[index].path;
        let file = load_text(&format!("{path} = {value}\n"));
        let set = format!("{path}={value}");
        let flag = load_with("", &Surroundings { set: &[&set], ..Surroundings::default() });
        let name = environment_name(path);
        let pair = [(name.as_str(), value.as_str())];
        let variable = load_with("", &Surroundings { environment: &pair, ..Surroundings::default() });
        if let Ok(file) = file {
            prop_assert_eq!(&file.config, &flag.unwrap().config);
            prop_assert_eq!(&file.config, &variable.unwrap().config);
        } else {
            prop_assert_eq!(flag.is_ok(), variable.is_ok());
        }
    }

    #[test]
    fn exact_amounts_survive_showing_and_loading(whole in 1_u64..1_000_000_000_000, fraction in "[0-9]{1,16}") {
        let amount = format!("{whole}.{fraction}");
        let loaded = load_text(&format!("paper.starting_cash = {amount}\n")).unwrap();
        prop_assert_eq!(loaded.config.paper.starting_cash, amount.parse().unwrap());
        let again = load_text(&loaded.show(Origins::Shown)).unwrap();
        prop_assert_eq!(again.config, loaded.config);
    }
}
