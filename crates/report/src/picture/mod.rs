//! Charts as files, each as SVG and as PNG, drawn by the same code.
//!
//! They are on white, for print and for mail; the page has its own that can be zoomed.

mod curves;
mod glyphs;
mod palette;
mod plot;
mod prices;
mod raster;
mod table;
mod time_axis;

use plotters::{
    coord::Shift,
    prelude::{DrawingArea, DrawingBackend, IntoDrawingArea as _, SVGBackend},
};

use self::raster::Raster;
use crate::{ReportError, Sources};

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    /// Below the report's folder.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Price charts drawn; a session with more instruments has the rest in the page only.
const PRICES: usize = 20;

/// What can go wrong while drawing; the text says what.
type Drawn = Result<(), String>;

/// A picture, whatever it is drawn on.
trait Drawing {
    /// In points of the picture.
    fn size(&self) -> (u32, u32);
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn;
}

/// Every chart of the report, in a fixed order.
pub(crate) fn all(sources: &Sources<'_>) -> Result<Vec<Picture>, ReportError> {
    let mut pictures = Vec::new();
    let heading = plot::Heading::new(sources);
    both("equity", &curves::Equity { sources, heading: &heading }, &mut pictures)?;
    both("exposure", &curves::Exposure { sources, heading: &heading }, &mut pictures)?;
    for instrument in sources.outcome.instruments.iter().take(PRICES) {
        let name = format!("price-{}-{}", instrument.id().index() + 1, plain(instrument.symbol()));
        both(&name, &prices::Prices { sources, heading: &heading, instrument }, &mut pictures)?;
    }
    both("months", &table::Months { sources, heading: &heading }, &mut pictures)?;
    both("trades", &table::Trades { sources, heading: &heading }, &mut pictures)?;
    Ok(pictures)
}

fn both<D: Drawing>(
    name: &str,
    drawing: &D,
    pictures: &mut Vec<Picture>,
) -> Result<(), ReportError> {
    let fail = |reason: String| ReportError::Chart { name: name.to_owned(), reason };
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, drawing.size()).into_drawing_area();
    paint(drawing, &area).map_err(fail)?;
    drop(area);
    let mut pixels = raster::pixels(drawing.size()).map_err(fail)?;
    paint(drawing, &Raster::on(&mut pixels).into_drawing_area()).map_err(fail)?;
    let png = raster::png(&pixels).map_err(fail)?;
    pictures.push(Picture { name: format!("charts/{name}.svg"), bytes: svg.into_bytes() });
    pictures.push(Picture { name: format!("charts/{name}.png"), bytes: png });
    Ok(())
}

fn paint<D: Drawing, B: DrawingBackend>(drawing: &D, area: &DrawingArea<B, Shift>) -> Drawn {
    area.fill(&palette::PAPER).map_err(|error| error.to_string())?;
    drawing.draw(area)?;
    area.present().map_err(|error| error.to_string())
}

/// A symbol as part of a file name.
fn plain(symbol: &str) -> String {
    let letters = symbol.chars().filter(char::is_ascii_alphanumeric).take(24);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}
