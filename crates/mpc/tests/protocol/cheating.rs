//! One node changes one message: the honest ones stop, or what they have is right.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use mpc::{
    engine::{Completed, RunError},
    field::Fe,
    function::{
        Function, Parameters, PlainOutputs, catalogue,
        rehearsal::{Rehearsal, Stopped},
    },
    net::{
        FrameKind, NodeIndex, Step,
        memory::{Fate, Message},
    },
};

use crate::three_nodes::together;

/// A function, small inputs, and what is right.
struct Case {
    name: &'static str,
    function: Box<dyn Function>,
    inputs: Vec<Vec<i128>>,
}

fn case(name: &'static str, parameters: &Parameters, inputs: Vec<Vec<i128>>) -> Case {
    let function = catalogue::build(name, parameters).unwrap();
    Case { name, function, inputs }
}

fn cases() -> Vec<Case> {
    vec![
        case(
            "vwap_floor",
            &Parameters::new()
                .with("participants", [2])
                .with("low", [90])
                .with("high", [110])
                .with("minimum_contributors", [2]),
            vec![vec![1_000, 10], vec![2_100, 20]],
        ),
        case(
            "match_midpoint",
            &Parameters::new().with("orders", [2, 1]).with("sequence", [0, 2, 1]),
            vec![vec![1, 5, 0, 3], vec![1, 4]],
        ),
        case(
            "crossed_market",
            &Parameters::new().with("participants", [2]).with("minimum_edge", [1]),
            vec![vec![10, 12, 3, 4], vec![5, 7, 6, 8]],
        ),
        case(
            "median",
            &Parameters::new().with("participants", [3]),
            vec![vec![8], vec![-5], vec![70]],
        ),
        case(
            "auction",
            &Parameters::new().with("prices", [2]).with("priority", [0, 1]),
            vec![vec![9, 4, 0, 0], vec![0, 0, 3, 5]],
        ),
    ]
}

type Seen = Arc<Mutex<Vec<FrameKind>>>;

/// A run in which one node treats one of its messages specially; what each node sent.
fn run(
    case: &Case,
    patience: Duration,
    liar: NodeIndex,
    mut lie: impl FnMut(u32, &mut Message) -> Fate + Send + 'static,
) -> ([Result<Completed, RunError>; 3], [Vec<FrameKind>; 3]) {
    let rehearsal = Rehearsal { patience, ..Rehearsal::new(7) };
    let mut channels = rehearsal.channels();
    let seen: [Seen; 3] = std::array::from_fn(|_| Seen::default());
    for node in NodeIndex::ALL {
        let seen = Arc::clone(&seen[node.get()]);
        if node != liar {
            channels[node.get()].tamper(Box::new(move |_, message| {
                seen.lock().unwrap().push(message.kind);
                Fate::Deliver
            }));
        }
    }
    let own = Arc::clone(&seen[liar.get()]);
    channels[liar.get()].tamper(Box::new(move |number, message| {
        own.lock().unwrap().push(message.kind);
        lie(number, message)
    }));
    let values: Vec<Vec<Fe>> = case
        .inputs
        .iter()
        .map(|inputs| inputs.iter().map(|value| Fe::from_i128(*value)).collect())
        .collect();
    let shares = rehearsal.share(&values);
    let results = rehearsal.run_over(&*case.function, shares, &mut channels, &[&Stopped; 3]);
    (results, seen.map(|seen| seen.lock().unwrap().clone()))
}

/// What the two honest nodes make of it: right answers, or nothing.
fn judge(
    case: &Case,
    liar: NodeIndex,
    results: [Result<Completed, RunError>; 3],
    expected: &PlainOutputs,
) -> bool {
    let mut stopped = false;
    for (node, result) in NodeIndex::ALL.into_iter().zip(results) {
        match result {
            Ok(completed) if node != liar => {
                assert_eq!(completed.outputs.public, expected.public, "{}", case.name);
            }
            Err(_) if node != liar => stopped = true,
            _ => {}
        }
    }
    stopped
}

/// Whether the last thing a node did was to open a value that a check had to precede. What is
/// opened behind a mask follows a product; an answer follows a check.
fn opened_an_answer(sent: &[FrameKind]) -> bool {
    let last_open = sent.iter().rposition(|kind| *kind == FrameKind::Open);
    let before = last_open.and_then(|place| sent.get(place.checked_sub(1)?));
    !matches!(sent.last(), Some(FrameKind::Proof | FrameKind::Data))
        && before != Some(&FrameKind::Data)
}

