//! Whether the top of the book says anything about the next second: it does, as the
//! recordings' own documentation states.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod recorded;

use domain::{Event, InstrumentId, MarketEvent, Span, Timestamp};
use engine::Sequencer;
use engine::{Engine, Outputs};
use recorded::{ALL, USDM_BTC, recordings, session::Session};
use venues::capture::{EventSink, Played};

const SAMPLE_EVERY: Span = Span::from_millis(250);
/// The return looked at begins at a sample and ends so many samples later: one second.
const AHEAD: usize = 4;

/// Imbalance and middle price at each sample of receive time, once the book is in sync.
struct Sampler {
    engine: Engine,
    sequencer: Sequencer,
    outputs: Outputs,
    next: Option<Timestamp>,
    samples: Vec<(f64, f64)>,
}

impl EventSink for Sampler {
    fn event(&mut self, received: Timestamp, event: MarketEvent<'_>) {
        let first = self.engine.in_sync(event.instrument).then_some(received);
        self.next = self.next.or(first);
        while let Some(due) = self.next.filter(|due| *due <= received) {
            let view = self.engine.latest_view(event.instrument).unwrap();
            self.samples.push((view.imbalance, view.mid_price));
            self.next = Some(due + SAMPLE_EVERY);
        }
        let input = self.sequencer.stamp(received, Event::Market(event));
        self.engine.step(&input, &mut self.outputs);
        self.outputs.clear();
    }
}

/// Pairs of imbalance and the return of the second that follows.
fn pairs(name: &str) -> Option<Vec<(f64, f64)>> {
    let session = Session::of(&recordings(&[name])?, &[]);
    let mut player = session.player();
    let mut sampler = Sampler {
        engine: session.watcher(),
        sequencer: Sequencer::default(),
        outputs: Outputs::default(),
        next: None,
        samples: Vec::new(),
    };
    while player.play(&mut sampler).unwrap() != Played::Finished {}
    assert!(sampler.engine.in_sync(InstrumentId::new(0)));
    let (now, later) = (&sampler.samples, sampler.samples.iter().skip(AHEAD));
    Some(now.iter().zip(later).map(|(now, later)| (now.0, later.1 / now.1 - 1.0)).collect())
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand samples")]
    let count = pairs.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| pairs.iter().map(pick).sum::<f64>() / count;
    let (x_mean, y_mean) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let moment = |power: fn(f64, f64) -> f64| -> f64 {
        pairs.iter().map(|(x, y)| power(x - x_mean, y - y_mean)).sum()
    };
    moment(|x, y| x * y) / (moment(|x, _| x * x) * moment(|_, y| y * y)).sqrt()
}

#[test]
#[expect(clippy::print_stdout, reason = "the seven numbers are worth reading")]
fn the_touch_imbalance_foretells_the_next_second_in_all_seven_recordings() {
    for name in ALL {
        let Some(pairs) = pairs(name) else { return };
        let found = correlation(&pairs);
        println!("{found:.4} over {} samples: {name}", pairs.len());
        assert!(pairs.len() > 300, "{name}: {} samples", pairs.len());
        assert!(found > 0.0, "{name}: {found}");
        if name == USDM_BTC {
            assert!((found - 0.19).abs() <= 0.02, "{name}: {found}");
        }
    }
}

#[test]
fn a_correlation_is_one_for_a_line_and_minus_one_for_its_mirror() {
    let line: Vec<_> = [1.0, 2.0, 4.0].map(|x| (x, 3.0 * x - 1.0)).into();
    let mirror: Vec<_> = line.iter().map(|(x, y)| (*x, -y)).collect();
    assert!((correlation(&line) - 1.0).abs() < 1e-12);
    assert!((correlation(&mirror) + 1.0).abs() < 1e-12);
}
