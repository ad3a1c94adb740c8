//! The effective configuration as a file that loads to the same configuration.

use std::fmt::Write as _;

use super::{
    kind::{Kind, Value},
    origin::Origin,
    settings::{INSTRUMENT_SETTINGS, Preset, Setting},
    settle::{Held, Settled, Values},
};

/// Whether `show` says where each value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Values only.
    Hidden,
    /// A comment behind every value.
    Shown,
}

const COMMENT_COLUMN: usize = 44;

/// Renders every setting in the order of the table.
pub(super) fn render(settled: &Settled, origins: Origins) -> String {
    let mut text = String::new();
    let mut section = "";
    for setting in settled.table().settings() {
        if setting.split().0 != section {
            section = setting.split().0;
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}[{section}]");
        }
        line(&mut text, setting, &settled.values, origins);
    }
    for table in &settled.instruments {
        text.push_str("\n[[instruments]]\n");
        for setting in INSTRUMENT_SETTINGS {
            line(&mut text, setting, &table.values, origins);
        }
    }
    text
}

fn line(text: &mut String, setting: &Setting, values: &Values, origins: Origins) {
    let name = setting.split().1;
    let (mut line, origin) = match values.get(setting.path) {
        Some(held) => (format!("{name} = {}", held.literal(setting.kind)), held.location.origin()),
        None => match setting.preset {
            Preset::Unset(meaning) => (format!("# {name}: {meaning}"), Origin::Default),
            _ => return,
        },
    };
    if origins == Origins::Shown {
        line = format!("{line:<COMMENT_COLUMN$} # {origin}");
    }
    text.push_str(&line);
    text.push('\n');
}

impl Held {
    /// The value as TOML.
    pub(super) fn literal(&self, kind: Kind) -> String {
        match &self.value {
            Value::Flag(flag) => flag.to_string(),
            Value::Whole(number) => number.to_string(),
            Value::Number(number) | Value::Real(number) => {
                let text = number.to_string();
                if text.contains('.') { text } else { format!("{text}.0") }
            }
            Value::Text(text) if matches!(kind, Kind::Path) => {
                toml_edit::Value::from(text).to_string()
            }
            Value::Text(text) => format!("\"{text}\""),
            Value::List(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                format!("[{}]", words.join(", "))
            }
        }
    }
}
