//! Recorded market data over real sockets: what was recorded is what is served.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "prices in cents and counts of samples are far from the limits"
)]

mod client;

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    time::{Duration, Instant},
};

use client::{Client, PATIENCE, get};
use sandbox::{MarketSource, Repeat, Sandbox, SandboxConfig, SandboxHandle, Speed};
use serde_json::Value;

fn capture(name: &str) -> Option<PathBuf> {
    testkit::recorded(format!("binance-raw/{name}.txt.zst"))
}

/// The JSON texts of a recording that belong to streams.
fn frames(path: &PathBuf) -> Vec<String> {
    let file = std::fs::File::open(path).unwrap();
    let lines = BufReader::new(zstd::Decoder::new(file).unwrap()).lines();
    let json = |line: String| line.split_once(' ').unwrap().1.to_owned();
    lines.map(|line| json(line.unwrap())).filter(|json| json.starts_with("{\"stream\"")).collect()
}

fn play(files: &[PathBuf], speed: Speed) -> SandboxHandle {
    let source = MarketSource::Capture { files: files.to_vec(), speed, repeat: Repeat::Once };
    Sandbox::start(SandboxConfig { source, ..SandboxConfig::default() }).unwrap()
}

#[test]
fn at_full_speed_every_frame_of_two_markets_arrives_verbatim_and_in_order() {
    let (Some(spot), Some(futures)) =
        (capture("spot_ethusdt_20240808"), capture("usdm_btcusdt_20230404_markprice"))
    else {
        return;
    };
    let sandbox = play(&[spot.clone(), futures.clone()], Speed::Max);
    let urls = sandbox.urls().clone();
    let all = "/stream?streams=ethusdt@depth@100ms/ethusdt@bookTicker/ethusdt@trade";
    let mut on_spot = Client::connect(&format!("{}{all}", urls.spot_ws));
    let books = "/stream?streams=btcusdt@depth@0ms/btcusdt@bookTicker";
    let mut on_public = Client::connect(&format!("{}{books}", urls.futures_ws_public));
    let rest = "/stream?streams=btcusdt@trade/btcusdt@markPrice@1s";
    let mut on_market = Client::connect(&format!("{}{rest}", urls.futures_ws_market));
    let readers = [
        std::thread::spawn(move || read_all(&mut on_public)),
        std::thread::spawn(move || read_all(&mut on_market)),
    ];
    // Threads read the others meanwhile: the market waits for its slowest reader.
    let received = read_all(&mut on_spot);
    assert_eq!(sandbox.failure(), None);
    assert_same(&received, &frames(&spot));
    let [public, market] = readers.map(|reader| reader.join().unwrap());
    let recorded = frames(&futures);
    let is_book = |frame: &&String| frame.contains("@depth@") || frame.contains("@bookTicker");
    assert_same(&public, &recorded.iter().filter(is_book).cloned().collect::<Vec<_>>());
    let is_other = |frame: &&String| !is_book(frame);
    assert_same(&market, &recorded.iter().filter(is_other).cloned().collect::<Vec<_>>());
    let deadline = Instant::now() + PATIENCE;
    while !sandbox.finished() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    assert_eq!((sandbox.failure(), sandbox.stats().slow_consumers), (None, 0));
}

/// Says where two lists of frames part, without printing megabytes.
fn assert_same(received: &[String], recorded: &[String]) {
    let parts = received.iter().zip(recorded).position(|(left, right)| left != right);
    if let Some(place) = parts {
        panic!("frame {place}: {} instead of {}", received[place], recorded[place]);
    }
    assert_eq!(received.len(), recorded.len());
}

fn read_all(client: &mut Client) -> Vec<String> {
    std::iter::from_fn(|| client.text()).collect()
}

