//! The page `docs/configuration.md`, written from the table of settings.

use std::fmt::Write as _;

use super::{
    settings::{INSTRUMENT_SETTINGS, Preset, SETTINGS, Setting},
    settle::environment_name,
    table::{PARAMS, Table},
};

const OPENING: &str = include_str!("reference_opening.md");

/// The setting that the strategies' parameters are listed behind.
const LAST_OF_STRATEGY: &str = "strategy.enable_ml";

/// The head of every table of settings.
const HEAD: &str = "| setting | value | default | meaning |\n| --- | --- | --- | --- |\n";

/// The whole page.
#[must_use]
pub fn reference() -> String {
    let mut page = OPENING.to_owned();
    let mut section = "";
    for setting in SETTINGS {
        if setting.split().0 != section {
            section = setting.split().0;
            heading(&mut page, &format!("`[{section}]`"));
        }
        row(&mut page, setting);
        if setting.path == LAST_OF_STRATEGY {
            strategies(&mut page);
        }
    }
    heading(&mut page, "`[[instruments]]`");
    for setting in INSTRUMENT_SETTINGS {
        row(&mut page, setting);
    }
    page.push_str("\n## Example of a variable\n\n");
    let name = environment_name("strategy.params.imbalance_threshold");
    let _ = writeln!(
        page,
        "```sh\n{name}=0.4 algopioneer config show config/replay.toml --origin\n```"
    );
    page
}

/// The parameters of each strategy.
fn strategies(page: &mut String) {
    for table in Table::all() {
        let Some(strategy) = table.strategy else { continue };
        let name = strategy.name;
        let _ = write!(page, "\n## `[{PARAMS}]` of kind `{name}`\n\nThe strategy that ");
        let _ = write!(page, "{}.\n\n{HEAD}", strategy.purpose);
        table.parameters().iter().for_each(|one| row(page, one));
    }
}

fn heading(page: &mut String, title: &str) {
    let _ = write!(page, "\n## {title}\n\n{HEAD}");
}

fn row(page: &mut String, setting: &Setting) {
    let default = match setting.preset {
        Preset::Is(text) => format!("`{text}`"),
        Preset::Follows(path) => format!("that of `{path}`"),
        Preset::Unset(meaning) => meaning.to_owned(),
        Preset::Required => "must be written".to_owned(),
    };
    let (name, kind) = (setting.split().1, setting.kind.describe());
    let purpose = setting.purpose.replace('|', "\\|");
    let _ = writeln!(page, "| `{name}` | {kind} | {default} | {purpose} |");
}
