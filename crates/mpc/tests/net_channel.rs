//! Runs over real sockets: three nodes that follow the rules, and one that does not.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure is the test's answer, and small numbers stay small"
)]

mod net_circle;

use std::time::{Duration, Instant};

use mpc::net::{
    Channel as _, ChannelError, FrameKind, NodeIndex,
    frame::{self, MAX_LENGTH, MAX_PAYLOAD},
    hello::RunLimits,
};
use net_circle::{PATIENCE, circle, header_of, sum};

const P0: NodeIndex = NodeIndex::ALL[0];
const P1: NodeIndex = NodeIndex::ALL[1];
const P2: NodeIndex = NodeIndex::ALL[2];

#[test]
fn three_nodes_add_numbers_and_count_what_it_cost() {
    let circle = circle();
    let channels = circle.channels(&circle.agreement(1));
    let work = channels.map(std::sync::Mutex::new);
    let results = circle.run_all(|me| {
        let mut channel = work[me.get()].lock().unwrap();
        (sum(&mut channel, 10 + me.get() as u64), sum(&mut channel, 1))
    });
    assert!(results.iter().all(|result| *result == (Ok(33), Ok(3))), "{results:?}");
    for channel in work {
        let total = channel.into_inner().unwrap().finish().unwrap().total();
        assert_eq!((total.sent_frames, total.received_frames, total.rounds), (4, 4, 2));
        assert_eq!((total.sent_bytes, total.received_bytes), (4 * 34, 4 * 34));
        assert!(total.elapsed_ns >= total.waited_ns && total.waited_ns > 0);
    }
}

#[test]
fn each_pair_shares_a_key_that_is_new_in_each_session() {
    let circle = circle();
    let [a, b, c] = circle.channels(&circle.agreement(1));
    assert_eq!(a.pair_key(P1), b.pair_key(P0));
    assert_eq!(b.pair_key(P2), c.pair_key(P1));
    assert_eq!(c.pair_key(P0), a.pair_key(P2));
    let keys = [a.pair_key(P1), b.pair_key(P2), c.pair_key(P0)].map(Option::unwrap);
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
    assert_eq!(a.pair_key(P0), None);
    let [again, ..] = circle.channels(&circle.agreement(1));
    assert_ne!(a.pair_key(P1), again.pair_key(P1));
}

#[test]
fn the_largest_messages_cross_without_blocking_each_other() {
    let circle = circle();
    let mut agreement = circle.agreement(1);
    agreement.limits = RunLimits { step_ms: 60_000, run_ms: 60_000, ..agreement.limits };
    let work = circle.channels(&agreement).map(std::sync::Mutex::new);
    let payload: Vec<u8> = (0..MAX_PAYLOAD).map(|at| (at % 251) as u8).collect();
    let results = circle.run_all(|me| -> Result<bool, ChannelError> {
        let mut channel = work[me.get()].lock().unwrap();
        let mut received = Vec::new();
        let mut all_equal = true;
        for to in [me.next(), me.previous()] {
            channel.send(to, FrameKind::Data, 5, &payload)?;
        }
        for from in [me.next(), me.previous()] {
            channel.receive(from, FrameKind::Data, 5, &mut received)?;
            all_equal &= received == payload;
        }
        Ok(all_equal)
    });
    assert_eq!(results, [Ok(true), Ok(true), Ok(true)]);
}

#[test]
fn a_stalled_node_is_given_up_after_the_step_limit_and_the_error_stays() {
    let circle = circle();
    let mut agreement = circle.agreement(1);
    agreement.limits.step_ms = 300;
    let [mut a, _stalled, mut c] = circle.channels(&agreement);
    let start = Instant::now();
    let late = ChannelError::Late { from: P1, limit_ms: 300 };
    let mut payload = vec![1, 2, 3];
    assert_eq!(a.receive(P1, FrameKind::Data, 1, &mut payload), Err(late.clone()));
    assert!(start.elapsed() >= Duration::from_millis(300) && start.elapsed() < PATIENCE);
    assert!(payload.is_empty());
    assert_eq!(a.send(P2, FrameKind::Data, 1, &[1]), Err(late.clone()));
    let told = c.receive(P0, FrameKind::Data, 1, &mut payload);
    assert_eq!(told, Err(ChannelError::Aborted { from: P0, reason: late.to_string() }));
    assert_eq!(a.finish().map(|_| ()), Err(late));
}

#[test]
fn a_run_has_an_end_even_if_every_step_is_in_time() {
    let circle = circle();
    let mut agreement = circle.agreement(1);
    agreement.limits.run_ms = 200;
    let [mut a, mut b, _c] = circle.channels(&agreement);
    let mut payload = Vec::new();
    let error = loop {
        b.send(P0, FrameKind::Data, 1, &[7]).unwrap();
        if let Err(error) = a.receive(P1, FrameKind::Data, 1, &mut payload) {
            break error;
        }
    };
    assert_eq!(error, ChannelError::Late { from: P1, limit_ms: 200 });
}

