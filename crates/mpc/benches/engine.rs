//! What the parts cost: field products, the check, comparisons and whole functions.
//!
//! Three threads in memory. "cpu" is processor time of one node, from the scheduler, so that
//! three nodes on two cores do not count each other; "wall" is what a caller waits.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![expect(clippy::cast_precision_loss, reason = "times and counts are small")]

use std::{fs, time::Instant};

use mpc::{
    engine::{Clock, Engine, Mode, RunError},
    field::{Fe, PrimeField},
    function::{
        BrokenRule, Function, Outputs, Parameters, PlainOutputs, catalogue, rehearsal::Rehearsal,
    },
    share::Numbers,
};

/// Processor time of the calling thread.
struct Processor;

impl Clock for Processor {
    fn now_ns(&self) -> u64 {
        let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

/// A layer of comparisons whose sum is opened.
struct Comparisons {
    count: usize,
    width: u32,
}

impl Function for Comparisons {
    fn input_counts(&self) -> Vec<usize> {
        vec![self.count]
    }

    fn leaks(&self) -> &'static [&'static str] {
        &["bits"]
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let bits = mpc::circuit::sign::negative(engine, &inputs[0], self.width)?;
        engine.open_bits("bits", &bits)?;
        Ok(Outputs::default())
    }

    fn reference(&self, _: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        Ok(PlainOutputs::default())
    }
}

/// Products that are opened.
struct Products(usize);

impl Function for Products {
    fn input_counts(&self) -> Vec<usize> {
        vec![self.0]
    }

    fn leaks(&self) -> &'static [&'static str] {
        &["products"]
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let products = engine.multiply(&inputs[0], &inputs[0])?;
        engine.open("products", &products)?;
        Ok(Outputs::default())
    }

