//! Cost of reading a depth change, as a ratio to general JSON parsers.
//!
//! Frames are recorded ones with 15 to 25 levels where recordings are present (see
//! `ALGOPIONEER_DATA`), otherwise made up in the same form. Every frame is checked for
//! equal results before anything is timed. Runs of the two sides alternate, and the median
//! of the pairwise ratios is what counts: `cargo bench -p venues --bench decode`.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![expect(clippy::cast_precision_loss, reason = "counts of frames are small")]

use std::{fs::File, hint::black_box, io::BufRead, path::PathBuf, time::Instant};

use domain::{Instruments, Level, Market};
use serde::Deserialize;
use venues::binance::{
    decode::Decoder,
    known_instruments,
    message::{Levels, Message},
};

const PAIRS: usize = 400;

/// The typed form a general parser fills; numbers stay text, as with any exact reader.
#[derive(Deserialize)]
struct Combined<'f> {
    #[serde(borrow)]
    data: Depth<'f>,
}

#[derive(Deserialize)]
struct Depth<'f> {
    #[serde(rename = "U")]
    first: u64,
    #[serde(rename = "u")]
    last: u64,
    #[serde(rename = "E")]
    event_time: i64,
    #[serde(rename = "s")]
    symbol: &'f str,
    #[serde(borrow)]
    b: Vec<[&'f str; 2]>,
    #[serde(borrow)]
    a: Vec<[&'f str; 2]>,
}

impl Depth<'_> {
    /// Numbers the same way as the decoder does, so that only the JSON differs.
    fn levels(&self, instruments: &Instruments, market: Market) -> Levels {
        let instrument = instruments.find("binance", market, self.symbol).expect("a known symbol");
        let side = |texts: &[[&str; 2]]| {
            let level = |[price, quantity]: &[&str; 2]| {
                let price = instrument.price_scale().parse(price.as_bytes());
                let quantity = instrument.quantity_scale().parse(quantity.as_bytes());
                Level::new(price.expect("a price"), quantity.expect("a quantity"))
            };
            texts.iter().map(level).collect()
        };
        black_box((self.first, self.last, self.event_time));
        Levels { bids: side(&self.b), asks: side(&self.a), off_grid: 0 }
    }
}

