//! Pictures as pixels, with a font that comes with the program: what is drawn never depends on the machine.

use crate::svg::{Drawing, drawn};
use crate::{Export, ExportError, Picture, page};
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::fontdb::{Database, ID, Source};
use resvg::usvg::{Options, Tree};
use std::sync::{Arc, LazyLock};

/// The size of a preview, as chat tools ask for it.
pub const PREVIEW: (u32, u32) = (1200, 630);

/// Most pixels of a picture: 64 MB while it is drawn.
const PIXELS: f64 = 16_000_000.0;

/// Inter 4.1 (SIL Open Font License, `exports/fonts/OFL.txt`), cut to Latin, Greek and Cyrillic letters.
pub(crate) const FONTS: [&[u8]; 2] = [
    include_bytes!("../fonts/Inter-Regular.ttf"),
    include_bytes!("../fonts/Inter-SemiBold.ttf"),
];

/// The fonts as the reader of pictures has them, and their numbers there.
pub(crate) static KNOWN: LazyLock<(Arc<Database>, Vec<ID>)> = LazyLock::new(|| {
    let mut fonts = Database::new();
    let mut ids = Vec::new();
    for font in FONTS {
        ids.extend(fonts.load_font_source(Source::Binary(Arc::new(font))));
    }
    fonts.set_sans_serif_family("Inter");
    (Arc::new(fonts), ids)
});

/// Reads a picture.
pub(crate) fn tree(drawing: &Drawing) -> Result<Tree, ExportError> {
    let options = Options {
        fontdb: KNOWN.0.clone(),
        font_family: "Inter".to_owned(),
        ..Options::default()
    };
    Tree::from_str(&drawing.svg, &options).map_err(|error| ExportError::Picture(error.to_string()))
}

/// A picture as PNG, two pixels a unit; fewer where it would be too large.
///
/// # Errors
/// When it can't be drawn, which has no reason but a mistake.
pub fn png(export: &Export, picture: &Picture) -> Result<Vec<u8>, ExportError> {
    let drawing = drawn(export, picture);
    let (width, height) = drawing.size;
    let scale = (PIXELS / (width * height)).sqrt().min(2.0);
    pixels(&drawing, scale)
}

/// A report as chat tools show it, 1200 by 630 pixels: the answer in large letters and its curves.
///
/// # Errors
/// When it can't be drawn, which has no reason but a mistake.
pub fn preview_png(export: &Export) -> Result<Vec<u8>, ExportError> {
    pixels(&page::preview(export), 1.0)
}

fn pixels(drawing: &Drawing, scale: f64) -> Result<Vec<u8>, ExportError> {
    let tree = tree(drawing)?;
    let (width, height) = drawing.size;
    let too_large = || ExportError::Picture("it has no size".to_owned());
    let mut pixels =
        Pixmap::new(whole(width * scale), whole(height * scale)).ok_or_else(too_large)?;
    pixels.fill(Color::WHITE);
    let scale = single(scale);
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixels.as_mut(),
    );
    let written = pixels.encode_png();
    written.map_err(|error| ExportError::Picture(error.to_string()))
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive size, far below 2^32 by the limit on pixels"
)]
fn whole(size: f64) -> u32 {
    size.round().clamp(1.0, 20_000.0) as u32
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "no lossless From exists; a scale needs no more"
)]
fn single(scale: f64) -> f32 {
    scale as f32
}