#[test]
fn a_node_that_stops_tells_why_and_one_that_vanishes_is_noticed() {
    let circle = circle();
    let [mut a, mut b, c] = circle.channels(&circle.agreement(1));
    let mut payload = Vec::new();
    b.abort("the check failed");
    let aborted = ChannelError::Aborted { from: P1, reason: "the check failed".to_owned() };
    assert_eq!(a.receive(P1, FrameKind::Data, 1, &mut payload), Err(aborted));

    drop(c);
    let circle = net_circle::circle();
    let (mut first, _third, rogue) = circle.rogue(&circle.agreement(2));
    drop(rogue);
    let gone = first.receive(P1, FrameKind::Data, 1, &mut payload);
    assert_eq!(gone, Err(ChannelError::Closed { from: P1 }));
}

#[test]
fn a_run_may_not_exceed_its_bytes() {
    let circle = circle();
    let mut agreement = circle.agreement(1);
    agreement.limits.max_bytes = 1_000;
    let [mut a, _b, _c] = circle.channels(&agreement);
    a.send(P1, FrameKind::Data, 1, &[0; 974]).unwrap();
    let error = a.send(P2, FrameKind::Data, 1, &[0; 1]).unwrap_err();
    assert!(error.to_string().contains("limit of 1000 bytes"), "{error}");
}

/// What P0 says about one frame of a hostile P1.
fn verdict(send: impl FnOnce(&mut net_circle::Rogue, &mpc::net::hello::Agreement)) -> String {
    let circle = circle();
    let mut agreement = circle.agreement(4);
    agreement.limits.step_ms = 1_000;
    let (mut first, mut third, mut rogue) = circle.rogue(&agreement);
    send(&mut rogue, &agreement);
    let mut payload = Vec::new();
    let mut receive = || first.receive(P1, FrameKind::Data, 1, &mut payload);
    let error = receive().and_then(|()| receive()).unwrap_err();
    // The third node hears it from the first, whatever the second does.
    let told = third.receive(P0, FrameKind::Data, 1, &mut Vec::new()).unwrap_err();
    assert_eq!(told, ChannelError::Aborted { from: P0, reason: error.to_string() });
    error.to_string()
}

fn send_steps(steps: &'static [u32]) -> String {
    verdict(|rogue, agreement| {
        for step in steps {
            let header = header_of(agreement, FrameKind::Data, *step, 1);
            rogue.to_first.send(&header, &[1], PATIENCE).unwrap();
        }
    })
}

#[test]
fn repeated_and_skipped_frames_end_the_run() {
    assert_eq!(
        send_steps(&[1, 1]),
        "P1 sent something else than expected: repeated frame: step 1 came again, step 2 is due"
    );
    assert_eq!(
        send_steps(&[2]),
        "P1 sent something else than expected: skipped frame: step 2 came, step 1 is due"
    );
}

#[test]
fn frames_of_another_session_kind_or_size_end_the_run() {
    let other = verdict(|rogue, agreement| {
        let mut header = header_of(agreement, FrameKind::Data, 1, 1);
        header.session = 3;
        rogue.to_first.send(&header, &[1], PATIENCE).unwrap();
    });
    assert!(other.contains("session 3, function 77 in a run of session 4"), "{other}");
    let kind = verdict(|rogue, agreement| {
        let header = header_of(agreement, FrameKind::Open, 1, 1);
        rogue.to_first.send(&header, &[1], PATIENCE).unwrap();
    });
    assert!(kind.contains("Open of 1 items at step 1, where Data of 1 items is due"), "{kind}");
    let items = verdict(|rogue, agreement| {
        let header = header_of(agreement, FrameKind::Data, 1, 2);
        rogue.to_first.send(&header, &[1], PATIENCE).unwrap();
    });
    assert!(items.contains("Data of 2 items"), "{items}");
}

#[test]
fn oversized_and_truncated_frames_end_the_run() {
    let oversized = verdict(|rogue, _| {
        let mut bytes = (MAX_LENGTH as u32 + 1).to_le_bytes().to_vec();
        bytes.resize(frame::HEADER_BYTES, 1);
        rogue.to_first.send_bytes(&bytes, PATIENCE).unwrap();
    });
    assert!(oversized.contains("oversized frame: 16777217 bytes"), "{oversized}");
    let truncated = verdict(|rogue, agreement| {
        let mut bytes = Vec::new();
        let header = header_of(agreement, FrameKind::Data, 1, 1);
        frame::write(&header, &[9; 100], &mut bytes).unwrap();
        rogue.to_first.send_bytes(&bytes[..60], PATIENCE).unwrap();
        rogue.to_first.break_off();
    });
    assert!(truncated.contains("ended 66 bytes before the frame's end"), "{truncated}");
    let unfinished = verdict(|rogue, agreement| {
        let mut bytes = Vec::new();
        let header = header_of(agreement, FrameKind::Data, 1, 1);
        frame::write(&header, &[9; 100], &mut bytes).unwrap();
        rogue.to_first.send_bytes(&bytes[..10], PATIENCE).unwrap();
    });
    assert_eq!(unfinished, "P1 did not answer within 1000 ms");
    let garbage = verdict(|rogue, _| {
        rogue.to_first.send_bytes(&[22, 0, 0, 0, 9, 9].repeat(9), PATIENCE).unwrap();
    });
    assert!(garbage.contains("wire version 9"), "{garbage}");
}