    fn reference(&self, _: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        Ok(PlainOutputs::default())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn measure(name: &str, function: &dyn Function, inputs: &[Vec<i128>], mode: Mode) {
    // An argument names what to measure.
    if std::env::args().skip(1).any(|filter| filter != "--bench" && !name.contains(&filter)) {
        return;
    }
    let passes = 25;
    let (mut wall, mut cpu, mut check, mut rules) = (vec![], vec![], vec![], vec![]);
    let mut last = None;
    let values: Vec<Vec<Fe>> = inputs
        .iter()
        .map(|values| values.iter().map(|value| Fe::from_i128(*value)).collect())
        .collect();
    for pass in 0..passes {
        let rehearsal = Rehearsal { mode, ..Rehearsal::new(pass) };
        let shares = rehearsal.share(&values);
        let mut channels = rehearsal.channels();
        let start = Instant::now();
        let results = rehearsal.run_over(function, shares, &mut channels, &[&Processor; 3]);
        wall.push(start.elapsed().as_secs_f64() * 1e3);
        let statistics = match &results[0] {
            Ok(completed) => completed.statistics.clone(),
            Err(error) => panic!("{name}: {error}"),
        };
        cpu.push(statistics.total_ns as f64 / 1e6);
        check.push(statistics.check_ns as f64 / 1e6);
        rules.push(statistics.rules_ns as f64 / 1e6);
        last = Some(statistics);
    }
    let statistics = last.unwrap_or_default();
    let fastest = check.iter().copied().fold(f64::INFINITY, f64::min);
    let check = median(check);
    let gate = match statistics.bit_gates {
        0 => String::new(),
        gates => {
            let each = |time: f64| time * 1e6 / gates as f64;
            format!("{:5.1} ns/gate, at least {:.1}", each(check), each(fastest))
        }
    };
    println!(
        "{name:<34} {mode:?}: wall {:7.2} ms  cpu {:7.2} ms (check {check:6.2}, rules {:6.2})  \
         rounds {:4}  sent {:8} B  gates {:7} bit {:6} field  {gate}",
        median(wall),
        median(cpu),
        median(rules),
        statistics.rounds,
        statistics.bytes_sent,
        statistics.bit_gates,
        statistics.field_terms,
    );
}

fn field_products() {
    let mut value = Fe::from_i128(3);
    let factor = Fe::from_i128((1 << 100) + 7);
    let count = 2_000_000;
    let start = Instant::now();
    for _ in 0..count {
        value = std::hint::black_box(value * factor);
    }
    println!(
        "one product after the other: {:.1} ns",
        start.elapsed().as_secs_f64() * 1e9 / f64::from(count)
    );
    let values = vec![factor; 1_000];
    let start = Instant::now();
    for _ in 0..count / 1_000 {
        std::hint::black_box(Fe::dot(&values, std::hint::black_box(&values)));
    }
    println!(
        "a product in a long sum: {:.1} ns",
        start.elapsed().as_secs_f64() * 1e9 / f64::from(count)
    );
}

fn build(name: &str, parameters: &Parameters) -> Box<dyn Function> {
    match catalogue::build(name, parameters) {
        Ok(function) => function,
        Err(error) => panic!("{error}"),
    }
}

fn main() {
    field_products();
    for mode in [Mode::SemiHonest, Mode::Malicious] {
        for (count, width) in [(64, 64), (1_000, 64), (1_000, 42), (10_000, 64)] {
            let inputs = [(0..count as i128).map(|value| value * 77 - 3_000).collect()];
            let name = format!("{count} comparisons of {width} bits");
            measure(&name, &Comparisons { count, width }, &inputs, mode);
        }
        let inputs = [(0..1_000).collect()];
        measure("1000 products, opened", &Products(1_000), &inputs, mode);
        for orders in [100_i64, 1_000] {
            let parameters = Parameters::new()
                .with("orders", vec![orders / 4; 4])
                .with("sequence", (0..orders).collect::<Vec<_>>());
            let function = build("match_midpoint", &parameters);
            let list = |who: i128| {
                (0..orders / 4).flat_map(|k| [i128::from(k % 2), i128::from(k) + who]).collect()
            };
            let inputs: Vec<Vec<i128>> = (0..4).map(list).collect();
            measure(&format!("match_midpoint, {orders} orders"), &*function, &inputs, mode);
        }
        let parameters = Parameters::new().with("participants", [32]).with("minimum_edge", [1]);
        let function = build("crossed_market", &parameters);
        let inputs: Vec<Vec<i128>> = (0..32).map(|k| vec![90 - k, 100 + k, 5, 5]).collect();
        measure("crossed_market, 32, not crossed", &*function, &inputs, mode);
        let parameters = Parameters::new()
            .with("participants", [8])
            .with("low", [10_000])
            .with("high", [14_095])
            .with("minimum_contributors", [3]);
        let function = build("vwap_floor", &parameters);
        let inputs: Vec<Vec<i128>> = (1..=8).map(|k| vec![k * 11_234, k]).collect();
        measure("vwap_floor, 4096 ticks", &*function, &inputs, mode);
        let parameters = Parameters::new().with("participants", [100]);
        let inputs: Vec<Vec<i128>> = (0..100).map(|k| vec![k * k % 37]).collect();
        measure("median of 100", &*build("median", &parameters), &inputs, mode);
        let parameters = Parameters::new().with("prices", [256]).with("priority", [0, 1, 2, 3]);
        let schedule = || (0..256).map(|k| 256 - k).chain((0..256).map(|k| k / 2)).collect();
        let inputs: Vec<Vec<i128>> = (0..4).map(|_| schedule()).collect();
        measure("auction, 256 prices", &*build("auction", &parameters), &inputs, mode);
        let parameters = Parameters::new()
            .with("weights", [1, 1, 1])
            .with("assets", [10])
            .with("variance_log2", [0])
            .with("ridge", [1 << 14])
            .with("scale_log2", [1]);
        let factor = (0..10).flat_map(|row| {
            (0..=row).map(move |column| if row == column { 2_900_000 } else { 100_000 })
        });
        let input: Vec<i128> = factor.chain((0..10).map(|k| 100_000 + 9_000 * k)).collect();
        let inputs = vec![input; 3];
        let function = build("sealed_portfolio", &parameters);
        measure("sealed_portfolio, 10 assets", &*function, &inputs, mode);
    }
}