fn recorded(file: &str) -> Option<Vec<Vec<u8>>> {
    let data = std::env::var_os("ALGOPIONEER_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let file = File::open(data.join("binance-raw").join(file)).ok()?;
    let lines = std::io::BufReader::new(zstd::Decoder::new(file).ok()?).split(b'\n');
    let frames = lines.map_while(Result::ok).filter_map(|line| {
        let frame = line.iter().position(|&byte| byte == b' ').map(|at| line[at + 1..].to_vec())?;
        let text = std::str::from_utf8(&frame).ok()?;
        let levels = text.matches("[\"").count();
        (text.contains("depthUpdate") && (15..=25).contains(&levels)).then_some(frame)
    });
    Some(frames.take(1_000).collect())
}

fn made_up() -> Vec<Vec<u8>> {
    let frame = |number: u64| {
        let side = |base: u64, step: u64| {
            let level = |n: u64| {
                let price = base + step * n * 7 % 900;
                let quantity = (number * 31 + n * 17) % 9_000;
                format!(
                    r#"["{}.{}0","{}.{:03}"]"#,
                    price / 10,
                    price % 10,
                    quantity / 1_000,
                    quantity % 1_000
                )
            };
            (0..10).map(level).collect::<Vec<_>>().join(",")
        };
        format!(
            r#"{{"stream":"btcusdt@depth@0ms","data":{{"e":"depthUpdate","E":{},"T":{},"s":"BTCUSDT","U":{},"u":{},"pu":{},"b":[{}],"a":[{}]}}}}"#,
            1_723_161_256_299 + number, 1_723_161_256_298 + number, 5_123_107_832_006 + number * 90,
            5_123_107_832_066 + number * 90, 5_123_107_831_976 + number * 90,
            side(610_000 + number, 3), side(618_000 + number, 5),
        )
        .into_bytes()
    };
    (0..500).map(frame).collect()
}

/// One side of a comparison: reads a frame and keeps the result alive.
type Read<'a> = &'a mut dyn FnMut(&[u8]);

fn nanos_per_frame(frames: &[Vec<u8>], read: Read<'_>) -> f64 {
    let start = Instant::now();
    for frame in frames {
        read(frame);
    }
    start.elapsed().as_secs_f64() * 1e9 / frames.len() as f64
}

fn compare(name: &str, goal: f64, frames: &[Vec<u8>], ours: Read<'_>, theirs: Read<'_>) {
    let mut ratios = Vec::new();
    let (mut best_ours, mut best_theirs) = (f64::MAX, f64::MAX);
    for chunk in frames.chunks(100).filter(|chunk| chunk.len() >= 100).cycle().take(PAIRS) {
        let one = nanos_per_frame(chunk, ours);
        let other = nanos_per_frame(chunk, theirs);
        ratios.push(one / other);
        best_ours = best_ours.min(one);
        best_theirs = best_theirs.min(other);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "{name:<44} ratio median {:.3} (min {:.3}, p25 {:.3})  goal <= {goal:.2}   best {best_ours:.0} ns against {best_theirs:.0} ns",
        ratios[ratios.len() / 2],
        ratios[0],
        ratios[ratios.len() / 4],
    );
}

fn run(label: &str, market: Market, mut frames: Vec<Vec<u8>>) {
    let instruments = Instruments::new(known_instruments()).expect("known facts are good");
    let mut decoder = Decoder::new(market, &instruments);
    // Quantities finer than the lot, two in a thousand frames on spot, need the slow reader.
    frames.retain(|frame| decoder.decode_fast(frame).is_some());
    let frames = frames.as_slice();
    for frame in frames {
        let expected: Combined = serde_json::from_slice(frame).expect("JSON");
        let message = decoder.decode_fast(frame).expect("a plain frame");
        assert!(matches!(message, Message::Depth(diff) if diff.last == expected.data.last));
        assert_eq!(*decoder.levels(), expected.data.levels(&instruments, market));
    }
    let bytes = frames.iter().map(Vec::len).sum::<usize>() / frames.len();
    println!("{label}: {} distinct frames of {bytes} bytes on average", frames.len());
    let mut ours = |frame: &[u8]| {
        black_box(decoder.decode_fast(frame).expect("a plain frame"));
        black_box(decoder.levels());
    };
    compare("  against sonic-rs, typed", 0.40, frames, &mut ours, &mut |frame| {
        black_box(sonic_rs::from_slice::<Combined>(frame).expect("JSON"));
    });
    compare("  against serde_json, typed", 0.25, frames, &mut ours, &mut |frame| {
        black_box(serde_json::from_slice::<Combined>(frame).expect("JSON"));
    });
    compare("  against sonic-rs, typed, numbers read", 0.40, frames, &mut ours, &mut |frame| {
        let frame: Combined = sonic_rs::from_slice(frame).expect("JSON");
        black_box(frame.data.levels(&instruments, market));
    });
    compare("  against serde_json, typed, numbers read", 0.25, frames, &mut ours, &mut |frame| {
        let frame: Combined = serde_json::from_slice(frame).expect("JSON");
        black_box(frame.data.levels(&instruments, market));
    });
}

fn main() {
    run("made up USD-M", Market::LinearPerpetual, made_up());
    for (file, market) in [
        ("usdm_btcusdt_20240808.txt.zst", Market::LinearPerpetual),
        ("spot_btcusdt_20240808.txt.zst", Market::Spot),
    ] {
        match recorded(file) {
            Some(frames) => run(file, market, frames),
            None => println!("skipped: {file} is not here"),
        }
    }
}
