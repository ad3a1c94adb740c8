//! What a round costs between nodes on one machine, over mutually authenticated TLS.
//!
//! `cargo bench -p mpc --bench net_round_trip`. Node processes are threads here; their sockets,
//! certificates and encryption are real.
#![allow(clippy::print_stdout, reason = "a benchmark prints")]
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a benchmark may fail")]

#[path = "../tests/net_circle/mod.rs"]
mod net_circle;

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use mpc::net::{Channel as _, FrameKind, NodeIndex, TlsChannel, hello::RunLimits};

const ROUNDS: usize = 20_000;

fn median(mut samples: Vec<Duration>) -> [Duration; 3] {
    samples.sort();
    [50, 90, 99].map(|percent| samples[samples.len() * percent / 100])
}

fn report(name: &str, samples: Vec<Duration>) {
    let [half, most, nearly_all] = median(samples);
    println!("{name}: median {half:?}, 90 % within {most:?}, 99 % within {nearly_all:?}");
}

/// P0 sends to P1 and waits for the answer.
fn ping(channel: &mut TlsChannel, bytes: usize) -> Vec<Duration> {
    let (one, two) = (NodeIndex::ALL[0], NodeIndex::ALL[1]);
    let message = vec![7; bytes];
    let mut payload = Vec::new();
    let mut samples = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        if channel.me() == one {
            channel.send(two, FrameKind::Data, 1, &message).unwrap();
            channel.receive(two, FrameKind::Data, 1, &mut payload).unwrap();
        } else if channel.me() == two {
            channel.receive(one, FrameKind::Data, 1, &mut payload).unwrap();
            channel.send(one, FrameKind::Data, 1, &message).unwrap();
        }
        samples.push(start.elapsed());
    }
    samples
}

/// Every node sends to the one before and receives from the one after, as for a product.
fn ring(channel: &mut TlsChannel, bytes: usize) -> Vec<Duration> {
    let (before, after) = (channel.me().previous(), channel.me().next());
    let message = vec![7; bytes];
    let mut payload = Vec::new();
    let mut samples = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        channel.send(before, FrameKind::Data, 1, &message).unwrap();
        channel.receive(after, FrameKind::Data, 1, &mut payload).unwrap();
        samples.push(start.elapsed());
    }
    samples
}

fn main() {
    let circle = net_circle::circle();
    let mut agreement = circle.agreement(1);
    agreement.limits = RunLimits { step_ms: 60_000, run_ms: 600_000, ..RunLimits::default() };
    let start = Instant::now();
    let channels = circle.channels(&agreement).map(Mutex::new);
    println!("meeting of three nodes with all handshakes: {:?}", start.elapsed());
    for bytes in [32, 1_024, 16_384] {
        let [first, ..] = circle.run_all(|me| ping(&mut channels[me.get()].lock().unwrap(), bytes));
        report(&format!("round trip of two nodes, {bytes} bytes"), first);
        let [first, ..] = circle.run_all(|me| ring(&mut channels[me.get()].lock().unwrap(), bytes));
        report(&format!("round of three nodes, {bytes} bytes each"), first);
    }
}
