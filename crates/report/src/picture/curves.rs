//! Equity with its drawdown below, and exposure.

use plotters::{
    coord::Shift,
    prelude::{Color as _, DrawingArea, DrawingBackend},
};

use super::{
    Drawing, Drawn, palette,
    plot::{Heading, Plot, WIDTH, Writing, line, per_cent, polygon, reach, write},
};
use crate::{Sources, figure};

/// Equity, and below it the drawdown.
pub(super) struct Equity<'a> {
    pub(super) sources: &'a Sources<'a>,
    pub(super) heading: &'a Heading,
}

impl Drawing for Equity<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH, 1_000)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn {
        let outcome = self.sources.outcome;
        self.heading.draw(area, "Equity and drawdown")?;
        let buckets = outcome.equity.buckets();
        let opening = outcome.opening_equity.to_f64();
        let (low, high) = reach(buckets).unwrap_or((opening, opening));
        let plot = Plot::new(self.sources, (140, 640), (low.min(opening), high.max(opening)));
        plot.values(area, figure::grouped)?;
        let start = plot.y(opening);
        line(area, vec![(130, start), (1_560, start)], palette::AXIS.stroke_width(2))?;
        let points = plot.held(buckets);
        if points.is_empty() {
            plot.nothing(area, "Equity never changed")?;
        }
        let corners = plot.area_to(&points, plot.low);
        polygon(area, corners, palette::GOOD.mix(0.10).filled())?;
        line(area, points, palette::GOOD.stroke_width(3))?;
        self.drawdown(area)
    }
}

impl Equity<'_> {
    fn drawdown<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn {
        let buckets = self.sources.outcome.drawdown.buckets();
        let deepest = buckets.iter().map(|bucket| bucket.high).fold(0.0, f64::max);
        write(area, "Below the highest value so far", (40, 672), Writing::default())?;
        let mut plot = Plot::new(self.sources, (730, 920), (0.0, (deepest * 1.06).max(0.001)));
        // Downwards is worse.
        (plot.top, plot.bottom) = (plot.bottom, plot.top);
        plot.values(area, |value, decimals| per_cent(-value, decimals))?;
        let points = plot.held(buckets);
        polygon(area, plot.area_to(&points, 0.0), palette::BAD.mix(0.25).filled())?;
        line(area, points, palette::BAD.stroke_width(2))?;
        Plot { bottom: 920, top: 730, ..plot }.times(area)
    }
}

/// The worth of all positions over equity.
pub(super) struct Exposure<'a> {
    pub(super) sources: &'a Sources<'a>,
    pub(super) heading: &'a Heading,
}

impl Drawing for Exposure<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH, 600)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn {
        self.heading.draw(area, "Exposure: worth of all positions over equity")?;
        let buckets = self.sources.outcome.exposure.buckets();
        let highest = buckets.iter().map(|bucket| bucket.high).fold(0.0, f64::max);
        let plot = Plot::new(self.sources, (140, 520), (0.0, (highest * 1.06).max(0.01)));
        plot.values(area, per_cent)?;
        let points = plot.held(buckets);
        polygon(area, plot.area_to(&points, 0.0), palette::GOOD.mix(0.18).filled())?;
        line(area, points, palette::GOOD.stroke_width(2))?;
        if highest <= 0.0 {
            plot.nothing(area, "Nothing was ever held")?;
        }
        plot.times(area)
    }
}
