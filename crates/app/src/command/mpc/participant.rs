//! `mpc open`, `submit`, `result`, `sessions` and `audit`: what a firm does.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use mpc::{
    client::{AgreedSession, ClientConfig, Participant, Receipt},
    net::hello::{Mode, RunLimits},
    node::{SessionTerms, exchange::Progress, program::SecretNumbers, terms::Parameter},
};
use serde_json::{Value, json};

use super::{
    Failure,
    catalogue::{find, programs},
    inputs, read_toml,
    reference::{Named, own_of, public_of},
};
use crate::{
    cli::{MpcAuditArgs, OpenArgs, ResultArgs, SessionsArgs, SubmitArgs},
    output,
};

fn participant(config: &Path) -> Result<(String, Participant), Failure> {
    let config: ClientConfig = read_toml(config)?;
    Ok((config.participant.clone(), Participant::new(config, programs())?))
}

pub(super) fn open(arguments: &OpenArgs) -> Result<(), Failure> {
    let function = find(&arguments.function)?;
    let parameters =
        arguments.parameters.iter().map(|text| parameter(text)).collect::<Result<_, _>>()?;
    let (_, who) = participant(&arguments.about.config)?;
    let end = SystemTime::now() + Duration::from_secs(arguments.deadline);
    let end = end.duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    let session = arguments.about.session;
    let terms = SessionTerms {
        session,
        function: function.name.to_owned(),
        parameters,
        participants: arguments.participants.clone(),
        minimum_contributors: arguments.minimum,
        deadline_ms: u64::try_from(end.as_millis()).unwrap_or(u64::MAX),
        mode: Mode::Malicious,
        limits: RunLimits::default(),
    };
    who.open(&terms)?;
    let hash = hex::encode(terms.hash());
    Ok(output::text(&format!(
        "Session {session} is open at all three nodes for {} s; hash of its terms {hash}.\n",
        arguments.deadline
    ))?)
}

fn parameter(text: &str) -> Result<(String, Parameter), Failure> {
    let bad = || {
        Failure::Usage(format!(
            "error: --parameter {text}: expected a name and whole numbers: `low=100`, `orders=2,1`"
        ))
    };
    let (name, numbers) = text.split_once('=').ok_or_else(bad)?;
    let numbers: Vec<i64> = numbers
        .split(',')
        .map(|number| number.trim().parse().map_err(|_| bad()))
        .collect::<Result<_, _>>()?;
    let value = match numbers[..] {
        [one] => Parameter::Number(one),
        _ => Parameter::Numbers(numbers),
    };
    Ok((name.to_owned(), value))
}

pub(super) fn submit(arguments: &SubmitArgs) -> Result<(), Failure> {
    let (name, who) = participant(&arguments.about.config)?;
    let terms = who.session(arguments.about.session)?.terms;
    let numbers = SecretNumbers::new(inputs::numbers(&terms.function, &arguments.inputs)?);
    // A file that cannot be written is noticed while nothing is submitted.
    let file = match &arguments.receipt {
        Some(path) => Some((path, new_file(path)?)),
        None => None,
    };
    let receipt = who.submit(&terms, &numbers)?;
    let text = serde_json::to_string_pretty(&receipt).context("a receipt cannot be written")?;
    let Some((path, mut file)) = file else { return Ok(output::text(&(text + "\n"))?) };
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(output::text(&format!(
        "{name} has submitted to session {}; all three nodes confirm it. Receipt: {}\n",
        terms.session,
        path.display()
    ))?)
}

fn new_file(path: &Path) -> Result<fs::File, Failure> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    opened.map_err(|error| {
        Failure::Usage(format!("error: --receipt: cannot write {}: {error}", path.display()))
    })
}