#[test]
fn a_recorded_depth_stream_answers_to_all_its_names() {
    let Some(path) = capture("usdm_ethusdt_20240808") else { return };
    let sandbox = play(&[path], Speed::Times(1.0));
    let base = &sandbox.urls().futures_ws_public;
    let names = ["ethusdt@depth", "ethusdt@depth@100ms", "ethusdt@depth@0ms"];
    let mut clients =
        names.map(|name| (name, Client::connect(&format!("{base}/stream?streams={name}"))));
    for (name, client) in &mut clients {
        let frame = client.json();
        assert_eq!(frame["stream"], *name);
        assert_eq!(frame["data"]["e"], "depthUpdate");
    }
}

/// The venue's recipe for futures, with the snapshot asked for in the midst of the stream,
/// several times, at a hundred times the recorded speed.
#[test]
fn rest_and_stream_fit_each_other_in_the_midst_of_a_recording() {
    let Some(path) = capture("usdm_btcusdt_20230404_markprice") else { return };
    let sandbox = play(&[path], Speed::Times(20.0));
    let urls = sandbox.urls();
    let mut client = Client::connect(&format!("{}/ws/btcusdt@depth", urls.futures_ws_public));
    client.json();
    let mut fitted = 0;
    'recording: for _ in 0..4 {
        let url = format!("{}/fapi/v1/depth?symbol=BTCUSDT&limit=1000", urls.futures_rest);
        let snapshot = get(&url).body;
        let id = snapshot["lastUpdateId"].as_u64().unwrap();
        let mut previous = None;
        let mut sides: [BTreeMap<i64, f64>; 2] = Default::default();
        apply(&mut sides, [&snapshot["bids"], &snapshot["asks"]]);
        // On a busy machine the stream waits to be read while the snapshot is already newer: only
        // what follows the snapshot counts.
        let mut followed = 0;
        while followed < 400 {
            let Some(text) = client.text() else { break 'recording };
            let event: Value = serde_json::from_str(&text).unwrap();
            if event["u"].as_u64().unwrap() < id {
                continue;
            }
            // The batch that ends with the snapshot may have been read before it was taken.
            let begins = previous.is_none_or(|previous| event["pu"].as_u64() == Some(previous));
            assert!(begins);
            if previous.is_none() {
                let (begin, before) = (event["U"].as_u64().unwrap(), event["pu"].as_u64().unwrap());
                assert!(begin <= id || before == id, "{begin} {before} {id}");
            }
            previous = event["u"].as_u64();
            apply(&mut sides, [&event["b"], &event["a"]]);
            let (bid, ask) =
                (sides[0].last_key_value().unwrap(), sides[1].first_key_value().unwrap());
            assert!(bid.0 < ask.0, "crossed at {}", event["u"]);
            followed += 1;
            fitted += 1;
        }
    }
    assert!(fitted > 0, "the recording ended before anything followed a snapshot");
}

fn apply(sides: &mut [BTreeMap<i64, f64>; 2], changes: [&Value; 2]) {
    for (side, levels) in sides.iter_mut().zip(changes) {
        for level in levels.as_array().unwrap() {
            let number = |index: usize| level[index].as_str().unwrap().parse::<f64>().unwrap();
            let cents = (number(0) * 100.0).round() as i64;
            if number(1) == 0.0 {
                side.remove(&cents);
            } else {
                side.insert(cents, number(1));
            }
        }
    }
}

#[test]
fn a_truncated_capture_ends_the_streams_and_says_where() {
    let Some(path) = capture("usdm_btcusdt_20230404_markprice") else { return };
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.txt.zst");
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let sandbox = play(&[cut], Speed::Max);
    let url = format!("{}/ws/btcusdt@depth@0ms", sandbox.urls().futures_ws_public);
    let read = read_all(&mut Client::connect(&url)).len();
    assert!(read > 1_000, "{read}");
    let deadline = Instant::now() + Duration::from_secs(20);
    while sandbox.failure().is_none() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    let reason = sandbox.failure().unwrap();
    assert!(reason.contains("cut.txt.zst") && reason.contains("line "), "{reason}");
}
