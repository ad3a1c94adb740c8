//! Charts as files: each is there twice, shows something, and says whether the market was made up.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    markup,
    sample::{Plan, Sample},
};

struct Pixels {
    size: (u32, u32),
    colors: BTreeMap<[u8; 3], usize>,
}

fn pixels(path: &Path) -> Pixels {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((frame.color_type, frame.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    let mut colors = BTreeMap::new();
    for pixel in bytes[..frame.buffer_size()].as_chunks::<3>().0 {
        *colors.entry(*pixel).or_insert(0) += 1;
    }
    Pixels { size: (frame.width, frame.height), colors }
}

impl Pixels {
    /// The share of what is not paper.
    fn inked(&self) -> f64 {
        let all: usize = self.colors.values().sum();
        let paper = self.colors.get(&[255, 255, 255]).copied().unwrap_or(0);
        1.0 - paper as f64 / all as f64
    }
}

fn names(dir: &Path, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(dir.join("charts")).unwrap();
    let names = entries.map(|one| one.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> =
        names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect();
    names.sort();
    names
}

fn check(sample: &Sample, prices: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    sample.write(dir.path());
    let mut expected: Vec<_> = ["equity", "exposure", "months", "trades"].into();
    expected.extend(prices);
    expected.sort_unstable();
    assert_eq!(names(dir.path(), ".png"), expected);
    assert_eq!(names(dir.path(), ".svg"), expected);
    for name in expected {
        let file = |ending: &str| dir.path().join(format!("charts/{name}.{ending}"));
        let seen = pixels(&file("png"));
        let inked = seen.inked();
        assert!((0.002..0.7).contains(&inked), "{name}: {inked} of it is drawn on");
        assert!(seen.colors.len() > 8, "{name}: {} colours", seen.colors.len());
        let svg = fs::read_to_string(file("svg")).unwrap();
        let elements = markup::elements(&svg).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(elements.len() > 4 && elements[0] == "svg", "{name}: {elements:?}");
        let size = format!("width=\"{}\" height=\"{}\"", seen.size.0, seen.size.1);
        assert!(svg.contains(&size), "{name}: both forms have one size");
        assert!(svg.contains("SYNTHETIC MARKET, seed "), "{name} says that it is made up");
    }
}

#[test]
fn every_chart_shows_something_as_png_and_as_svg() {
    check(&Sample::alone(Plan::SHORT), &["price-1-btcusdt", "price-2-ethusdt"]);
}

#[test]
fn charts_of_nothing_say_so_and_are_not_blank() {
    check(&Sample::nothing(), &["price-1-btcusdt"]);
    check(&Sample::alone(Plan::ONE_BAR), &["price-1-btcusdt"]);
}

#[test]
fn charts_of_a_ruin_are_drawn() {
    check(&Sample::alone(Plan::RUIN), &["price-1-btcusdt", "price-2-ethusdt"]);
}

#[test]
fn charts_of_other_trades_are_other_pictures() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Sample::alone(Plan::SHORT).write(one.path());
    Sample::alone(Plan { slow: 80, ..Plan::SHORT }).write(other.path());
    for name in ["equity.png", "equity.svg", "trades.png", "price-1-btcusdt.png"] {
        let read = |dir: &Path| fs::read(dir.join("charts").join(name)).unwrap();
        assert_ne!(read(one.path()), read(other.path()), "{name}");
    }
}
