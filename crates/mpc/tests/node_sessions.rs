//! Sessions from opening to collecting, with participants and nodes that do not always behave.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure is the test's answer, and small numbers stay small"
)]

mod node_circle;

use std::{sync::Arc, time::Duration};

use mpc::{
    client::{ClientConfig, ClientError, Participant},
    net::{
        FrameKind, NodeIndex, Step,
        cheat::{Cheat, CheatKind},
        frame::Header,
        identity::Identity,
        tls::Dialer,
    },
    node::{
        SessionTerms,
        exchange::{ComponentPlace, Progress, Refusal, Reply, Request, Submission, commit},
        log,
        program::{Secret, SharePair},
    },
};
use node_circle::{Circle, PATIENCE, circle, now_ms, start, terms, with};

const NAMES: [&str; 3] = ["anna", "bert", "cleo"];

fn sum_of(participant: &Participant, terms: &SessionTerms) -> (u64, Vec<(String, Vec<i128>)>) {
    let result = participant.result(terms, PATIENCE).unwrap();
    let own = result.own.iter().map(|(name, numbers)| (name.clone(), numbers.to_vec())).collect();
    (result.public["sum"].as_u64().unwrap(), own)
}

fn opened(circle: &Circle, terms: SessionTerms) -> SessionTerms {
    circle.participants[0].open(&terms).unwrap();
    terms
}

/// One raw question to one node with a participant's certificate.
fn raw(config: &ClientConfig, node: usize, request: &Request) -> Reply {
    let identity = Identity::read(&config.authority, &config.certificate, &config.key).unwrap();
    let place = &config.nodes[node];
    let mut link = Dialer::new(Arc::new(identity))
        .unwrap()
        .dial(&place.address, place.fingerprint, PATIENCE)
        .unwrap();
    let header = Header { kind: FrameKind::Data, session: 0, function: 0, step: Step(0), items: 1 };
    link.send(&header, &request.encode(), PATIENCE).unwrap();
    let mut payload = Vec::new();
    link.receive(&mut payload, PATIENCE).unwrap();
    Reply::decode(&payload).unwrap()
}

#[test]
fn everybody_gets_the_sum_and_nobody_gets_what_belongs_to_another() {
    let circle = circle(&NAMES, |_| {});
    let terms = opened(&circle, terms(7, &NAMES));
    let receipts: Vec<_> = circle
        .participants
        .iter()
        .zip([10, 20, 300])
        .map(|(participant, number)| participant.submit(&terms, &[number]).unwrap())
        .collect();
    for (participant, own) in circle.participants.iter().zip([20, 40, 600]) {
        assert_eq!(sum_of(participant, &terms), (330, vec![("double".to_owned(), vec![own])]));
    }
    let result = circle.participants[0].result(&terms, PATIENCE).unwrap();
    assert_eq!(result.contributors, NAMES);
    for statistics in &result.statistics {
        let names: Vec<&str> = statistics.phases.iter().map(|phase| &*phase.name).collect();
        assert_eq!(names, ["meet", "agree", "compute", "confirm"]);
        assert_eq!(statistics.compute.open.sent_bytes, 2 * 34);
        assert_eq!(statistics.compute.total().rounds, 1);
        assert!(statistics.total().elapsed_ns > 0);
    }
    // Opened, three submissions, run, agreed, finished, three collections, and the start.
    assert_eq!(circle.participants[1].audit(&receipts).unwrap(), [11, 11, 11]);
}

