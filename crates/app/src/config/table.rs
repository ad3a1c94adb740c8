//! The settings that apply: those of the program, and the parameters of the chosen strategy.
//!
//! `settings.rs` lists what the program can be told whatever it trades. A strategy lists its
//! own parameters in its catalogue row; here they become rows of `[strategy.params]`, so
//! that the loader, the messages, `config show` and the reference know no difference.

use std::sync::LazyLock;

use strategies::{
    CATALOGUE, Parameter, StrategyRow,
    parameter::{self, ParameterKind},
};

use super::{
    kind::Kind,
    settings::{INSTRUMENTS, Preset, SETTINGS, Setting},
};

/// The section of the strategy's parameters.
pub(super) const PARAMS: &str = "strategy.params";
/// The setting that chooses the strategy.
pub(super) const KIND: &str = "strategy.kind";
/// What a strategy's largest position follows.
pub(super) const POSITION_LIMIT: &str = "strategy.risk_limits.max_position_size";
/// The section that the parameters are shown before.
const SECTION_AFTER: &str = "strategy.risk_limits.";

/// The settings that apply with one kind of strategy, in the order in which they are shown.
pub(super) struct Table {
    /// The strategy; `None` while its name cannot be read, and then nothing is said about
    /// its parameters.
    pub(super) strategy: Option<&'static StrategyRow>,
    parameters: Vec<Setting>,
}

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let of_row = |row: &'static StrategyRow| Table {
        strategy: Some(row),
        parameters: row.parameters().map(setting).collect(),
    };
    CATALOGUE.iter().copied().map(of_row).collect()
});

static WITHOUT_STRATEGY: Table = Table { strategy: None, parameters: Vec::new() };

impl Table {
    /// Those of each strategy, in the order of the catalogue.
    pub(super) fn all() -> &'static [Self] {
        &TABLES
    }

    /// Those of the strategy of this name, or those that apply whatever it is.
    pub(super) fn of(kind: Option<&str>) -> &'static Self {
        let named = |table: &&Self| table.strategy.map(|row| row.name) == kind && kind.is_some();
        TABLES.iter().find(named).unwrap_or(&WITHOUT_STRATEGY)
    }

    /// Every setting.
    pub(super) fn settings(&'static self) -> impl Iterator<Item = &'static Setting> {
        let place = SETTINGS.iter().position(|one| one.path.starts_with(SECTION_AFTER));
        let (before, after) = SETTINGS.split_at(place.unwrap_or(SETTINGS.len()));
        before.iter().chain(&self.parameters).chain(after)
    }

    /// The parameters of the strategy.
    pub(super) fn parameters(&self) -> &[Setting] {
        &self.parameters
    }

    /// Finds a setting by its full name.
    pub(super) fn find(&'static self, path: &str) -> Option<&'static Setting> {
        self.settings().find(|setting| setting.path == path)
    }

    /// Whether `path` is a section or a part of one.
    pub(super) fn is_section(&'static self, path: &str) -> bool {
        let inside = |one: &Setting| {
            one.path.strip_prefix(path).is_some_and(|rest| path.is_empty() || rest.starts_with('.'))
        };
        path == PARAMS || self.settings().any(inside)
    }

    /// Whether nothing can be said about this name because the strategy is unknown.
    pub(super) fn is_open_question(&self, path: &str) -> bool {
        let parameter = path.strip_prefix(PARAMS).is_some_and(|rest| rest.starts_with('.'));
        parameter && self.strategy.is_none()
    }

    /// The names directly inside a section: settings and further sections.
    pub(super) fn children(&'static self, section: &str) -> impl Iterator<Item = &'static str> {
        let inside = move |path: &'static str| {
            let rest = path.strip_prefix(section)?;
            let rest = if section.is_empty() { rest } else { rest.strip_prefix('.')? };
            rest.split('.').next()
        };
        let extra = section.is_empty().then_some(INSTRUMENTS);
        self.settings().filter_map(move |one| inside(one.path)).chain(extra)
    }

    /// The other strategies that have a parameter of that name.
    pub(super) fn in_other_kinds(&self, section: &str, name: &str) -> Option<String> {
        let owns = |table: &&Self| table.parameters.iter().any(|one| one.split().1 == name);
        let kinds = TABLES.iter().filter(owns).filter_map(|table| table.strategy);
        let kinds: Vec<String> = kinds.map(|row| format!("`{}`", row.name)).collect();
        let mine = self.strategy.map_or("another", |row| row.name);
        (section == PARAMS && !kinds.is_empty())
            .then(|| format!("`{name}` belongs to kind {}, not `{mine}`", kinds.join(", ")))
    }

    /// The section that has a setting of that name.
    pub(super) fn in_other_sections(&'static self, name: &str) -> Option<String> {
        let mut sections = self.settings().map(Setting::split);
        let (section, _) = sections.find(|(_, known)| *known == name)?;
        Some(format!("`{name}` belongs to [{section}]"))
    }
}

/// A parameter as a setting. Its name lives as long as the program.
fn setting(parameter: &'static Parameter) -> Setting {
    let kind = match parameter.kind {
        ParameterKind::Flag => Kind::Flag,
        ParameterKind::Whole(low, high) => Kind::Whole(low as u64, high as u64),
        ParameterKind::Milliseconds(low, high) => Kind::Whole(low, high),
        ParameterKind::Real(range) => Kind::Real(range),
        ParameterKind::Quantity(range) | ParameterKind::Rate(range) => Kind::Number(range),
        ParameterKind::Choice(words) => Kind::Choice(words),
    };
    let preset = match (parameter.preset, kind) {
        (parameter::Preset::PositionLimit, _) => Preset::Follows(POSITION_LIMIT),
        (parameter::Preset::Is(text), Kind::Choice(_)) => Preset::Is(format!("\"{text}\"").leak()),
        (parameter::Preset::Is(text), _) => Preset::Is(text),
    };
    let path = format!("{PARAMS}.{}", parameter.name).leak();
    Setting { path, kind, preset, purpose: parameter.purpose }
}
