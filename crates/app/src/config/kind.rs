//! What a setting may hold: its type, its range, and how a value is read.
//!
//! One reader serves every source, so a number in a file, a variable or a flag is
//! checked in the same way. Decimals keep the digits that were written: nothing is
//! read through a float on its way to a price, a quantity or an amount.

use std::{fmt, net::SocketAddr};

use rust_decimal::Decimal;
use strategies::{catalogue, find, parameter::Range};

use super::{
    bars::BarsRule,
    nearest::nearest,
    symbol::SymbolName,
    written::{Literal, Written},
};

/// The names and ranges of the numbers in a row.
pub(super) type Columns = &'static [(&'static str, Range)];

/// The type and range of a setting.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// `true` or `false`.
    Flag,
    /// Letters, digits and underscores.
    Name,
    /// A file or folder.
    Path,
    /// A base address whose scheme is this one or its encrypted form.
    Url(&'static str),
    /// An IP address and a port.
    Listen,
    /// A whole number between two bounds.
    Whole(u64, u64),
    /// An exact decimal.
    Number(Range),
    /// A parameter of statistics, kept as a float.
    Real(Range),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// At least one of these words, each at most once.
    Choices(&'static [&'static str]),
    /// Rows of decimals, joined by colons; may be empty.
    Rows(Columns),
    /// When a bar ends.
    BarRule,
    /// A strategy of the catalogue, with hyphens or underscores.
    Strategy,
    /// A symbol or asset in upper case.
    Symbol,
    /// Symbols, each with an optional market before it; may be empty.
    Symbols,
}

/// A value that passed its checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Flag(bool),
    Text(String),
    Whole(u64),
    Number(Decimal),
    Real(Decimal),
    List(Vec<String>),
}

impl Value {
    /// The number, if it is one.
    pub(super) fn number(&self) -> Option<Decimal> {
        match self {
            Self::Whole(number) => Some(Decimal::from(*number)),
            Self::Number(number) | Self::Real(number) => Some(*number),
            Self::Flag(_) | Self::Text(_) | Self::List(_) => None,
        }
    }
}

/// The value in plain text, without quotes.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Whole(number) => number.fmt(f),
            Self::Number(number) | Self::Real(number) => number.fmt(f),
            Self::List(words) => f.write_str(&words.join(",")),
        }
    }
}

/// Why a value was refused. `message` continues a sentence that begins with the name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) label: String,
    pub(super) help: Option<String>,
    /// The part of the source, when it is smaller than the whole value.
    pub(super) span: Option<std::ops::Range<usize>>,
}

impl Fault {
    fn new(message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { message: message.into(), label: label.into(), help: None, span: None }
    }

    fn helped(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

impl Kind {
    /// Checks and normalises what was written.
    pub(super) fn read(&self, written: &Written) -> Result<Value, Fault> {
        match self {
            Self::Flag => read_flag(written),
            Self::Whole(low, high) => self.whole(written, *low, *high),
            Self::Number(bounds) => self.decimal(written, bounds).map(Value::Number),
            Self::Real(bounds) => self.decimal(written, bounds).map(Value::Real),
            Self::Choices(_) | Self::Symbols | Self::Rows(_) => self.list(written),
            _ => {
                let text = self.text(written)?;
                self.word(&text).map(Value::Text)
            }
        }
    }

    /// The type and range in words, for messages and the reference.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Flag => "`true` or `false`".into(),
            Self::Name => "text of letters, digits and `_`".into(),
            Self::Path => "a path".into(),
            Self::Url(scheme) => format!("a base URL, `{scheme}://` or `{scheme}s://`"),
            Self::Listen => "an IP address and port, such as `127.0.0.1:9464`".into(),
            Self::Whole(low, high) => format!("a whole number from {low} to {high}"),
            Self::Number(bounds) => format!("a decimal {}", bounds.describe()),
            Self::Real(bounds) => format!("a number {}", bounds.describe()),
            Self::Choice(words) => format!("one of {}", quoted(words)),
            Self::Choices(words) => format!("a list of {}", quoted(words)),
            Self::Rows(columns) => format!("a list of `\"{}\"`", shape(columns)),
            Self::BarRule => "text such as `1m`, `500 ticks` or `12.5 volume`".into(),
            Self::Strategy => format!("one of {}", quoted(&catalogue::names())),
            Self::Symbol => "upper-case text".into(),
            Self::Symbols => "a list of symbols, such as `[\"BTCUSDT\", \"spot:ETHUSDT\"]`".into(),
        }
    }

