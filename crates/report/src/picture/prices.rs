//! The price of one instrument with what was bought and sold.

use std::collections::BTreeMap;

use domain::{Instrument, Side};
use plotters::{
    coord::Shift,
    prelude::{Color as _, DrawingArea, DrawingBackend, RGBColor},
};

use super::{
    Drawing, Drawn, palette,
    plot::{Heading, Plot, WIDTH, Writing, line, polygon, reach, write},
};
use crate::{
    Sources, figure,
    marks::{self, Mark, Part},
};

/// Marks closer together than this many points share a place.
const CROWDED: i32 = 10;

/// Price, entries and exits.
pub(super) struct Prices<'a> {
    pub(super) sources: &'a Sources<'a>,
    pub(super) heading: &'a Heading,
    pub(super) instrument: &'a Instrument,
}

impl Drawing for Prices<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH, 900)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn {
        let title = format!("{}: price, entries and exits", self.instrument);
        self.heading.draw(area, &title)?;
        let outcome = self.sources.outcome;
        let series = outcome.prices.get(self.instrument.id().index());
        let buckets = series.map_or(&[][..], |series| series.buckets());
        let Some(bounds) = reach(buckets) else {
            let plot = Plot::new(self.sources, (140, 780), (0.0, 1.0));
            plot.nothing(area, "No price was seen")?;
            return plot.times(area);
        };
        let plot = Plot::new(self.sources, (140, 780), bounds);
        plot.values(area, figure::grouped)?;
        line(area, plot.straight(buckets), palette::FAINT.stroke_width(2))?;
        plot.times(area)?;
        self.marks(area, &plot)?;
        legend(area)
    }
}

impl Prices<'_> {
    /// One mark per crowded place, side and part.
    fn marks<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, plot: &Plot) -> Drawn {
        let scale = self.instrument.price_scale();
        let mut places: BTreeMap<(i32, bool, bool), i32> = BTreeMap::new();
        let own = marks::all(self.sources.outcome);
        for Mark { fill, part } in
            own.iter().filter(|one| one.fill.instrument == self.instrument.id())
        {
            let x = plot.x(fill.time);
            let y = plot.y(scale.to_f64(fill.price.get()));
            let place = (x / CROWDED, fill.side == Side::Buy, *part == Part::Entry);
            places.entry(place).or_insert(y);
        }
        for ((x, buys, entry), y) in places {
            triangle(area, (x * CROWDED + CROWDED / 2, y), buys, entry)?;
        }
        Ok(())
    }
}

/// Points up below the price for a buy, down above it for a sale; hollow for an exit.
fn triangle<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    (x, y): (i32, i32),
    buys: bool,
    entry: bool,
) -> Drawn {
    let color: RGBColor = if buys { palette::GOOD } else { palette::BAD };
    let (tip, base) = if buys { (y + 6, y + 28) } else { (y - 6, y - 28) };
    let corners = vec![(x, tip), (x - 12, base), (x + 12, base)];
    let inside = if entry { color } else { palette::PAPER };
    polygon(area, corners.clone(), inside.filled())?;
    let outline = corners.iter().chain([&corners[0], &corners[1]]).copied().collect();
    line(area, outline, color.stroke_width(3))
}

fn legend<B: DrawingBackend>(area: &DrawingArea<B, Shift>) -> Drawn {
    let entries = [
        (140, true, true, "buy to open"),
        (420, false, false, "sell to close"),
        (720, false, true, "sell to open"),
        (1_010, true, false, "buy to close"),
    ];
    for (x, buys, entry, text) in entries {
        triangle(area, (x, if buys { 848 } else { 882 }), buys, entry)?;
        write(area, text, (x + 26, 852), Writing::default())?;
    }
    Ok(())
}
