//! Who may take part in a run, and what all must agree on before it begins.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure is the test's answer, and small numbers stay small"
)]

mod net_circle;

use std::{net::TcpListener, sync::Arc, thread, time::Duration};

use mpc::net::{
    NodeIndex,
    hello::{Agreement, Hello, Mismatch, Mode},
    identity::{Authority, Fingerprint, Identity, IdentityError},
    link::LinkError,
    meeting::MeetingError,
    tls::{Acceptor, Dialer},
};
use net_circle::{PATIENCE, circle, header_of, identity};

const P0: NodeIndex = NodeIndex::ALL[0];
const P1: NodeIndex = NodeIndex::ALL[1];
const P2: NodeIndex = NodeIndex::ALL[2];

/// All ways in which one node's view may differ, with the word that the refusal must contain.
fn differences(own: &Agreement) -> Vec<(&'static str, Agreement)> {
    let mut limits = own.limits;
    limits.max_gates += 1;
    let mut nodes = own.nodes;
    nodes.swap(0, 2);
    vec![
        ("functions", Agreement { function: 78, ..own.clone() }),
        ("sessions", Agreement { session: 9, ..own.clone() }),
        ("parameters", Agreement { parameters: [9; 32], ..own.clone() }),
        ("participants", Agreement { participants: [9; 32], ..own.clone() }),
        ("node certificates", Agreement { nodes, ..own.clone() }),
        ("modes", Agreement { mode: Mode::SemiHonest, ..own.clone() }),
        ("limits", Agreement { limits, ..own.clone() }),
    ]
}

#[test]
fn a_hello_survives_the_wire_and_any_difference_is_named() {
    let circle = circle();
    let own = circle.agreement(4);
    let header = header_of(&own, mpc::net::FrameKind::Hello, 0, 1);
    let sent = Hello::new(own.clone(), P1, P0, [7; 32]);
    let hello = Hello::decode(&header, &sent.encode()).unwrap();
    assert_eq!(hello, sent);
    assert_eq!(hello.check(&own, P0, P1), Ok(()));
    for (what, other) in differences(&own) {
        let found = hello.check(&other, P0, P1);
        let named = matches!(found, Err(Mismatch::Different { what: named, .. }) if named == what);
        assert!(named, "{what}: {found:?}");
    }
    let sender = hello.check(&own, P0, P2).unwrap_err().to_string();
    assert_eq!(sender, "different senders: P1 there, P2 here");
    let mut old = sent.encode();
    old[0] = 2;
    let old = Hello::decode(&header, &old).unwrap().check(&own, P0, P1).unwrap_err();
    assert_eq!(old.to_string(), "different protocol versions: 2 there, 1 here");
    let mut mode = sent.encode();
    mode[4] = 3;
    assert!(Hello::decode(&header, &mode).unwrap().check(&own, P0, P1).is_err());
    let short = Hello::decode(&header, &sent.encode()[1..]);
    assert!(matches!(short, Err(Mismatch::Length { .. })));
}

#[test]
fn nodes_that_disagree_do_not_run_and_each_hears_why() {
    let circle = circle();
    let own = circle.agreement(5);
    let other = Agreement { parameters: [9; 32], ..own.clone() };
    let errors = circle
        .run_all(|me| {
            let agreement = if me == P2 { &other } else { &own };
            circle.meet(me, agreement, Duration::from_secs(2)).map(|_| ())
        })
        .map(Result::unwrap_err);
    for (me, error) in NodeIndex::ALL.into_iter().zip(&errors) {
        let text = error.to_string();
        let clear = match error {
            MeetingError::Different { .. } | MeetingError::Refused { .. } => {
                text.contains("different parameters")
            }
            // A node that agrees with the one it reached first may see the other one give up.
            MeetingError::Missing { .. } | MeetingError::Broken { .. } => me != P2,
            _ => false,
        };
        assert!(clear, "{me}: {text}");
    }
}

#[test]
fn a_node_that_never_comes_is_named() {
    let circle = circle();
    let agreement = circle.agreement(6);
    let limit = Duration::from_millis(400);
    let met = circle.meet(P0, &agreement, limit).map(|_| ()).unwrap_err();
    let named = matches!(met, MeetingError::Missing { limit_ms: 400, .. });
    assert!(named || matches!(met, MeetingError::Unreachable { limit_ms: 400, .. }), "{met}");
}

/// One connection from `dialer` to `acceptor`: what either end says.
fn connect(
    dialer: &Dialer,
    pinned: Fingerprint,
    acceptor: &Acceptor,
) -> (Result<(), LinkError>, Result<Fingerprint, LinkError>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::scope(|scope| {
        let accepted = scope.spawn(|| {
            let (socket, _) = listener.accept().unwrap();
            let mut link = acceptor.accept(socket, PATIENCE)?;
            let peer = link.peer();
            let header = header_of(&circle_free_agreement(), mpc::net::FrameKind::Data, 0, 1);
            link.send(&header, &[1], PATIENCE)?;
            link.close();
            Ok(peer)
        });
        let dialled = dialer.dial(&address, pinned, PATIENCE).and_then(|mut link| {
            // The dialler learns only from the first answer that it was not accepted.
            link.receive(&mut Vec::new(), PATIENCE).map(|_| ())
        });
        (dialled, accepted.join().unwrap())
    })
}

