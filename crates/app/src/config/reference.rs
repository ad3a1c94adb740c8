//! The page `docs/configuration.md`, written from the table of settings.

use std::fmt::Write as _;

use super::{
    settings::{INSTRUMENT_SETTINGS, Preset, SETTINGS, Setting},
    settle::environment_name,
};

const OPENING: &str = include_str!("reference_opening.md");

/// The whole page.
#[must_use]
pub fn reference() -> String {
    let mut page = OPENING.to_owned();
    let mut section = "";
    for setting in SETTINGS {
        if setting.split().0 != section {
            section = setting.split().0;
            heading(&mut page, &format!("[{section}]"));
        }
        row(&mut page, setting);
    }
    heading(&mut page, "[[instruments]]");
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

fn heading(page: &mut String, title: &str) {
    let _ = write!(
        page,
        "\n## `{title}`\n\n| setting | value | default | meaning |\n| --- | --- | --- | --- |\n"
    );
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