pub(super) fn result(arguments: &ResultArgs) -> Result<(), Failure> {
    let (name, who) = participant(&arguments.about.config)?;
    let terms = who.session(arguments.about.session)?.terms;
    let result = who.result(&terms, Duration::from_secs(arguments.wait))?;
    let (public, own) = (public_of(&result), own_of(&result));
    if arguments.json {
        return Ok(output::json(&json!({
            "session": result.session,
            "function": terms.function,
            "participant": name,
            "contributors": result.contributors,
            "mode": result.mode,
            "public": numbers_as_json(&public),
            "own": numbers_as_json(&own),
            "statistics": result.statistics,
        }))?);
    }
    let mut text = format!(
        "Session {} ({}), computed from {}\n",
        result.session,
        terms.function,
        result.contributors.join(", ")
    );
    if result.mode == Mode::SemiHonest {
        text.push_str("NOT CHECKED against a cheating node (semi-honest mode).\n");
    }
    let _ = writeln!(text, "  everybody learns    {}", shown(&public));
    let _ = writeln!(text, "  only {name} learns    {}", shown(&own));
    Ok(output::text(&text)?)
}

/// Named lists in one line.
pub(super) fn shown(named: &Named) -> String {
    let list = |(name, values): (&String, &Vec<i128>)| {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        format!("{name}: {}", values.join(" "))
    };
    let lists: Vec<String> = named.iter().map(list).collect();
    if lists.is_empty() { "nothing".to_owned() } else { lists.join("; ") }
}

/// Numbers that JSON readers cannot hold are written as text.
pub(super) fn numbers_as_json(named: &Named) -> Value {
    let number = |value: &i128| {
        i64::try_from(*value).map_or_else(|_| Value::from(value.to_string()), Value::from)
    };
    let list = |values: &Vec<i128>| Value::Array(values.iter().map(number).collect());
    json!(named.iter().map(|(name, values)| (name, list(values))).collect::<BTreeMap<_, _>>())
}

pub(super) fn sessions(arguments: &SessionsArgs) -> Result<(), Failure> {
    let (name, who) = participant(&arguments.config)?;
    let sessions = who.sessions()?;
    if arguments.json {
        let listed: Vec<Value> = sessions.iter().map(session_as_json).collect();
        return Ok(output::json(&listed)?);
    }
    if sessions.is_empty() {
        return Ok(output::text(&format!("There is no session for {name}.\n"))?);
    }
    let mut text = String::new();
    for session in &sessions {
        let own = if session.submitted == [true; 3] { "submitted" } else { "not submitted" };
        let _ = writeln!(
            text,
            "{:>6}  {:<15} {} of {} submissions, {name} has {own}: {}",
            session.terms.session,
            session.terms.function,
            session.submissions.iter().min().unwrap_or(&0),
            session.terms.participants.len(),
            progress(session)
        );
    }
    Ok(output::text(&text)?)
}

fn session_as_json(session: &AgreedSession) -> Value {
    json!({
        "terms": session.terms,
        "progress": session.progress,
        "submissions": session.submissions,
        "submitted": session.submitted,
    })
}

fn progress(session: &AgreedSession) -> String {
    let word = |progress: &Progress| match progress {
        Progress::Open => "open".to_owned(),
        Progress::Running => "running".to_owned(),
        Progress::Finished => "finished".to_owned(),
        Progress::Failed(reason) => format!("no result ({reason})"),
    };
    let mut words: Vec<String> = session.progress.iter().map(word).collect();
    words.dedup();
    words.join(" / ")
}

pub(super) fn audit(arguments: &MpcAuditArgs) -> Result<(), Failure> {
    let receipts = arguments
        .receipts
        .iter()
        .map(|path| {
            let wrong = |error: &dyn std::fmt::Display| {
                Failure::Usage(format!("error: --receipt {}: {error}", path.display()))
            };
            let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
            serde_json::from_str(&text).map_err(|error| wrong(&error))
        })
        .collect::<Result<Vec<Receipt>, Failure>>()?;
    let (_, who) = participant(&arguments.config)?;
    let [first, second, third] = who.audit(&receipts)?;
    Ok(output::text(&format!(
        "The logs of all three nodes are whole ({first}, {second} and {third} entries) and say \
         what {} receipt(s) promise.\n",
        receipts.len()
    ))?)
}
