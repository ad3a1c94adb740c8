//! A rectangle with a time axis, a value axis, and what can be drawn between them.

use domain::{Span, Timestamp};
use plotters::{
    coord::Shift,
    prelude::{
        Color as _, DrawingArea, DrawingBackend, FontStyle, IntoFont as _, PathElement, Polygon,
        RGBColor, ShapeStyle, Text,
    },
    style::text_anchor::{HPos, Pos, VPos},
};
use research::Bucket;

use super::{Drawn, palette, time_axis};
use crate::{Sources, distribution::nice, figure, moment};

/// The width of every picture.
pub(super) const WIDTH: u32 = 1_600;
/// The left and the right end of what is plotted.
const LEFT: i32 = 130;
const RIGHT: i32 = 1_560;
/// Sizes of text.
const TITLE: i32 = 40;
pub(super) const SMALL: i32 = 26;

/// What every picture says at its top.
pub(super) struct Heading {
    strategy: String,
    span: String,
    warning: Option<String>,
}

impl Heading {
    pub(super) fn new(sources: &Sources<'_>) -> Self {
        let span = sources.outcome.span.map_or_else(
            || "no market event".to_owned(),
            |(first, last)| format!("{} to {} UTC", moment::minute(first), moment::minute(last)),
        );
        let strategy = sources.facts.strategy.kind.clone();
        Self { strategy, span, warning: sources.facts.market.warning() }
    }

    pub(super) fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        title: &str,
    ) -> Drawn {
        let bold = |size| Writing { size, bold: true, color: palette::INK, ..Writing::default() };
        write(area, title, (40, 28), bold(TITLE))?;
        let below = format!("{}, {}", self.strategy, self.span);
        write(area, &below, (40, 80), Writing::default())?;
        if let Some(warning) = &self.warning {
            let right = Writing { color: palette::WARNING, horizontal: HPos::Right, ..bold(30) };
            write(area, warning, (RIGHT, 34), right)?;
        }
        Ok(())
    }
}

/// How a text is written.
#[derive(Clone, Copy)]
pub(super) struct Writing {
    pub(super) size: i32,
    pub(super) bold: bool,
    pub(super) color: RGBColor,
    pub(super) horizontal: HPos,
    pub(super) vertical: VPos,
}

impl Default for Writing {
    fn default() -> Self {
        let (horizontal, vertical) = (HPos::Left, VPos::Top);
        Self { size: SMALL, bold: false, color: palette::FAINT, horizontal, vertical }
    }
}

pub(super) fn write<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    text: &str,
    at: (i32, i32),
    writing: Writing,
) -> Drawn {
    let font = ("sans-serif", writing.size).into_font();
    let font = if writing.bold { font.style(FontStyle::Bold) } else { font };
    let style = plotters::style::TextStyle::from(font)
        .color(&writing.color)
        .pos(Pos::new(writing.horizontal, writing.vertical));
    area.draw(&Text::new(text.to_owned(), at, style)).map_err(|error| error.to_string())
}

pub(super) fn line<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    points: Vec<(i32, i32)>,
    style: impl Into<ShapeStyle>,
) -> Drawn {
    if points.len() < 2 {
        return Ok(());
    }
    area.draw(&PathElement::new(points, style)).map_err(|error| error.to_string())
}

pub(super) fn polygon<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    points: Vec<(i32, i32)>,
    style: impl Into<ShapeStyle>,
) -> Drawn {
    area.draw(&Polygon::new(points, style)).map_err(|error| error.to_string())
}