    fn wrong_type(&self, written: &Written) -> Fault {
        self.takes(format!("this is {}", written.literal.describe()))
    }

    fn unreadable(&self, text: &str, written: &Written) -> Fault {
        let digits = text.trim_start_matches(['+', '-']);
        if digits.starts_with(|one: char| one.is_ascii_digit()) {
            self.takes("more digits than can be kept exactly")
        } else if matches!(digits, "inf" | "nan") {
            self.takes("not a finite number")
        } else {
            self.wrong_type(written)
        }
    }

    fn takes(&self, label: impl Into<String>) -> Fault {
        Fault::new(format!("takes {}", self.describe()), label)
    }

    fn text(&self, written: &Written) -> Result<String, Fault> {
        match &written.literal {
            Literal::Text(text) | Literal::Loose(text) => Ok(text.clone()),
            _ => Err(self.wrong_type(written)),
        }
    }

    fn whole(&self, written: &Written, low: u64, high: u64) -> Result<Value, Fault> {
        let (Literal::Number(text) | Literal::Loose(text)) = &written.literal else {
            return Err(self.wrong_type(written));
        };
        let number = exact_decimal(text).map_err(|()| self.unreadable(text, written))?;
        if !number.fract().is_zero() {
            return Err(Fault::new("takes a whole number", format!("{text} has a fraction")));
        }
        match u64::try_from(number) {
            Ok(number) if (low..=high).contains(&number) => Ok(Value::Whole(number)),
            _ => Err(out_of_range(text, &format!("from {low} to {high}"))),
        }
    }

    fn decimal(&self, written: &Written, bounds: &Range) -> Result<Decimal, Fault> {
        let (Literal::Number(text) | Literal::Text(text) | Literal::Loose(text)) = &written.literal
        else {
            return Err(self.wrong_type(written));
        };
        let number = exact_decimal(text).map_err(|()| self.unreadable(text, written))?.normalize();
        if !bounds.contains(number) {
            return Err(out_of_range(text, &bounds.describe()));
        }
        if number.scale() > bounds.decimals() {
            let rule = format!("has at most {} decimals", bounds.decimals());
            return Err(Fault::new(rule, format!("{text} has {}", number.scale())));
        }
        Ok(number)
    }

    fn list(&self, written: &Written) -> Result<Value, Fault> {
        let items = match &written.literal {
            Literal::List(items) => items.clone(),
            Literal::Text(text) => vec![Written::text(text, written.span.clone())],
            Literal::Loose(text) => text
                .split(',')
                .map(str::trim)
                .filter(|one| !one.is_empty())
                .map(Written::loose)
                .collect(),
            _ => return Err(self.wrong_type(written)),
        };
        let mut words = Vec::with_capacity(items.len());
        for item in &items {
            let placed = |fault: Fault| Fault { span: item.span.clone(), ..fault };
            let word = self.word(&self.text(item).map_err(placed)?).map_err(placed)?;
            if words.contains(&word) {
                return Err(placed(Fault::new("names each entry once", "this one is repeated")));
            }
            words.push(word);
        }
        if words.is_empty() && matches!(self, Self::Choices(_)) {
            return Err(Fault::new("needs at least one entry", "empty"));
        }
        Ok(Value::List(words))
    }

    fn word(&self, text: &str) -> Result<String, Fault> {
        match self {
            Self::Choice(words) | Self::Choices(words) => read_choice(text, words),
            Self::Rows(columns) => read_row(text, columns),
            Self::BarRule => match text.parse::<BarsRule>() {
                Ok(_) => Ok(text.to_owned()),
                Err(problem) => Err(self.takes(problem.to_string())),
            },
            Self::Strategy => match find(text) {
                Some(row) => Ok(row.name.to_owned()),
                None => read_choice(text, &catalogue::names()),
            },
            Self::Name => read_name(text),
            Self::Url(scheme) => read_url(text, scheme).map_err(|label| self.takes(label)),
            Self::Symbols => {
                text.parse::<SymbolName>().map(|name| name.to_string()).map_err(|problem| {
                    Fault::new("names a symbol that cannot be read", problem.to_string())
                })
            }
            Self::Symbol if !is_symbol(text) => Err(self.takes("not a symbol or asset")),
            Self::Listen => text
                .parse::<SocketAddr>()
                .map(|address| address.to_string())
                .map_err(|_| self.takes("not an address")),
            _ if text.is_empty() => Err(self.takes("empty")),
            _ => Ok(text.to_owned()),
        }
    }
}

