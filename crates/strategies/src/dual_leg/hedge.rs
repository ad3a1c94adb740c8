//! How one price follows another: a straight line through their latest values.

use std::collections::VecDeque;

/// A line `y = alpha + beta x` and how far the newest point lies above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The hedge ratio.
    pub beta: f64,
    /// What `y` is where `x` is zero.
    pub alpha: f64,
    /// The newest `y` less the line.
    pub residual: f64,
    /// Standard deviation of all residuals, of the population.
    pub deviation: f64,
}

impl Fit {
    /// The newest residual in standard deviations; `None` when every point is on the line.
    #[must_use]
    pub fn z_score(&self) -> Option<f64> {
        let z = self.residual / self.deviation;
        z.is_finite().then_some(z)
    }
}

/// Ordinary least squares over a moving window.
///
/// Shape: two `f64` in, a [`Fit`] out. Units: those of the inputs. Memory and time per point:
/// one window. Everything is summed anew around the window's means, so nothing drifts.
/// Warm-up: `None` until `window` points were seen, and later while all `x` are equal.
/// A point that is not finite is left out.
/// Source: Gauss (1809); any textbook on simple linear regression.
#[derive(Clone, Debug)]
pub struct RollingFit {
    window: usize,
    points: VecDeque<(f64, f64)>,
}

impl RollingFit {
    /// Over an empty window of at least two points.
    #[must_use]
    pub fn new(window: usize) -> Self {
        let window = window.max(2);
        Self { window, points: VecDeque::with_capacity(window) }
    }

    /// Takes the next point.
    pub fn push(&mut self, y: f64, x: f64) -> Option<Fit> {
        if !(y.is_finite() && x.is_finite()) {
            return None;
        }
        if self.points.len() == self.window {
            self.points.pop_front();
        }
        self.points.push_back((y, x));
        (self.points.len() == self.window).then(|| self.fit(y, x))?
    }

    #[expect(clippy::cast_precision_loss, reason = "windows are far below 2^53 points")]
    fn fit(&self, newest_y: f64, newest_x: f64) -> Option<Fit> {
        let count = self.window as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| self.points.iter().map(of).sum::<f64>() / count;
        let (mean_y, mean_x) = (mean(|point| point.0), mean(|point| point.1));
        let centred = || self.points.iter().map(|(y, x)| (y - mean_y, x - mean_x));
        let square: f64 = centred().map(|(_, x)| x * x).sum();
        let product: f64 = centred().map(|(y, x)| y * x).sum();
        let beta = product / square;
        if !beta.is_finite() {
            return None;
        }
        let left: f64 = centred().map(|(y, x)| (y - beta * x).powi(2)).sum();
        Some(Fit {
            beta,
            alpha: mean_y - beta * mean_x,
            residual: (newest_y - mean_y) - beta * (newest_x - mean_x),
            deviation: (left / count).sqrt(),
        })
    }
}