/// Between two bounds of time and two of value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot {
    pub(super) top: i32,
    pub(super) bottom: i32,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Plot {
    /// A plot of the whole session whose values reach from `low` to `high`, with some room.
    pub(super) fn new(
        sources: &Sources<'_>,
        (top, bottom): (i32, i32),
        (low, high): (f64, f64),
    ) -> Self {
        let (from, to) = sources.outcome.span.unwrap_or_default();
        // One single moment still needs a width.
        let to = to.max(from + Span::from_secs(1));
        let (low, high) = if low < high {
            (low, high)
        } else {
            let room = (low.abs() / 100.0).max(1e-9);
            (low - room, high + room)
        };
        Self { top, bottom, from, to, low, high }
    }

    pub(super) fn x(&self, time: Timestamp) -> i32 {
        let share = time.since(self.from).as_secs_f64() / self.to.since(self.from).as_secs_f64();
        LEFT + whole(share.clamp(0.0, 1.0) * f64::from(RIGHT - LEFT))
    }

    pub(super) fn y(&self, value: f64) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        self.bottom - whole(share.clamp(0.0, 1.0) * f64::from(self.bottom - self.top))
    }

    /// Lines at round values with their texts at the left.
    pub(super) fn values<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        show: impl Fn(f64, usize) -> String,
    ) -> Drawn {
        let lines = (f64::from((self.bottom - self.top).abs()) / 90.0).max(1.0);
        let step = nice((self.high - self.low) / lines);
        let decimals = decimals(step);
        let mut place = (self.low / step).ceil();
        while place * step <= self.high {
            let y = self.y(place * step);
            line(area, vec![(LEFT, y), (RIGHT, y)], palette::GRID.stroke_width(2))?;
            let (horizontal, vertical) = (HPos::Right, VPos::Center);
            let writing = Writing { horizontal, vertical, ..Writing::default() };
            write(area, &show(place * step, decimals), (LEFT - 16, y), writing)?;
            place += 1.0;
        }
        Ok(())
    }

    /// Marks of time below.
    pub(super) fn times<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn {
        line(area, vec![(LEFT, self.bottom), (RIGHT, self.bottom)], palette::AXIS.stroke_width(2))?;
        for (time, text) in time_axis::marks(self.from, self.to, 11) {
            let x = self.x(time);
            let tick = vec![(x, self.bottom), (x, self.bottom + 10)];
            line(area, tick, palette::AXIS.stroke_width(2))?;
            let writing = Writing { horizontal: HPos::Center, ..Writing::default() };
            write(area, &text, (x, self.bottom + 18), writing)?;
        }
        Ok(())
    }

    /// A curve that holds each value until the next one comes, to the end of the session.
    pub(super) fn held(&self, buckets: &[Bucket]) -> Vec<(i32, i32)> {
        let mut points = self.points(buckets, true);
        if let Some(last) = points.last().copied() {
            points.push((RIGHT, last.1));
        }
        points
    }

    /// A curve that goes straight from value to value.
    pub(super) fn straight(&self, buckets: &[Bucket]) -> Vec<(i32, i32)> {
        self.points(buckets, false)
    }

    fn points(&self, buckets: &[Bucket], held: bool) -> Vec<(i32, i32)> {
        let mut points: Vec<(i32, i32)> = Vec::with_capacity(4 * buckets.len());
        for bucket in buckets {
            let x = self.x(bucket.from);
            if let Some(last) = points.last().copied().filter(|_| held) {
                points.push((x, last.1));
            }
            points.push((x, self.y(bucket.first)));
            points.push((x, self.y(bucket.low)));
            points.push((x, self.y(bucket.high)));
            points.push((self.x(bucket.to), self.y(bucket.last)));
        }
        points.dedup();
        points
    }

    /// The area between a curve and a value.
    pub(super) fn area_to(&self, points: &[(i32, i32)], value: f64) -> Vec<(i32, i32)> {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
        let y = self.y(value);
        let mut corners = vec![(first.0, y)];
        corners.extend_from_slice(points);
        corners.push((last.0, y));
        corners
    }

    /// What to say where there is nothing to draw.
    pub(super) fn nothing<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        text: &str,
    ) -> Drawn {
        let middle = (i32::midpoint(LEFT, RIGHT), i32::midpoint(self.top, self.bottom));
        let (horizontal, vertical) = (HPos::Center, VPos::Center);
        write(area, text, middle, Writing { size: 32, horizontal, vertical, ..Writing::default() })
    }
}

/// The lowest and highest values of a curve, with room above and below.
pub(super) fn reach(buckets: &[Bucket]) -> Option<(f64, f64)> {
    let low = buckets.iter().map(|bucket| bucket.low).reduce(f64::min)?;
    let high = buckets.iter().map(|bucket| bucket.high).reduce(f64::max)?;
    let room = (high - low) * 0.06;
    Some((low - room, high + room))
}

/// Decimals that tell steps apart.
pub(super) fn decimals(step: f64) -> usize {
    let needed = (-step.log10()).ceil().clamp(0.0, 12.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 12")]
    let needed = needed as usize;
    needed
}

pub(super) fn per_cent(value: f64, decimals: usize) -> String {
    format!("{} %", figure::grouped(100.0 * value, decimals.saturating_sub(2)))
}

#[expect(clippy::cast_possible_truncation, reason = "pictures have a few thousand points")]
pub(super) fn whole(value: f64) -> i32 {
    value.round() as i32
}