#[test]
fn a_session_is_invisible_to_those_who_are_not_invited() {
    let circle = circle(&["anna", "bert", "cleo", "dora"], |_| {});
    let terms = opened(&circle, terms(7, &NAMES));
    let [anna, bert, cleo, dora] = circle.participants.as_slice() else { panic!("four") };
    for participant in [anna, bert, cleo] {
        participant.submit(&terms, &[1]).unwrap();
    }
    assert_eq!(sum_of(bert, &terms).0, 3);
    assert!(dora.sessions().unwrap().is_empty());
    assert!(matches!(dora.submit(&terms, &[1]), Err(ClientError::NoSession { session: 7 })));
    let request = Request::Result { session: 7, wait_ms: 0 };
    let asked = raw(&circle.keys.clients[3], 0, &request);
    assert!(matches!(asked, Reply::Refused(Refusal::UnknownSession(7))));
    let refused = dora.open(&node_circle::terms(8, &NAMES)).unwrap_err();
    let refusal = Refusal::NotAllowed;
    let not_allowed =
        matches!(&refused, ClientError::Refused { refusal: found, .. } if *found == refusal);
    assert!(not_allowed, "{refused}");
}

#[test]
fn a_session_number_works_once_also_after_a_restart() {
    let mut circle = circle(&NAMES, |_| {});
    let terms = opened(&circle, terms(7, &NAMES));
    for participant in &circle.participants {
        participant.submit(&terms, &[5]).unwrap();
    }
    assert_eq!(sum_of(&circle.participants[0], &terms).0, 15);
    let replayed = |circle: &Circle| {
        let again = circle.participants[0].open(&terms).unwrap_err();
        matches!(again, ClientError::Refused { refusal: Refusal::Replayed(7), .. })
    };
    assert!(replayed(&circle));
    let again = circle.participants[1].submit(&terms, &[5]).unwrap_err();
    assert!(matches!(again, ClientError::Refused { refusal: Refusal::Closed(7), .. }), "{again}");

    circle.nodes.clear();
    circle.nodes = circle.keys.nodes.iter().map(start).collect();
    assert!(replayed(&circle));
    let gone = circle.participants[0].result(&terms, Duration::ZERO).map(|_| ()).unwrap_err();
    assert!(matches!(gone, ClientError::Refused { refusal: Refusal::Replayed(7), .. }), "{gone}");
}

#[test]
fn participants_who_contradict_each_other_are_told_before_anything_is_computed() {
    let circle = circle(&NAMES, |_| {});
    let right = opened(&circle, with(terms(7, &NAMES), "tick", 1));
    let wrong = with(right.clone(), "tick", 2);
    circle.participants[0].submit(&right, &[1]).unwrap();
    let text = circle.participants[1].submit(&wrong, &[2]).unwrap_err().to_string();
    assert!(text.contains("the terms of session 7 are different here"), "{text}");
    let text = circle.participants[0].open(&wrong).unwrap_err().to_string();
    assert!(text.contains("the terms of session 7 are different here"), "{text}");
    let view = circle.participants[1].session(7).unwrap();
    assert_eq!((view.submissions, view.terms), ([1, 1, 1], right));
}

#[test]
fn nodes_with_different_terms_are_noticed_by_participants_and_by_each_other() {
    let ours = terms(7, &["anna", "bert"]);
    let theirs = with(ours.clone(), "tick", 3);
    let circle = circle(&NAMES, |keys| {
        keys.nodes[0].sessions = vec![ours.clone()];
        keys.nodes[1].sessions = vec![ours.clone()];
        keys.nodes[2].sessions = vec![theirs.clone()];
    });
    let error = circle.participants[0].sessions().unwrap_err().to_string();
    assert_eq!(error, "the nodes do not agree about the terms of session 7");

    // Shares that get through nevertheless are of no use: the nodes do not run.
    for name in 0..2 {
        let participant = &circle.participants[name];
        assert!(participant.submit(&ours, &[1]).is_err());
        assert!(participant.submit(&theirs, &[1]).is_err());
    }
    let error = circle.participants[0].result(&ours, PATIENCE).map(|_| ()).unwrap_err();
    let ClientError::NoResult { reasons, .. } = error else { panic!("{error}") };
    assert!(
        reasons.iter().any(|(_, reason)| reason.contains("different parameters")),
        "{reasons:?}"
    );
}