/// Whether this can be a venue's symbol or an asset: no lower case, no punctuation but `_`.
pub(super) fn is_symbol(text: &str) -> bool {
    let allowed = |one: char| (one.is_alphanumeric() && !one.is_lowercase()) || "_-.".contains(one);
    (1..=40).contains(&text.chars().count()) && text.chars().all(allowed)
}

/// Reads digits, point and exponent without any rounding. Underscores between digits are allowed.
pub(super) fn exact_decimal(text: &str) -> Result<Decimal, ()> {
    let text = text.strip_prefix('+').unwrap_or(text).replace('_', "");
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().map_err(|_| ())?),
        None => (text.as_str(), 0),
    };
    let number = Decimal::from_str_exact(digits).map_err(|_| ())?;
    let power = exponent.unsigned_abs();
    if exponent >= 0 {
        let factor = 10_u64.checked_pow(power).map(Decimal::from).ok_or(())?;
        return number.checked_mul(factor).ok_or(());
    }
    let scale = number.scale().checked_add(power).ok_or(())?;
    Decimal::try_from_i128_with_scale(number.mantissa(), scale).map_err(|_| ())
}

fn read_flag(written: &Written) -> Result<Value, Fault> {
    match &written.literal {
        Literal::Flag(flag) => Ok(Value::Flag(*flag)),
        Literal::Loose(text) if text == "true" => Ok(Value::Flag(true)),
        Literal::Loose(text) if text == "false" => Ok(Value::Flag(false)),
        _ => Err(Kind::Flag.wrong_type(written)),
    }
}

fn out_of_range(text: &str, range: &str) -> Fault {
    Fault::new(format!("must be {range}"), format!("{text} is out of range"))
}

fn read_choice(text: &str, words: &[&str]) -> Result<String, Fault> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let help = nearest(text, words.iter().copied()).map(|word| format!("did you mean `{word}`?"));
    Err(Fault::new(format!("must be one of {}", quoted(words)), "not one of them").helped(help))
}

/// Checks the numbers of a row and writes them without spaces.
fn read_row(text: &str, columns: Columns) -> Result<String, Fault> {
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    if parts.len() != columns.len() {
        let rule = format!("has entries such as `{}`", shape(columns));
        return Err(Fault::new(rule, format!("{} numbers", parts.len())));
    }
    let mut numbers = Vec::with_capacity(parts.len());
    for (part, (name, range)) in parts.into_iter().zip(columns) {
        let number = exact_decimal(part)
            .map_err(|()| Fault::new(format!("takes a decimal as `{name}`"), "no decimal"))?
            .normalize();
        if !range.contains(number) || number.scale() > range.decimals() {
            let rule = format!("has a `{name}` that must be {}", range.describe());
            return Err(Fault::new(rule, format!("{part} is out of range")));
        }
        numbers.push(number.to_string());
    }
    Ok(numbers.join(":"))
}

fn shape(columns: Columns) -> String {
    columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(":")
}

fn read_name(text: &str) -> Result<String, Fault> {
    let allowed = |one: char| one.is_ascii_alphanumeric() || one == '_';
    if (1..=32).contains(&text.len()) && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    Err(Fault::new("takes 1 to 32 letters, digits or `_`", "it becomes part of order ids"))
}

/// Checks a base address; the error says what is wrong with it.
fn read_url(text: &str, scheme: &str) -> Result<String, String> {
    let (found, rest) = text.split_once("://").ok_or("no scheme")?;
    if found != scheme && found.strip_suffix('s') != Some(scheme) {
        return Err(format!("the scheme is `{found}`"));
    }
    if rest.contains(|one: char| one.is_whitespace() || matches!(one, '?' | '#' | '@')) {
        return Err("a base URL has only a host, a port and a path".into());
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if host.is_empty() {
        return Err("no host".into());
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err("the port is not a number up to 65535".into());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
