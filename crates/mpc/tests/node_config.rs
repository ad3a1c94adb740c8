//! Configurations: what survives a file, and what a node refuses to start with.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod node_circle;

use mpc::{
    client::{ClientConfig, keys::CircleKeys},
    net::cheat::{Cheat, CheatKind},
    node::{
        NodeConfig, NodeError, NodeServer, SessionTerms, Shutdown, config::NodeLimits,
        terms::Parameter,
    },
};
use node_circle::{keys, programs, terms, with};

const NAMES: [&str; 2] = ["anna", "bert"];

/// A change, and a part of the refusal.
type Row<T> = (fn(&mut T), &'static str);

fn example() -> (tempfile::TempDir, CircleKeys) {
    let folder = tempfile::tempdir().unwrap();
    let keys = keys(folder.path(), &NAMES);
    (folder, keys)
}

#[test]
fn configurations_and_terms_survive_a_file() {
    let (_folder, mut keys) = example();
    let mut session = with(terms(7, &NAMES), "tick", 5);
    session.parameters.insert("grid".to_owned(), Parameter::Numbers(vec![1, -2, 3]));
    session.parameters.insert("instrument".to_owned(), Parameter::Text("BTC-USD".to_owned()));
    let config = &mut keys.nodes[1];
    config.sessions = vec![session.clone(), terms(8, &NAMES)];
    config.cheat = Some(Cheat { kind: CheatKind::Flip, message: 3 });
    let text = toml::to_string(config).unwrap();
    assert_eq!(toml::from_str::<NodeConfig>(&text).unwrap(), *config, "{text}");
    let text = toml::to_string(&keys.clients[0]).unwrap();
    assert_eq!(toml::from_str::<ClientConfig>(&text).unwrap(), keys.clients[0]);
    let text = toml::to_string(&session).unwrap();
    assert_eq!(toml::from_str::<SessionTerms>(&text).unwrap().hash(), session.hash());
}

#[test]
fn what_is_left_out_has_a_safe_value_and_what_is_unknown_is_refused() {
    let (_folder, keys) = example();
    let mut text = toml::to_string(&keys.nodes[0]).unwrap();
    let limits = text.find("[limits]").unwrap();
    let nodes = text.find("[[nodes]]").unwrap();
    text.replace_range(limits..nodes, "");
    let config: NodeConfig = toml::from_str(&text).unwrap();
    assert_eq!((config.limits, config.allow_semi_honest), (NodeLimits::default(), false));
    let error = toml::from_str::<NodeConfig>(&format!("colour = 1\n{text}")).unwrap_err();
    assert!(error.to_string().contains("colour"), "{error}");
}

fn refusal(change: impl FnOnce(&mut NodeConfig)) -> String {
    let (_folder, mut keys) = example();
    change(&mut keys.nodes[0]);
    let [config, ..] = keys.nodes;
    let refused = NodeServer::bind(config, programs(), Shutdown::default()).map(|_| ());
    refused.map_err(|error: NodeError| error.to_string()).unwrap_err()
}

#[test]
fn a_node_does_not_start_with_settings_that_contradict_each_other() {
    let rows: [Row<NodeConfig>; 10] = [
        (|config| config.node = 3, "`node`: must be 0, 1 or 2"),
        (|config| config.node = 1, "P1 is pinned to another certificate"),
        (|config| config.participants[1].name = "anna".into(), "`participants`: names"),
        (
            |config| config.participants[1].fingerprint = config.nodes[2].fingerprint,
            "`participants`: each needs its own certificate",
        ),
        (
            |config| config.nodes[1].fingerprint = config.nodes[2].fingerprint,
            "`nodes`: each node needs its own certificate",
        ),
        (|config| config.limits.runs = 0, "`limits`: must be above 0"),
        (|config| config.folder.push("absent"), "cannot open"),
        (|config| config.key.push("absent"), "cannot read"),
        (|config| config.listen = "nowhere".into(), "cannot listen on nowhere"),
        (
            |config| {
                let mut session = terms(7, &NAMES);
                session.minimum_contributors = 3;
                config.sessions = vec![session];
            },
            "session 7: it does not fit: session 7: `minimum_contributors` is 3",
        ),
    ];
    for (change, part) in rows {
        let text = refusal(change);
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn terms_that_no_node_accepts_name_their_field() {
    let rows: [Row<SessionTerms>; 6] = [
        (|terms| terms.participants.clear(), "`participants` needs 1 to 4096 names"),
        (|terms| terms.participants[1] = "anna".into(), "`participants` names somebody twice"),
        (|terms| terms.minimum_contributors = 0, "`minimum_contributors` is 0, not from 1 to 2"),
        (|terms| terms.function = "x".repeat(201), "`function` is too long"),
        (|terms| terms.limits.step_ms = 0, "`limits` must be above 0"),
        (|terms| terms.limits.run_ms = 1, "`limits.run_ms` is less than `limits.step_ms`"),
    ];
    for (change, part) in rows {
        let mut terms = terms(7, &NAMES);
        assert_eq!(terms.check(), Ok(()));
        let before = terms.hash();
        change(&mut terms);
        assert_ne!(terms.hash(), before);
        let text = terms.check().unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    }
}