#[test]
fn too_few_contributors_give_no_result_at_the_deadline() {
    let circle = circle(&NAMES, |_| {});
    let mut terms = terms(7, &NAMES);
    terms.deadline_ms = now_ms() + 700;
    let terms = opened(&circle, terms);
    circle.participants[0].submit(&terms, &[1]).unwrap();
    let error = circle.participants[0].result(&terms, PATIENCE).map(|_| ()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("P0 says: 1 submissions where at least 2 are needed"), "{text}");
    let late = circle.participants[1].submit(&terms, &[1]).unwrap_err();
    assert!(matches!(late, ClientError::Refused { refusal: Refusal::Closed(7), .. }), "{late}");
}

/// A submission whose shares are what the caller wants, with honest or forged commitments.
fn forged(terms: &SessionTerms, number: usize, node: usize, parts: [u64; 3]) -> Submission {
    let terms_hash = terms.hash();
    let components = parts.map(|part| Secret::new(part.to_le_bytes().to_vec()));
    let nonces = [[1; 32], [2; 32], [3; 32]];
    let commitments = [0_u8, 1, 2].map(|component| {
        let place = ComponentPlace {
            session: terms.session,
            terms_hash: &terms_hash,
            participant: number,
            component,
        };
        let index = usize::from(component);
        commit(place, &nonces[index], &components[index])
    });
    let second = (node + 1) % 3;
    Submission {
        session: terms.session,
        terms_hash,
        commitments,
        shares: SharePair { first: components[node].clone(), second: components[second].clone() },
        nonces: [nonces[node], nonces[second]],
    }
}

#[test]
fn a_participant_that_gives_different_shares_to_different_nodes_does_not_count() {
    let circle = circle(&NAMES, |_| {});
    let terms = opened(&circle, terms(7, &NAMES));
    circle.participants[0].submit(&terms, &[10]).unwrap();
    circle.participants[1].submit(&terms, &[20]).unwrap();
    for node in 0..3 {
        // The middle component is another one at node 1 than at node 0.
        let parts = if node == 1 { [1, 9, 3] } else { [1, 2, 3] };
        let request = Request::Submit(Box::new(forged(&terms, 2, node, parts)));
        let reply = raw(&circle.keys.clients[2], node, &request);
        assert!(matches!(reply, Reply::Noted(_)));
    }
    assert_eq!(sum_of(&circle.participants[0], &terms).0, 30);
    let cheater = circle.participants[2].result(&terms, PATIENCE).unwrap();
    assert_eq!(cheater.contributors, ["anna", "bert"]);
    assert!(cheater.own.is_empty());
}

#[test]
fn shares_that_do_not_fit_are_refused_at_once() {
    let circle = circle(&NAMES, |_| {});
    let terms = opened(&circle, terms(7, &NAMES));
    let send = |submission: Submission| match raw(
        &circle.keys.clients[2],
        0,
        &Request::Submit(Box::new(submission)),
    ) {
        Reply::Refused(refusal) => refusal.to_string(),
        _ => "taken".to_owned(),
    };
    let mut short = forged(&terms, 2, 0, [1, 2, 3]);
    short.shares.second.pop();
    assert!(send(short).contains("component 1 has 7 bytes, not 8"));
    let mut open = forged(&terms, 2, 0, [1, 2, 3]);
    open.nonces[0][0] ^= 1;
    assert!(send(open).contains("component 0 is not what its commitment says"));
    assert!(send(forged(&terms, 1, 0, [1, 2, 3])).contains("component 0 is not what"));
    assert_eq!(send(forged(&terms, 2, 0, [1, 2, 3])), "taken");
    assert_eq!(send(forged(&terms, 2, 0, [1, 2, 3])), "taken");
    assert!(send(forged(&terms, 2, 0, [1, 2, 4])).contains("already submitted something else"));
    let error = circle.participants[0].submit(&terms, &[-1]).unwrap_err();
    assert!(matches!(error, ClientError::Input(_)), "{error}");
}

