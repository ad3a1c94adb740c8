//! The lying channel does what it says, and its command line is read exactly.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::time::Duration;

use mpc::net::{
    Channel as _, ChannelError, FrameKind, NodeIndex,
    cheat::{Cheat, CheatKind, CheatingChannel, CheatingNode},
    memory::network,
};

const P0: NodeIndex = NodeIndex::ALL[0];
const P1: NodeIndex = NodeIndex::ALL[1];

/// What P1 receives when P0 sends 3, 255 and 5 with two bytes each, and changes the second.
fn received(kind: CheatKind) -> Vec<Result<Vec<u8>, ChannelError>> {
    let [mut honest, mut other, _third] = network(Duration::from_millis(50));
    let mut liar = CheatingChannel::new(&mut honest, Cheat { kind, message: 1 });
    for message in [[3, 0], [255, 0], [5, 0]] {
        liar.send(P1, FrameKind::Data, 1, &message).unwrap();
    }
    let receive = |_| {
        let mut payload = Vec::new();
        other.receive(P0, FrameKind::Data, 1, &mut payload).map(|()| payload)
    };
    (0..3).map(receive).collect()
}

#[test]
fn each_kind_of_lie_changes_exactly_one_message() {
    let rows: [(CheatKind, [&[u8]; 3]); 6] = [
        (CheatKind::Flip, [&[3, 0], &[254, 0], &[5, 0]]),
        (CheatKind::Add, [&[3, 0], &[0, 1], &[5, 0]]),
        (CheatKind::Swap, [&[3, 0], &[0, 255], &[5, 0]]),
        (CheatKind::Replay, [&[3, 0], &[3, 0], &[5, 0]]),
        (CheatKind::Truncate, [&[3, 0], &[255], &[5, 0]]),
        (CheatKind::Duplicate, [&[3, 0], &[255, 0], &[255, 0]]),
    ];
    for (kind, expected) in rows {
        let expected: Vec<_> = expected.iter().map(|bytes| Ok(bytes.to_vec())).collect();
        assert_eq!(received(kind), expected, "{kind:?}");
    }
    let dropped = received(CheatKind::Drop);
    assert_eq!(dropped[..2], [Ok(vec![3, 0]), Ok(vec![5, 0])]);
    assert!(matches!(dropped[2], Err(ChannelError::Late { .. })));
}

#[test]
fn a_cheat_is_read_from_a_command_line_and_written_back() {
    let cheat: CheatingNode = "node=1,kind=flip".parse().unwrap();
    let expected = Cheat { kind: CheatKind::Flip, message: 0 };
    assert_eq!((cheat.node, cheat.cheat), (P1, expected));
    for text in ["node=0,kind=drop,message=7", "node=2,kind=duplicate,message=0"] {
        assert_eq!(text.parse::<CheatingNode>().unwrap().to_string(), text);
    }
    for (text, part) in [
        ("node=3,kind=flip", "a node is 0, 1 or 2"),
        ("kind=flip", "a node is 0, 1 or 2"),
        ("node=1", "a kind is missing"),
        ("node=1,kind=lie", "kinds are flip, add, swap, replay, drop, truncate, duplicate"),
        ("node=1,kind=flip,message=x", "`x` is not a message's number"),
        ("node=1;kind=flip", "a node is 0, 1 or 2"),
        ("node=1,kind=flip,colour=red", "`colour=red` is unknown"),
    ] {
        let error = text.parse::<CheatingNode>().unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}
