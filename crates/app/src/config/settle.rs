//! One value for every setting: defaults, then the file, the environment, the flags.
//!
//! A value that cannot be read is reported and leaves its setting empty, so that later
//! checks say nothing about it; all problems are found in one pass.

use std::{collections::BTreeMap, sync::Arc};

use toml_edit::{Document, Item, TableLike, Value as TomlValue};

use super::{
    kind::Value,
    nearest::nearest,
    origin::{Location, SourceText},
    problem::Problem,
    settings::{INSTRUMENT_SETTINGS, INSTRUMENTS, Preset, Setting},
    sources::{ENVIRONMENT_PREFIX, Sources},
    table::{KIND, Table},
    written::Written,
};

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) value: Value,
    pub(super) location: Location,
}

/// Values by full name.
pub(super) type Values = BTreeMap<&'static str, Held>;

/// One `[[instruments]]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InstrumentTable {
    pub(super) values: Values,
    /// The table's header, for problems of the whole.
    pub(super) header: Location,
}

/// The result of all layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) values: Values,
    pub(super) instruments: Vec<InstrumentTable>,
}

impl Settled {
    pub(super) fn get(&self, path: &str) -> Option<&Held> {
        self.values.get(path)
    }

    /// The settings that apply.
    pub(super) fn table(&self) -> &'static Table {
        match self.get(KIND).map(|held| &held.value) {
            Some(Value::Text(kind)) => Table::of(Some(kind)),
            _ => Table::of(None),
        }
    }
}

/// Puts the layers on top of each other: once to learn which strategy is chosen, once more
/// with the parameters of that one.
pub(super) fn settle(sources: &Sources, problems: &mut Vec<Problem>) -> Settled {
    let chosen = settle_with(Table::of(None), sources, &mut Vec::new()).table();
    settle_with(chosen, sources, problems)
}

fn settle_with(table: &'static Table, sources: &Sources, problems: &mut Vec<Problem>) -> Settled {
    let mut layers = Layers { table, settled: Settled::default(), problems };
    layers.defaults();
    if let Some(source) = &sources.file {
        layers.file(source);
    }
    for (path, variable) in sources.environment.settings() {
        let value = Written::loose(&variable.value);
        layers.named(&path, &value, &variable.location, &variable.location, environment_name);
    }
    for one in &sources.overrides {
        let (key, place) = (one.key_location(), one.location());
        layers.named(&one.path, &Written::loose(&one.value), &key, &place, str::to_owned);
    }
    layers.followers();
    layers.settled
}

/// The variable that sets a setting.
pub(super) fn environment_name(path: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", path.to_uppercase().replace('.', "__"))
}

struct Layers<'a> {
    table: &'static Table,
    settled: Settled,
    problems: &'a mut Vec<Problem>,
}

