//! Colours that people with any kind of colour vision tell apart: blue for gains and buys, orange
//! for losses and sells, after Okabe and Ito (2008).

use plotters::style::RGBColor;

pub(super) const PAPER: RGBColor = RGBColor(255, 255, 255);
pub(super) const INK: RGBColor = RGBColor(24, 32, 44);
pub(super) const FAINT: RGBColor = RGBColor(98, 109, 124);
pub(super) const GRID: RGBColor = RGBColor(226, 230, 236);
pub(super) const AXIS: RGBColor = RGBColor(176, 184, 196);
pub(super) const GOOD: RGBColor = RGBColor(0, 98, 178);
pub(super) const BAD: RGBColor = RGBColor(204, 84, 0);
pub(super) const WARNING: RGBColor = RGBColor(160, 88, 0);
