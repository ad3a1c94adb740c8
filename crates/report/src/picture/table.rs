//! Months as coloured cells, and how profits of trades are spread.

use plotters::{
    coord::Shift,
    prelude::{Color as _, DrawingArea, DrawingBackend, Rectangle},
    style::text_anchor::{HPos, VPos},
};

use super::{
    Drawing, Drawn, palette,
    plot::{Heading, WIDTH, Writing, line, whole, write},
};
use crate::{Sources, distribution::Distribution, figure};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Years that fit; of a longer history the last ones are drawn.
const YEARS: usize = 40;
/// The size of a cell.
const CELL: (i32, i32) = (106, 62);

/// Growth by month.
pub(super) struct Months<'a> {
    pub(super) sources: &'a Sources<'a>,
    pub(super) heading: &'a Heading,
}

impl Months<'_> {
    fn years(&self) -> Vec<i16> {
        let mut years: Vec<i16> = self.sources.outcome.months.iter().map(|one| one.year).collect();
        years.dedup();
        let hidden = years.len().saturating_sub(YEARS);
        years.split_off(hidden)
    }
}

impl Drawing for Months<'_> {
    fn size(&self) -> (u32, u32) {
        let rows = u32::try_from(self.years().len().max(1)).unwrap_or(1);
        (WIDTH, 240 + rows * CELL.1.unsigned_abs())
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn {
        self.heading.draw(area, "Returns by month")?;
        let years = self.years();
        if years.is_empty() {
            return write(area, "Equity never changed", (40, 200), Writing::default());
        }
        let middle =
            Writing { horizontal: HPos::Center, vertical: VPos::Center, ..Writing::default() };
        for (name, x) in MONTHS.iter().zip((0..).map(|place| 40 + 150 + place * CELL.0)) {
            write(area, name, (x + CELL.0 / 2, 160), middle)?;
        }
        let strongest = self.strongest();
        for (row, year) in (0..).zip(&years) {
            let top = 190 + row * CELL.1;
            let left = Writing { vertical: VPos::Center, ..Writing::default() };
            write(area, &year.to_string(), (60, top + CELL.1 / 2), left)?;
            for month in self.sources.outcome.months.iter().filter(|one| one.year == *year) {
                let Some(growth) = month.growth() else { continue };
                let x = 190 + (i32::from(month.month) - 1) * CELL.0;
                let color = if growth < 0.0 { palette::BAD } else { palette::GOOD };
                let share = (growth.abs() / strongest).clamp(0.0, 1.0);
                let strength = color.mix(0.06 + 0.44 * share);
                let corners = [(x + 2, top + 2), (x + CELL.0 - 3, top + CELL.1 - 3)];
                let cell = Rectangle::new(corners, strength.filled());
                area.draw(&cell).map_err(|error| error.to_string())?;
                let text = figure::signed_percent(growth);
                let at = (x + CELL.0 / 2, top + CELL.1 / 2);
                write(area, &text, at, Writing { color: palette::INK, size: 24, ..middle })?;
            }
        }
        Ok(())
    }
}

impl Months<'_> {
    fn strongest(&self) -> f64 {
        let growths = self.sources.outcome.months.iter().filter_map(research::Month::growth);
        growths.map(f64::abs).fold(1e-9, f64::max)
    }
}

/// A histogram of trades' profits.
pub(super) struct Trades<'a> {
    pub(super) sources: &'a Sources<'a>,
    pub(super) heading: &'a Heading,
}

impl Drawing for Trades<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH, 760)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn {
        self.heading.draw(area, "Profit of each trade, after fees and carry")?;
        let trips = &self.sources.outcome.round_trips;
        let profits = trips.iter().filter_map(|trip| Some(trip.profit()?.to_f64()));
        let found = Distribution::new(profits);
        let count = i32::try_from(found.bins.len()).unwrap_or(1);
        if count == 0 {
            return write(area, "No trade was finished", (40, 200), Writing::default());
        }
        let (left, right, top, bottom) = (130, 1_560, 150, 640);
        line(area, vec![(left, bottom), (right, bottom)], palette::AXIS.stroke_width(2))?;
        let width = f64::from(right - left) / f64::from(count);
        let edge = |place: i32| left + whole(f64::from(place) * width);
        let center = Writing { horizontal: HPos::Center, ..Writing::default() };
        let every = (count / 8).max(1);
        for (place, bin) in (0..).zip(&found.bins) {
            let share = number(bin.count) / number(found.highest());
            let height = whole(share * f64::from(bottom - top));
            let color = if bin.from < 0.0 { palette::BAD } else { palette::GOOD };
            let corners = [(edge(place) + 2, bottom - height), (edge(place + 1) - 2, bottom)];
            if bin.count > 0 {
                let bar = Rectangle::new(corners, color.mix(0.8).filled());
                area.draw(&bar).map_err(|error| error.to_string())?;
                let above = (i32::midpoint(edge(place), edge(place + 1)), bottom - height - 34);
                if count <= 40 {
                    write(area, &figure::count(bin.count), above, center)?;
                }
            }
            if place % every == 0 {
                write(area, &figure::plain(bin.from), (edge(place), bottom + 16), center)?;
            }
        }
        let foot = match (found.open_below, found.open_above) {
            (false, false) => "",
            (true, false) => "The first bar also holds the few trades below it.",
            (false, true) => "The last bar also holds the few trades above it.",
            (true, true) => "The outer bars also hold the few trades beyond them.",
        };
        write(area, foot, (left, bottom + 64), Writing::default())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
const fn number(count: u64) -> f64 {
    count as f64
}
