//! Draws into pixels, smoothly, and turns them into a PNG.
//!
//! The charting library's own pixels need a font parser that nobody maintains any more, so this
//! implements its drawing interface on `tiny-skia`, with letters from [`glyphs`](super::glyphs).

use std::convert::Infallible;

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle, FontTransform, text_anchor,
};
use tiny_skia::{FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};

use super::glyphs;

/// Text sizes are those of the library's SVG, which divides by this.
const TEXT_SCALE: f64 = 1.24;

/// Pixels that are drawn on.
pub(super) struct Raster<'a> {
    pixels: &'a mut Pixmap,
}

type Done = Result<(), DrawingErrorKind<Infallible>>;

/// Empty pixels.
pub(super) fn pixels((width, height): (u32, u32)) -> Result<Pixmap, String> {
    Pixmap::new(width, height)
        .ok_or_else(|| format!("a picture of {width} by {height} points cannot be made"))
}

/// Pixels as a file.
pub(super) fn png(pixels: &Pixmap) -> Result<Vec<u8>, String> {
    // The paper is opaque, so there is nothing to see through.
    let mut bytes = Vec::with_capacity(pixels.data().len() / 4 * 3);
    for pixel in pixels.data().as_chunks::<4>().0 {
        bytes.extend_from_slice(&pixel[..3]);
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, pixels.width(), pixels.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&bytes)?;
        writer.finish()
    });
    written.map_err(|error| error.to_string())?;
    Ok(out)
}

impl<'a> Raster<'a> {
    pub(super) const fn on(pixels: &'a mut Pixmap) -> Self {
        Self { pixels }
    }

    fn fill(&mut self, path: Option<Path>, color: BackendColor) {
        if let Some(path) = path.filter(|_| color.alpha > 0.0) {
            let none = Transform::identity();
            self.pixels.fill_path(&path, &paint(color), FillRule::Winding, none, None);
        }
    }

    fn stroke(&mut self, path: Option<Path>, color: BackendColor, width: f32) {
        if let Some(path) = path.filter(|_| color.alpha > 0.0) {
            let stroke = Stroke { width, line_join: LineJoin::Round, ..Stroke::default() };
            self.pixels.stroke_path(&path, &paint(color), &stroke, Transform::identity(), None);
        }
    }
}

fn paint(color: BackendColor) -> Paint<'static> {
    let mut paint = Paint::default();
    let (red, green, blue) = color.rgb;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    let alpha = (color.alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
    paint.set_color_rgba8(red, green, blue, alpha);
    paint.anti_alias = true;
    paint
}

/// The middle of a pixel, where a line of odd width is sharp.
#[expect(clippy::cast_precision_loss, reason = "pictures have a few thousand points")]
fn middle((x, y): BackendCoord) -> (f32, f32) {
    (x as f32 + 0.5, y as f32 + 0.5)
}

fn line_of(points: impl IntoIterator<Item = BackendCoord>, closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (place, point) in points.into_iter().enumerate() {
        let (x, y) = middle(point);
        if place == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    if closed {
        path.close();
    }
    path.finish()
}

#[expect(clippy::cast_precision_loss, reason = "lines are a few points wide")]
fn width_of<S: BackendStyle>(style: &S) -> f32 {
    style.stroke_width() as f32
}

impl DrawingBackend for Raster<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.pixels.width(), self.pixels.height())
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Done {
        self.draw_rect((x, y), (x, y), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Done {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Done {
        if !fill {
            let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
            self.stroke(line_of(corners, true), style.color(), width_of(style));
            return Ok(());
        }
        #[expect(clippy::cast_precision_loss, reason = "pictures have a few thousand points")]
        let side = |value: i32| value as f32;
        let inside = Rect::from_ltrb(side(left), side(top), side(right + 1), side(bottom + 1));
        self.fill(inside.map(PathBuilder::from_rect), style.color());
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Done {
        self.stroke(line_of(path, false), style.color(), width_of(style));
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Done {
        let (x, y) = middle(center);
        #[expect(clippy::cast_precision_loss, reason = "circles are small")]
        let circle = PathBuilder::from_circle(x, y, radius as f32);
        if fill {
            self.fill(circle, style.color());
        } else {
            self.stroke(circle, style.color(), width_of(style));
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Done {
        self.fill(line_of(corners, true), style.color());
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &T,
        position: BackendCoord,
    ) -> Done {
        let size = em(style);
        let width = glyphs::width(text, size);
        let (x, y) = middle(position);
        let dx = match style.anchor().h_pos {
            text_anchor::HPos::Left => 0.0,
            text_anchor::HPos::Center => -width / 2.0,
            text_anchor::HPos::Right => -width,
        };
        let dy = match style.anchor().v_pos {
            text_anchor::VPos::Top => 0.76 * size,
            text_anchor::VPos::Center => 0.27 * size,
            text_anchor::VPos::Bottom => -0.27 * size,
        };
        let turn = match style.transform() {
            FontTransform::None => 0.0,
            FontTransform::Rotate90 => 90.0,
            FontTransform::Rotate180 => 180.0,
            FontTransform::Rotate270 => 270.0,
        };
        let outline = glyphs::outline(text, size, (x + dx, y + dy));
        let outline =
            outline.and_then(|path| path.transform(Transform::from_rotate_at(turn, x, y)));
        if matches!(style.style(), FontStyle::Bold) {
            self.stroke(outline.clone(), style.color(), size / 24.0);
        }
        self.fill(outline, style.color());
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = em(style);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small sizes")]
        let whole = |value: f32| value.ceil().max(0.0) as u32;
        Ok((whole(glyphs::width(text, size)), whole(size)))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "text sizes are small")]
fn em<T: BackendTextStyle>(style: &T) -> f32 {
    (style.size() / TEXT_SCALE) as f32
}
