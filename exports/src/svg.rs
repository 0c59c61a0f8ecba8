//! Pictures as files: a chart or a matrix with its title, its answer, its key and its method, in the light theme.

use crate::text::{clean, cut, escape, first, width, wrap};
use crate::{Export, Picture, theme};
use std::fmt::Write;

/// Between a picture and its edge.
const MARGIN: f64 = 24.0;
/// The narrowest that words fit.
const LEAST: f64 = 720.0;

/// A picture that is being put together.
pub(crate) struct Canvas {
    body: String,
    /// How far down it is drawn.
    pub(crate) y: f64,
}

/// A finished picture.
pub(crate) struct Drawing {
    /// The text.
    pub(crate) svg: String,
    /// Its size in units, of which there are 96 an inch.
    pub(crate) size: (f64, f64),
}

impl Canvas {
    /// Begins at the upper edge.
    pub(crate) fn new(y: f64) -> Self {
        Self {
            body: String::new(),
            y,
        }
    }

    /// A line of words at a place.
    pub(crate) fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        let text = escape(text);
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>\n"
        ));
    }

    /// Lines of words below each other; moves on.
    pub(crate) fn lines(&mut self, x: f64, class: &str, step: f64, lines: &[String]) {
        for line in lines {
            self.y += step;
            let y = self.y;
            self.text(x, y, class, line);
        }
    }

    /// What the colours of a picture mean, in as many lines as it takes; moves on.
    pub(crate) fn key(&mut self, x: f64, limit: f64, key: &[(String, String)]) {
        if key.is_empty() {
            return;
        }
        self.y += 20.0;
        let mut at = x;
        for (class, name) in key {
            let name = cut(name, 12.0, limit - 24.0);
            let length = 22.0 + width(&name, 12.0);
            if at > x && at + length > x + limit {
                at = x;
                self.y += 17.0;
            }
            let (y, colour) = (self.y, theme::colour(class));
            self.push(format_args!(
                "<rect fill=\"{colour}\" x=\"{at:.1}\" y=\"{:.1}\" width=\"14\" height=\"4\" rx=\"1\"/>\n",
                y - 6.0
            ));
            self.text(at + 20.0, y, "", &name);
            at += length + 16.0;
        }
    }

    /// A part at a place and in a size; its own units don't matter.
    pub(crate) fn place(&mut self, x: f64, y: f64, scale: f64, body: &str) {
        self.push(format_args!(
            "<g transform=\"translate({x:.2} {y:.2}) scale({scale:.4})\">\n"
        ));
        self.body.push_str(body);
        self.body.push_str("</g>\n");
    }

    /// The whole in its size.
    pub(crate) fn finish(self, size: (f64, f64), title: &str, description: &str) -> Drawing {
        let (wide, high) = size;
        let (title, description) = (escape(title), escape(description));
        let style = theme::style_sheet();
        let body = clean(&self.body);
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide:.0}\" height=\"{high:.0}\" viewBox=\"0 0 {wide:.0} {high:.0}\" role=\"img\">\n\
             <title>{title}</title>\n<desc>{description}</desc>\n<style>{style}</style>\n\
             <rect fill=\"#fff\" width=\"{wide:.0}\" height=\"{high:.0}\"/>\n{body}</svg>\n"
        );
        Drawing { svg, size }
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Memory does not fail.
        self.body.write_fmt(text).unwrap_or_default();
    }
}

/// The size of a chart and what it draws, without the curves that only the page shows.
pub(crate) fn parts(svg: &str) -> Option<((f64, f64), String)> {
    // The names of events in its label are escaped, so these marks are the chart's own.
    let (head, rest) = svg.split_once("\" xmlns=\"http://www.w3.org/2000/svg\">")?;
    let (_, size) = head.rsplit_once("viewBox=\"0 0 ")?;
    let (width, height) = size.split_once(' ')?;
    let (body, _) = rest.rsplit_once("</svg>")?;
    let lines = body
        .lines()
        .filter(|line| !line.contains("class=\"cohort\""));
    let body: Vec<&str> = lines.collect();
    Some(((width.parse().ok()?, height.parse().ok()?), body.join("\n")))
}

/// A picture as a file of its own: with its title, the report's answer, its key, and the method line.
pub fn svg(export: &Export, picture: &Picture) -> String {
    drawn(export, picture).svg
}

pub(crate) fn drawn(export: &Export, picture: &Picture) -> Drawing {
    let found = parts(&picture.svg);
    let chart = found.as_ref().map_or((LEAST, 0.0), |(size, _)| *size);
    let inner = chart.0.max(LEAST);
    let mut canvas = Canvas::new(MARGIN);
    canvas.lines(
        MARGIN,
        "title",
        16.0,
        &first(wrap(&picture.title, 19.0, inner), 2),
    );
    canvas.y += 4.0;
    canvas.lines(
        MARGIN,
        "sentence",
        20.0,
        &first(wrap(&export.sentence, 14.0, inner), 4),
    );
    canvas.key(MARGIN, inner, &picture.key);
    canvas.y += 16.0;
    match &found {
        Some((size, body)) => {
            let y = canvas.y;
            canvas.place(MARGIN, y, 1.0, body);
            canvas.y += size.1;
        }
        None => canvas.lines(
            MARGIN,
            "words",
            16.0,
            &["There is nothing to draw yet.".to_owned()],
        ),
    }
    canvas.y += 6.0;
    canvas.lines(MARGIN, "method", 15.0, &wrap(&about(export), 10.5, inner));
    let size = (inner + 2.0 * MARGIN, (canvas.y + MARGIN).ceil());
    canvas.finish(size, &picture.title, &export.method)
}

/// The method, with whose numbers they are.
pub(crate) fn about(export: &Export) -> String {
    match export.workspace.as_str() {
        "" => export.method.clone(),
        workspace => format!("{workspace} · {}", export.method),
    }
}
