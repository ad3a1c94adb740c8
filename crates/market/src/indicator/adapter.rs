//! From a concrete indicator to the trait object that the catalogue gives.

use std::fmt;

use super::{Candle, Indicator};

/// How a concrete indicator takes a bar and lays out its `N` outputs.
pub(super) trait Feed<const N: usize>: fmt::Debug + Send {
    fn feed(&mut self, candle: &Candle) -> [Option<f64>; N];
    fn warm_up(&self) -> u32;
    fn reset(&mut self);
}

/// An indicator and what it said last.
#[derive(Debug)]
pub(super) struct Latest<I, const N: usize> {
    indicator: I,
    outputs: [Option<f64>; N],
}

/// Ready to be fed bars.
pub(super) fn boxed<I: Feed<N> + 'static, const N: usize>(indicator: I) -> Box<dyn Indicator> {
    Box::new(Latest { indicator, outputs: [None; N] })
}

impl<I: Feed<N>, const N: usize> Indicator for Latest<I, N> {
    fn update(&mut self, candle: &Candle) -> &[Option<f64>] {
        self.outputs = self.indicator.feed(candle);
        &self.outputs
    }

    fn outputs(&self) -> &[Option<f64>] {
        &self.outputs
    }

    fn warm_up(&self) -> u32 {
        self.indicator.warm_up()
    }

    fn reset(&mut self) {
        self.indicator.reset();
        self.outputs = [None; N];
    }
}
