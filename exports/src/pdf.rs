//! A report as one page of PDF: vectors, and words that can be selected.

use crate::raster::{FONTS, KNOWN, tree};
use crate::{Export, ExportError, page};
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Transform};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, LineCap, LineJoin, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Data, Document};
use resvg::tiny_skia::PathSegment;
use resvg::usvg::{self, Group, Node, Paint};

/// A4 across, in points.
const A4: (f32, f32) = (841.89, 595.28);

/// A report as PDF: one page of A4, landscape.
///
/// # Errors
/// When it can't be written, which has no reason but a mistake.
pub fn pdf(export: &Export) -> Result<Vec<u8>, ExportError> {
    let tree = tree(&page::page(export))?;
    let fonts = FONTS.iter().map(|font| Font::new(Data::from(*font), 0));
    let fonts: Option<Vec<Font>> = fonts.collect();
    let fonts = fonts.ok_or_else(|| ExportError::Page("a font can't be read".to_owned()))?;
    let mut document = Document::new();
    let about = Metadata::new()
        .title(export.title.clone())
        .description(export.method.clone())
        .language("en".to_owned())
        .creator("Holdfast".to_owned());
    document.set_metadata(about);
    let settings = PageSettings::from_wh(A4.0, A4.1);
    let settings = settings.ok_or_else(|| ExportError::Page("it has no size".to_owned()))?;
    let mut sheet = document.start_page_with(settings);
    let mut surface = sheet.surface();
    let size = tree.size();
    surface.push_transform(&Transform::from_scale(
        A4.0 / size.width(),
        A4.1 / size.height(),
    ));
    group(tree.root(), &fonts, &mut surface);
    surface.pop();
    surface.finish();
    sheet.finish();
    let written = document.finish();
    written.map_err(|error| ExportError::Page(format!("{error:?}")))
}

/// Draws what the program's own pictures hold: groups, paths, words. They have no gradients, clips or masks.
fn group(of: &Group, fonts: &[Font], surface: &mut Surface<'_>) {
    surface.push_transform(&transform(of.transform()));
    surface.push_opacity(opacity(of.opacity()));
    for node in of.children() {
        match node {
            Node::Group(inner) => group(inner, fonts, surface),
            Node::Path(path) => draw(path, surface),
            Node::Text(text) => words(text, fonts, surface),
            Node::Image(_) => {}
        }
    }
    surface.pop();
    surface.pop();
}

fn draw(path: &usvg::Path, surface: &mut Surface<'_>) {
    let fill = path.fill().and_then(filled);
    let stroke = path.stroke().and_then(stroked);
    // Without either, the writer would fill with black.
    if !path.is_visible() || (fill.is_none() && stroke.is_none()) {
        return;
    }
    let mut outline = PathBuilder::new();
    for segment in path.data().segments() {
        match segment {
            PathSegment::MoveTo(to) => outline.move_to(to.x, to.y),
            PathSegment::LineTo(to) => outline.line_to(to.x, to.y),
            PathSegment::QuadTo(by, to) => outline.quad_to(by.x, by.y, to.x, to.y),
            PathSegment::CubicTo(one, two, to) => {
                outline.cubic_to(one.x, one.y, two.x, two.y, to.x, to.y)
            }
            PathSegment::Close => outline.close(),
        }
    }
    if let Some(outline) = outline.finish() {
        surface.set_fill(fill);
        surface.set_stroke(stroke);
        surface.draw_path(&outline);
    }
}

fn words(text: &usvg::Text, fonts: &[Font], surface: &mut Surface<'_>) {
    for span in text.layouted() {
        if let Some(line) = &span.underline {
            draw(line, surface);
        }
        let fill = span.fill.as_ref().and_then(filled);
        let size = span.font_size.get();
        for glyph in &span.positioned_glyphs {
            let place = KNOWN.1.iter().position(|id| *id == glyph.font);
            let Some(font) = place.and_then(|place| fonts.get(place)) else {
                continue;
            };
            // The glyph's own transform has the size in it, which the writer is told apart.
            let unscaled = font.units_per_em() / size;
            let place = glyph.transform().pre_scale(unscaled, unscaled);
            let one = KrillaGlyph::new(
                GlyphId::new(u32::from(glyph.id.0)),
                0.0,
                0.0,
                0.0,
                0.0,
                0..glyph.text.len(),
                None,
            );
            surface.push_transform(&transform(place));
            surface.set_fill(fill.clone());
            surface.set_stroke(None);
            surface.draw_glyphs(
                Point::from_xy(0.0, 0.0),
                &[one],
                font.clone(),
                &glyph.text,
                size,
                false,
            );
            surface.pop();
        }
    }
}

fn transform(of: usvg::Transform) -> Transform {
    Transform::from_row(of.sx, of.ky, of.kx, of.sy, of.tx, of.ty)
}

fn opacity(of: usvg::Opacity) -> NormalizedF32 {
    NormalizedF32::new(of.get()).unwrap_or(NormalizedF32::ONE)
}

fn colour(paint: &Paint) -> Option<rgb::Color> {
    match paint {
        Paint::Color(colour) => Some(rgb::Color::new(colour.red, colour.green, colour.blue)),
        _ => None,
    }
}

fn filled(fill: &usvg::Fill) -> Option<Fill> {
    Some(Fill {
        paint: colour(fill.paint())?.into(),
        opacity: opacity(fill.opacity()),
        rule: FillRule::NonZero,
    })
}

fn stroked(stroke: &usvg::Stroke) -> Option<Stroke> {
    Some(Stroke {
        paint: colour(stroke.paint())?.into(),
        width: stroke.width().get(),
        miter_limit: stroke.miterlimit().get(),
        line_cap: LineCap::Butt,
        line_join: LineJoin::Miter,
        opacity: opacity(stroke.opacity()),
        dash: stroke.dasharray().map(|lengths| StrokeDash {
            array: lengths.to_vec(),
            offset: stroke.dashoffset(),
        }),
    })
}