impl Layers<'_> {
    fn defaults(&mut self) {
        for setting in self.table.settings() {
            if let Preset::Is(text) = setting.preset {
                let held = self.read(setting, &preset(text), &Location::Default);
                self.settled.values.extend(held);
            }
        }
    }

    /// Settings that take the value of another one when nobody set them.
    fn followers(&mut self) {
        for setting in self.table.settings() {
            let Preset::Follows(leader) = setting.preset else { continue };
            let Some(held) = self.settled.values.get(leader) else { continue };
            let held = Held { value: held.value.clone(), location: Location::Follows(leader) };
            self.settled.values.entry(setting.path).or_insert(held);
        }
    }

    fn file(&mut self, source: &Arc<SourceText>) {
        let whole = Location::File { source: Arc::clone(source), span: 0..0 };
        match Document::parse(source.text.as_str()) {
            Ok(document) => self.section(document.as_table(), "", &whole),
            Err(error) => {
                let place = whole.at(error.span());
                let message = error.message().lines().collect::<Vec<_>>().join(", ");
                self.problems.push(Problem::new("this is not TOML").at(&place, message));
            }
        }
    }

    fn section(&mut self, table: &dyn TableLike, section: &str, whole: &Location) {
        for (name, item) in table.iter() {
            let path = join(section, name);
            let key = whole.at(table.key(name).and_then(toml_edit::Key::span));
            if path == INSTRUMENTS {
                self.instrument_list(item, whole, &key);
            } else if let Some(setting) = self.table.find(&path) {
                self.hold(setting, &Written::from_item(item, text_of(whole)), whole);
            } else if !self.table.is_section(&path) {
                self.unknown_key(section, name, &key);
            } else if let Some(inner) = item.as_table_like() {
                self.section(inner, &path, whole);
            } else {
                let message = format!("`{path}` is a section, not a value");
                let help = format!("write [{path}] and its settings below it");
                self.problems.push(Problem::new(message).at(&key, "a section").help(help));
            }
        }
    }

    fn unknown_key(&mut self, section: &str, name: &str, key: &Location) {
        let table = self.table;
        if table.is_open_question(&join(section, name)) {
            return;
        }
        let label = if section.is_empty() {
            "no such section".to_owned()
        } else {
            format!("not a setting of [{section}]")
        };
        let help = table
            .in_other_kinds(section, name)
            .or_else(|| {
                let near = nearest(name, table.children(section))?;
                Some(format!("did you mean `{near}`?"))
            })
            .or_else(|| table.in_other_sections(name))
            .unwrap_or_else(|| {
                let names: Vec<&str> = table.children(section).collect();
                format!("known here: {}", unique(&names).join(", "))
            });
        let message = format!("unknown key `{name}`");
        self.problems.push(Problem::new(message).at(key, label).help(help));
    }

    /// A setting given by its full name, in a variable or a flag.
    fn named(
        &mut self,
        path: &str,
        written: &Written,
        key: &Location,
        place: &Location,
        spell: fn(&str) -> String,
    ) {
        let table = self.table;
        let Some(setting) = table.find(path) else {
            if table.is_open_question(path) {
                return;
            }
            let (section, name) = path.rsplit_once('.').unwrap_or(("", path));
            let help = if path.split('.').next() == Some(INSTRUMENTS) {
                Some("instruments are listed in the file only".to_owned())
            } else {
                table
                    .in_other_kinds(section, name)
                    .or_else(|| {
                        let near = nearest(path, table.settings().map(|one| one.path))?;
                        Some(format!("did you mean {}?", spell(near)))
                    })
                    .or_else(|| table.in_other_sections(name))
            };
            let problem = Problem::new(format!("unknown setting `{path}`"));
            self.problems.push(problem.at(key, "no such setting").help(help));
            return;
        };
        self.hold(setting, written, place);
    }

    fn hold(&mut self, setting: &'static Setting, written: &Written, place: &Location) {
        match self.read(setting, written, place) {
            Some((path, held)) => self.settled.values.insert(path, held),
            None => self.settled.values.remove(setting.path),
        };
    }

    fn read(
        &mut self,
        setting: &'static Setting,
        written: &Written,
        place: &Location,
    ) -> Option<(&'static str, Held)> {
        let location = place.at(written.span.clone());
        match setting.kind.read(written) {
            Ok(value) => Some((setting.path, Held { value, location })),
            Err(fault) => {
                let place = location.at(fault.span.clone());
                let message = format!("`{}` {}", setting.path, fault.message);
                self.problems.push(Problem::new(message).at(&place, fault.label).help(fault.help));
                None
            }
        }
    }

    fn instrument_list(&mut self, item: &Item, whole: &Location, key: &Location) {
        let tables: Option<Vec<&dyn TableLike>> = match item {
            Item::ArrayOfTables(tables) => {
                Some(tables.iter().map(|table| table as &dyn TableLike).collect())
            }
            Item::Value(TomlValue::Array(array)) => array
                .iter()
                .map(|one| one.as_inline_table().map(|table| table as &dyn TableLike))
                .collect(),
            _ => None,
        };
        let Some(tables) = tables else {
            let help = "write [[instruments]] before each of them".to_owned();
            let problem = Problem::new("`instruments` is a list of tables");
            self.problems.push(problem.at(key, "not a list of tables").help(help));
            return;
        };
        for table in tables {
            let instrument = self.instrument(table, whole, key);
            self.settled.instruments.push(instrument);
        }
    }

    fn instrument(
        &mut self,
        table: &dyn TableLike,
        whole: &Location,
        key: &Location,
    ) -> InstrumentTable {
        let header = header_of(table, whole).unwrap_or_else(|| key.clone());
        let mut values = Values::new();
        for (name, _) in table.iter() {
            let known = |one: &&Setting| one.split().1 == name;
            if INSTRUMENT_SETTINGS.iter().find(known).is_none() {
                let key = whole.at(table.key(name).and_then(toml_edit::Key::span));
                let names = INSTRUMENT_SETTINGS.iter().map(|one| one.split().1);
                let help = nearest(name, names).map(|near| format!("did you mean `{near}`?"));
                let problem = Problem::new(format!("unknown key `{name}`"));
                self.problems.push(problem.at(&key, "not a setting of [[instruments]]").help(help));
            }
        }
        for setting in INSTRUMENT_SETTINGS {
            let name = setting.split().1;
            let held = match (table.get(name), setting.preset) {
                (Some(item), _) => {
                    self.read(setting, &Written::from_item(item, text_of(whole)), whole)
                }
                (None, Preset::Is(text)) => self.read(setting, &preset(text), &Location::Default),
                (None, _) => {
                    let problem = Problem::new(format!("an instrument needs `{name}`"));
                    self.problems.push(problem.at(&header, format!("`{name}` is missing")));
                    None
                }
            };
            values.extend(held);
        }
        InstrumentTable { values, header }
    }
}

/// The first key of a table stands for the whole of it.
fn header_of(table: &dyn TableLike, whole: &Location) -> Option<Location> {
    let first = table.iter().next().map(|(name, _)| name.to_owned())?;
    table.key(&first).and_then(toml_edit::Key::span).map(|span| whole.at(Some(span)))
}

fn preset(text: &str) -> Written {
    match text.parse::<TomlValue>() {
        Ok(value) => Written { span: None, ..Written::from_toml(&value, text) },
        Err(_) => Written::loose(text),
    }
}

fn text_of(whole: &Location) -> &str {
    match whole {
        Location::File { source, .. } => &source.text,
        _ => "",
    }
}

fn join(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

fn unique<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut kept: Vec<&str> = Vec::new();
    for name in names {
        if !kept.contains(name) {
            kept.push(name);
        }
    }
    kept
}
