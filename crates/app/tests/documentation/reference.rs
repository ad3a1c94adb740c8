//! The page `docs/commands.md`, written from the command line's own description.

use std::fmt::Write as _;

use algopioneer::cli::Cli;
use clap::{Arg, Command, CommandFactory};

const OPENING: &str = include_str!("opening.md");

/// The whole page.
pub(crate) fn page() -> String {
    let mut root = Cli::command();
    root.build();
    let mut page = OPENING.to_owned();
    let everywhere: Vec<_> = root.get_arguments().filter(|one| one.is_global_set()).collect();
    page.push_str("\n## Options of every command\n\n");
    options(&mut page, &root, &everywhere);
    for (_, command) in leaves(&root) {
        section(&mut page, &command);
    }
    page
}

/// Every command that does something, with its words behind the program's name.
pub(crate) fn leaves(command: &Command) -> Vec<(String, Command)> {
    let parts = command.get_subcommands().filter(|part| part.get_name() != "help");
    let below = parts.flat_map(|part| {
        let own = part.get_name().to_owned();
        let below = leaves(part).into_iter().map(|(words, leaf)| (format!("{own} {words}"), leaf));
        let below: Vec<_> = below.collect();
        if below.is_empty() { vec![(own.clone(), part.clone())] } else { below }
    });
    below.map(|(words, leaf)| (words.trim_end().to_owned(), leaf)).collect()
}

/// The example at the end of a command's help, as typed.
pub(crate) fn example(command: &Command) -> Option<String> {
    let text = command.get_after_help()?.to_string();
    Some(text.trim_start().strip_prefix("Example:")?.trim().to_owned())
}

fn section(page: &mut String, command: &Command) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(|text| sentences(&text.to_string())).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let _ = write!(page, "\n## `{name}`\n\n{about}\n\n```text\n{}\n```\n", usage.trim());
    let shown = |one: &&Arg| !one.is_global_set() && one.get_id() != "help";
    let own: Vec<_> = command.get_arguments().filter(shown).collect();
    if !own.is_empty() {
        page.push('\n');
        options(page, command, &own);
    }
    if let Some(example) = example(command) {
        let _ = write!(page, "\nFor example:\n\n```sh\n{example}\n```\n");
    }
}

fn options(page: &mut String, command: &Command, arguments: &[&Arg]) {
    page.push_str("| option | default | meaning |\n| --- | --- | --- |\n");
    for argument in arguments {
        let value = argument.get_value_names().filter(|_| argument.get_action().takes_values());
        let value = value.and_then(<[_]>::first).map(|name| format!("<{name}>"));
        let flag = argument.get_long().map(|long| format!("--{long}"));
        let parts: Vec<_> = flag.into_iter().chain(value).collect();
        let _ = writeln!(
            page,
            "| `{}` | {} | {} |",
            parts.join(" "),
            preset(argument),
            meaning(command, argument).replace('|', "\\|")
        );
    }
}

fn preset(argument: &Arg) -> String {
    let values = argument.get_default_values();
    let values: Vec<_> = values.iter().map(|value| value.to_string_lossy()).collect();
    match (argument.is_required_set(), argument.get_action().takes_values()) {
        (true, _) => "required".to_owned(),
        (false, true) if !values.is_empty() => format!("`{}`", values.join(",")),
        _ => String::new(),
    }
}

fn meaning(command: &Command, argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let mut text = help.map(|text| sentences(&text.to_string())).unwrap_or_default();
    if argument.get_action().takes_values() {
        for choice in argument.get_possible_values() {
            let help = choice.get_help().map(|text| sentences(&text.to_string()));
            let _ = write!(text, " `{}`: {}", choice.get_name(), help.unwrap_or_default());
        }
    }
    let others = command.get_arg_conflicts_with(argument);
    let others: Vec<_> = others.iter().filter_map(|other| other.get_long()).collect();
    if !others.is_empty() {
        let names: Vec<_> = others.iter().map(|long| format!("`--{long}`")).collect();
        let _ = write!(text, " Not together with {}.", names.join(", "));
    }
    text
}

/// Help ends without a full stop, prose with one.
fn sentences(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', ':']) { text.to_owned() } else { format!("{text}.") }
}
