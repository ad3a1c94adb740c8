//! The shapes of letters, so that a picture needs no font on the machine that draws it.
//!
//! The outlines are a small table derived from `DejaVu Sans` (its licence is beside it). Letters that
//! it lacks are drawn as an empty box, never left out silently.

use std::{collections::BTreeMap, sync::LazyLock};

use tiny_skia::PathBuilder;

const TABLE: &str = include_str!("../../assets/glyphs.txt");
/// Units of an em.
const EM: f32 = 2048.0;
/// Stands in for a letter that is not in the table.
const BOX: char = '\u{25a1}';

static GLYPHS: LazyLock<BTreeMap<char, Glyph>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| glyph(line).expect("the table of glyphs is part of the program")).collect()
});

/// One letter.
#[derive(Clone, Debug)]
struct Glyph {
    advance: f32,
    strokes: Vec<Stroke>,
}

#[derive(Clone, Copy, Debug)]
enum Stroke {
    Move(f32, f32),
    Line(f32, f32),
    Curve(f32, f32, f32, f32),
    Close,
}

fn glyph(line: &str) -> Option<(char, Glyph)> {
    let mut words = line.split_whitespace();
    let letter = char::from_u32(u32::from_str_radix(words.next()?, 16).ok()?)?;
    let advance = words.next()?.parse().ok()?;
    let mut strokes = Vec::new();
    while let Some(word) = words.next() {
        let mut number = || words.next()?.parse::<f32>().ok();
        let stroke = match word.split_at(1) {
            ("M", x) => Stroke::Move(x.parse().ok()?, number()?),
            ("L", x) => Stroke::Line(x.parse().ok()?, number()?),
            ("Q", x) => Stroke::Curve(x.parse().ok()?, number()?, number()?, number()?),
            ("Z", "") => Stroke::Close,
            _ => return None,
        };
        strokes.push(stroke);
    }
    Some((letter, Glyph { advance, strokes }))
}

fn of(letter: char) -> &'static Glyph {
    GLYPHS.get(&letter).unwrap_or(&GLYPHS[&BOX])
}

/// How far a text goes at this size.
pub(super) fn width(text: &str, size: f32) -> f32 {
    text.chars().map(|letter| of(letter).advance).sum::<f32>() * size / EM
}

/// The outline of a text whose base line begins at the point.
pub(super) fn outline(text: &str, size: f32, (x, y): (f32, f32)) -> Option<tiny_skia::Path> {
    let mut path = PathBuilder::new();
    let scale = size / EM;
    let mut pen = x;
    for letter in text.chars() {
        let glyph = of(letter);
        let at = |dx: f32, dy: f32| (pen + dx * scale, y - dy * scale);
        for stroke in &glyph.strokes {
            match *stroke {
                Stroke::Move(dx, dy) => {
                    let (x, y) = at(dx, dy);
                    path.move_to(x, y);
                }
                Stroke::Line(dx, dy) => {
                    let (x, y) = at(dx, dy);
                    path.line_to(x, y);
                }
                Stroke::Curve(ax, ay, dx, dy) => {
                    let ((ax, ay), (x, y)) = (at(ax, ay), at(dx, dy));
                    path.quad_to(ax, ay, x, y);
                }
                Stroke::Close => path.close(),
            }
        }
        pen += glyph.advance * scale;
    }
    path.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_ascii_letter_has_a_shape_of_its_own() {
        for letter in ' '..='~' {
            assert!(GLYPHS.contains_key(&letter), "{letter:?}");
            assert_eq!(outline(&letter.to_string(), 20.0, (0.0, 20.0)).is_none(), letter == ' ');
        }
    }

    #[test]
    fn a_letter_outside_the_table_is_a_box() {
        assert!((width("\u{4e16}", 10.0) - width("\u{25a1}", 10.0)).abs() < 1e-6);
        assert!(outline("\u{4e16}", 10.0, (0.0, 0.0)).is_some());
    }

    #[test]
    fn a_text_is_as_wide_as_its_letters() {
        assert!((width("ab", 10.0) - width("a", 10.0) - width("b", 10.0)).abs() < 1e-4);
    }
}