#[test]
fn every_changed_bit_of_every_message_stops_the_run_before_anything_is_opened() {
    for case in cases() {
        let expected = case.function.reference(&case.inputs).unwrap();
        let patience = Duration::from_secs(10);
        for liar in NodeIndex::ALL {
            let (results, sent) = run(&case, patience, liar, |_, _| Fate::Deliver);
            assert_eq!(together(results), Ok(expected.clone()));
            let kinds = sent[liar.get()].clone();
            for (target, kind) in kinds.iter().enumerate() {
                let lie = move |number: u32, message: &mut Message| {
                    if number as usize == target && !message.payload.is_empty() {
                        let place = target * 7 % message.payload.len();
                        // The lowest bit: the unused ends of planes are refused anyway.
                        message.payload[place] ^= 1;
                    }
                    Fate::Deliver
                };
                let (results, sent) = run(&case, patience, liar, lie);
                let stopped = judge(&case, liar, results, &expected);
                assert!(stopped, "{}: {liar} changed message {target}", case.name);
                if *kind == FrameKind::Data {
                    for node in [liar.next(), liar.previous()] {
                        let sent = &sent[node.get()];
                        assert!(!opened_an_answer(sent), "{} {node}: {target}", case.name);
                    }
                }
            }
        }
    }
}

#[test]
fn a_field_element_that_is_off_by_one_is_found_like_any_other_error() {
    let case = &cases()[1];
    let expected = case.function.reference(&case.inputs).unwrap();
    let liar = NodeIndex::ALL[1];
    let (_, sent) = run(case, Duration::from_secs(10), liar, |_, _| Fate::Deliver);
    for target in 0..sent[1].len() {
        let lie = move |number: u32, message: &mut Message| {
            if number as usize == target {
                for byte in &mut message.payload {
                    let (value, carry) = byte.overflowing_add(1);
                    *byte = value;
                    if !carry {
                        break;
                    }
                }
            }
            Fate::Deliver
        };
        let (results, _) = run(case, Duration::from_secs(10), liar, lie);
        assert!(judge(case, liar, results, &expected), "message {target}");
    }
}

#[test]
fn lost_repeated_cut_and_misnumbered_messages_stop_the_run_or_change_nothing() {
    let case = &cases()[1];
    let expected = case.function.reference(&case.inputs).unwrap();
    let patience = Duration::from_millis(250);
    let liar = NodeIndex::ALL[2];
    let (_, sent) = run(case, Duration::from_secs(10), liar, |_, _| Fate::Deliver);
    let count = sent[2].len();
    for target in 0..count {
        for way in 0..5 {
            let lie = move |number: u32, message: &mut Message| {
                if number as usize != target {
                    return Fate::Deliver;
                }
                match way {
                    0 if target % 5 == 0 => return Fate::Lose,
                    0 | 1 => return Fate::Repeat,
                    2 => drop(message.payload.pop()),
                    3 => message.step = Step(message.step.0 + 1),
                    _ => message.items += 1,
                }
                Fate::Deliver
            };
            let (results, _) = run(case, patience, liar, lie);
            let stopped = judge(case, liar, results, &expected);
            // Nobody listens after the last message, so its copy is not seen.
            assert!(stopped || (way < 2 && target + 3 > count), "way {way}, message {target}");
        }
    }
}

#[test]
fn different_input_shares_at_two_nodes_are_noticed_before_anything_is_computed() {
    let case = &cases()[0];
    let rehearsal = Rehearsal::new(3);
    let share = |values: [i128; 2]| {
        rehearsal.share(&[values.map(Fe::from_i128).to_vec(), vec![Fe::from_i128(1); 2]])
    };
    let [first, second, third] = share([1_000, 10]);
    // With the same seed only the third component differs: node 1 is told another number.
    let [_, other, _] = share([1_000, 11]);
    drop(second);
    let mut channels = rehearsal.channels();
    let shares = [first, other, third];
    let results = rehearsal.run_over(&*case.function, shares, &mut channels, &[&Stopped; 3]);
    let noticed = results
        .into_iter()
        .filter_map(Result::err)
        .any(|error| error == RunError::InconsistentInput { participant: 0 });
    assert!(noticed);
}

#[test]
fn both_holders_of_a_wrong_component_refuse_to_go_on() {
    let case = &cases()[1];
    for liar in NodeIndex::ALL {
        // The same lie to both neighbours about an opened component and its hash.
        let lie = |_: u32, message: &mut Message| {
            if matches!(message.kind, FrameKind::Open | FrameKind::Hash) && message.items == 2 {
                message.payload[0] ^= 4;
            }
            Fate::Deliver
        };
        let (results, _) = run(case, Duration::from_secs(10), liar, lie);
        let expected = case.function.reference(&case.inputs).unwrap();
        assert!(judge(case, liar, results, &expected));
    }
}