fn circle_free_agreement() -> Agreement {
    Agreement {
        session: 1,
        function: 1,
        parameters: [0; 32],
        participants: [0; 32],
        nodes: [Fingerprint::from_bytes([0; 32]); 3],
        mode: Mode::Malicious,
        limits: mpc::net::hello::RunLimits::default(),
    }
}

#[test]
fn the_right_node_is_let_in_and_known_by_its_certificate() {
    let circle = circle();
    let [first, second, _] = &circle.nodes;
    let pinned = second.identity.fingerprint();
    let (dialled, accepted) = connect(&first.dialer, pinned, &second.acceptor);
    assert!(dialled.is_ok(), "{dialled:?}");
    assert_eq!(accepted.unwrap(), first.identity.fingerprint());
}

#[test]
fn the_right_authority_is_not_enough_when_it_is_the_wrong_node() {
    let circle = circle();
    let [first, second, third] = &circle.nodes;
    let pinned = third.identity.fingerprint();
    let (dialled, accepted) = connect(&first.dialer, pinned, &second.acceptor);
    let refusal = dialled.unwrap_err().to_string();
    assert!(refusal.contains("ApplicationVerificationFailure"), "{refusal}");
    assert!(matches!(accepted, Err(LinkError::Tls(_))), "{accepted:?}");
}

#[test]
fn a_stranger_with_a_certificate_of_our_authority_is_not_let_in() {
    let circle = circle();
    let issued = circle.authority.issue("stranger").unwrap();
    let stranger = identity(&circle.authority, &issued, circle.folder.path(), "stranger");
    let dialer = Dialer::new(Arc::new(stranger)).unwrap();
    let node = &circle.nodes[1];
    let (dialled, accepted) = connect(&dialer, node.identity.fingerprint(), &node.acceptor);
    let refusal = accepted.unwrap_err().to_string();
    assert!(refusal.contains("ApplicationVerificationFailure"), "{refusal}");
    let told = dialled.unwrap_err().to_string();
    assert!(told.contains("AccessDenied"), "{told}");
}

#[test]
fn a_certificate_of_another_authority_is_worth_nothing_on_either_side() {
    let circle = circle();
    let foreign = Authority::new("another authority", 1).unwrap();
    let issued = foreign.issue("node1").unwrap();
    let impostor = identity(&foreign, &issued, circle.folder.path(), "impostor");
    let impostor = Arc::new(impostor);
    let node = &circle.nodes[0];

    // It listens, and even its fingerprint is what we expect.
    let known = [node.identity.fingerprint()].into();
    let acceptor = Acceptor::new(&impostor, known).unwrap();
    let (dialled, _) = connect(&node.dialer, impostor.fingerprint(), &acceptor);
    let refusal = dialled.unwrap_err().to_string();
    assert!(refusal.contains("UnknownIssuer") || refusal.contains("BadSignature"), "{refusal}");

    // It calls, accepts us, and its fingerprint is on our list.
    let path = |name: &str| circle.folder.path().join(name);
    let caller =
        Identity::read(&path("node0.authority"), &path("impostor.crt"), &path("impostor.key"));
    let dialer = Dialer::new(Arc::new(caller.unwrap())).unwrap();
    let known = [impostor.fingerprint()].into();
    let acceptor = Acceptor::new(&node.identity, known).unwrap();
    let (_, accepted) = connect(&dialer, node.identity.fingerprint(), &acceptor);
    let refusal = accepted.unwrap_err().to_string();
    assert!(refusal.contains("UnknownIssuer") || refusal.contains("BadSignature"), "{refusal}");
}

#[test]
fn a_key_that_is_not_the_certificates_and_files_without_keys_are_refused_by_name() {
    let circle = circle();
    let folder = circle.folder.path();
    let path = |name: &str| folder.join(name);
    let mixed =
        Identity::read(&path("node0.authority"), &path("node0.crt"), &path("node1.key")).unwrap();
    assert!(matches!(Dialer::new(Arc::new(mixed)), Err(IdentityError::Unusable { .. })));
    let no_key = Identity::read(&path("node0.authority"), &path("node0.crt"), &path("node0.crt"));
    let text = no_key.map(|_| ()).unwrap_err().to_string();
    assert!(text.contains("node0.crt holds no private key in PEM"), "{text}");
    let absent = Identity::read(&path("node0.authority"), &path("node9.crt"), &path("node0.key"));
    let text = absent.map(|_| ()).unwrap_err().to_string();
    assert!(text.contains("cannot read") && text.contains("node9.crt"), "{text}");
    let issued = circle.authority.issue("node0").unwrap();
    let text = issued.write(folder, "node0").unwrap_err().to_string();
    assert!(text.contains("cannot write") && text.contains("node0.crt"), "{text}");
}

#[test]
fn a_fingerprint_is_sixty_four_digits() {
    let text = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let fingerprint: Fingerprint = text.parse().unwrap();
    assert_eq!(fingerprint.to_string(), text);
    let json = serde_json::to_string(&fingerprint).unwrap();
    assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), fingerprint);
    let error = "12ab".parse::<Fingerprint>().unwrap_err().to_string();
    assert_eq!(error, "`12ab` is not a fingerprint: 64 hexadecimal digits are expected");
}