#[test]
fn a_node_takes_no_more_than_its_limits() {
    let circle = circle(&NAMES, |keys| {
        for node in &mut keys.nodes {
            node.limits.sessions = 2;
            node.limits.all_submission_bytes = 40;
        }
    });
    let open = |number| circle.participants[0].open(&terms(number, &NAMES)).map(|_| ());
    let first = opened(&circle, terms(1, &NAMES));
    open(2).unwrap();
    assert!(open(3).unwrap_err().to_string().contains("the node is full: 2 sessions"));
    circle.participants[0].submit(&first, &[1]).unwrap();
    circle.participants[1].submit(&first, &[1]).unwrap();
    let full = circle.participants[2].submit(&first, &[1]).unwrap_err().to_string();
    assert!(full.contains("32 bytes of inputs are waiting"), "{full}");
    let mut greedy = terms(2, &NAMES);
    greedy.limits.run_ms = 3_600_000;
    let refused = circle.participants[0].open(&greedy).unwrap_err().to_string();
    assert!(
        refused.contains("different here") || refused.contains("above this node's"),
        "{refused}"
    );
    let unknown = circle.participants[0].open(&terms(4, &["anna", "nobody"])).unwrap_err();
    assert!(unknown.to_string().contains("participant `nobody` is not known"), "{unknown}");
    let mut open_mode = terms(4, &NAMES);
    open_mode.mode = mpc::net::hello::Mode::SemiHonest;
    let refused = circle.participants[0].open(&open_mode).unwrap_err().to_string();
    assert!(refused.contains("no session without a check"), "{refused}");
}

#[test]
fn a_cheating_node_makes_the_honest_ones_stop_and_nobody_gets_anything() {
    for kind in [CheatKind::Flip, CheatKind::Drop, CheatKind::Truncate, CheatKind::Add] {
        let circle = circle(&NAMES, |keys| {
            keys.nodes[1].cheat = Some(Cheat { kind, message: 1 });
        });
        let mut terms = terms(7, &NAMES);
        terms.limits.step_ms = 500;
        let terms = opened(&circle, terms);
        for participant in &circle.participants {
            participant.submit(&terms, &[1]).unwrap();
        }
        for participant in &circle.participants {
            let error = participant.result(&terms, PATIENCE).map(|_| ()).unwrap_err();
            let ClientError::NoResult { reasons, .. } = &error else { panic!("{kind:?}: {error}") };
            assert!(reasons.iter().any(|(node, _)| node.get() != 1), "{kind:?}: {error}");
        }
        let view = circle.participants[0].session(7).unwrap();
        let failed = |progress: &Progress| matches!(progress, Progress::Failed(_));
        assert!(view.progress.iter().all(failed), "{kind:?}: {view:?}");
    }
}

#[test]
fn a_log_shows_whether_it_was_changed() {
    let mut circle = circle(&NAMES, |_| {});
    let terms = opened(&circle, terms(7, &NAMES));
    let receipt = circle.participants[0].submit(&terms, &[1]).unwrap();
    let lines = circle.participants[0].log_of(NodeIndex::ALL[1]).unwrap();
    let path = circle.keys.nodes[1].folder.join("mpc.log");
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().collect::<Vec<_>>(), lines);

    // The node forgets the submission and writes a new, consistent history.
    circle.nodes.clear();
    std::fs::write(&path, format!("{}\n{}\n", lines[0], lines[1])).unwrap();
    circle.nodes = circle.keys.nodes.iter().map(start).collect();
    let error = circle.participants[0].audit(std::slice::from_ref(&receipt)).unwrap_err();
    let named = matches!(&error, ClientError::Log { node, source: log::LogError::Replaced { .. } }
        if *node == NodeIndex::ALL[1]);
    assert!(named, "{error}");
}
