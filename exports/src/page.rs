//! One page with everything that matters: the answer, its picture, its numbers, its method. And the same in the size of a
//! preview.

use crate::sheet::{Kind, Row, Sheet};
use crate::svg::{Canvas, Drawing, about, parts};
use crate::text::{cut, escape, first, width, wrap};
use crate::{Export, PREVIEW};
use std::fmt::Write;

/// A4 across, in units of which there are 96 an inch.
const A4: (f64, f64) = (1122.5, 793.7);
const MARGIN: f64 = 36.0;
/// Smaller than this nothing can be read; then rows are left out, and the page says so.
const SMALLEST: f64 = 0.42;
/// Less room than this holds no further table.
const LEAST: f64 = 90.0;
/// The height of a row in a drawn table, and of its words.
const ROW: f64 = 18.0;
const LETTERS: f64 = 11.0;

/// A report on one page, landscape.
pub(crate) fn page(export: &Export) -> Drawing {
    let inner = A4.0 - 2.0 * MARGIN;
    let mut canvas = Canvas::new(MARGIN - 12.0);
    canvas.lines(
        MARGIN,
        "title",
        20.0,
        &first(wrap(&export.title, 19.0, inner), 1),
    );
    canvas.lines(
        MARGIN,
        "sentence",
        20.0,
        &first(wrap(&export.sentence, 14.0, inner), 3),
    );
    canvas.y += 2.0;
    canvas.lines(
        MARGIN,
        "words",
        16.0,
        &first(wrap(&export.evidence, 12.0, inner), 2),
    );
    let mut last = wrap(&about(export), 10.5, inner);
    let address = Some(&export.address).filter(|address| !address.is_empty());
    last.extend(address.map(|address| cut(address, 10.5, inner)));
    let foot = A4.1 - MARGIN - 14.0 * f64::from(u32::try_from(last.len()).unwrap_or(0)) + 8.0;
    let lead = export.pictures.get(export.lead);
    let body = lead.and_then(|picture| Some((picture, parts(&picture.svg)?)));
    if let Some((picture, (size, body))) = body {
        canvas.y += 8.0;
        // The matrix is what such a page is about; elsewhere the picture is.
        let tall = match export.picture("matrix") {
            Some(_) => 150.0,
            None => 230.0,
        };
        if picture.title != export.title {
            let title = first(wrap(&picture.title, 13.0, inner), 1);
            canvas.lines(MARGIN, "small-title", 16.0, &title);
        }
        canvas.key(MARGIN, inner, &picture.key);
        canvas.y += 6.0;
        let scale = (inner / size.0).min(tall / size.1);
        let y = canvas.y;
        canvas.place(MARGIN, y, scale, &body);
        canvas.y += size.1 * scale;
    }
    canvas.y += 12.0;
    numbers(export, &mut canvas, foot - 10.0);
    canvas.y = foot - 8.0;
    canvas.lines(MARGIN, "method", 14.0, &last);
    canvas.finish(A4, &export.title, &export.method)
}

/// The matrix where there is one, else tables, as many and as large as there is room for.
fn numbers(export: &Export, canvas: &mut Canvas, foot: f64) {
    let inner = A4.0 - 2.0 * MARGIN;
    let matrix = export.picture("matrix");
    if let Some((size, body)) = matrix.and_then(|picture| parts(&picture.svg)) {
        place(canvas, foot, size, &body);
        return;
    }
    for sheet in export.sheets.iter().filter(|sheet| !sheet.rows.is_empty()) {
        if foot - canvas.y < LEAST {
            return;
        }
        canvas.y += 4.0;
        canvas.lines(
            MARGIN,
            "small-title",
            16.0,
            std::slice::from_ref(&sheet.title),
        );
        let (size, body) = table(sheet, (inner, foot - canvas.y));
        place(canvas, foot, size, &body);
    }
}

/// Something below what is there, no larger than there is room.
fn place(canvas: &mut Canvas, foot: f64, size: (f64, f64), body: &str) {
    let inner = A4.0 - 2.0 * MARGIN;
    let scale = (inner / size.0).min((foot - canvas.y) / size.1).min(1.0);
    if scale > 0.0 {
        let y = canvas.y;
        canvas.place(MARGIN, y, scale, body);
        canvas.y += size.1 * scale;
    }
}

/// A table drawn: the rows that can be read in so much room, and how many more there are.
fn table(sheet: &Sheet, (wide, high): (f64, f64)) -> ((f64, f64), String) {
    let shown = |row: &Row, place: usize| -> String {
        let cell = row.cells.get(place).zip(sheet.columns.get(place));
        cell.map_or_else(String::new, |(cell, column)| column.shown(&cell.value))
    };
    let mut widths: Vec<f64> = Vec::new();
    for (place, column) in sheet.columns.iter().enumerate() {
        let cells = sheet
            .rows
            .iter()
            .map(|row| width(&shown(row, place), LETTERS));
        let most = cells.fold(width(&column.name, LETTERS), f64::max);
        widths.push(most.clamp(30.0, 260.0) + 14.0);
    }
    // Later columns that would make all others too small are left to the other forms.
    let mut across = 0.0;
    let fitting = widths.iter().take_while(|width| {
        across += **width;
        across <= wide / SMALLEST
    });
    let columns = fitting.count();
    let total: f64 = widths.iter().take(columns).sum();
    let scale = (wide / total.max(1.0)).min(1.0);
    let mut most = 0;
    let mut down = ROW * 2.5;
    while down + ROW <= high / scale.max(SMALLEST) {
        down += ROW;
        most += 1;
    }
    let mut svg = String::new();
    let mut line = |x: f64, y: f64, class: &str, text: &str| {
        let text = escape(text);
        writeln!(svg, "<text class=\"{class}\" font-size=\"{LETTERS}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>")
            .unwrap_or_default();
    };
    let rows = sheet.rows.iter().take(most).enumerate();
    let mut left = 0.0;
    for (place, (column, width)) in sheet.columns.iter().zip(&widths).take(columns).enumerate() {
        let words = matches!(column.kind, Kind::Text | Kind::Date);
        let (x, side) = match words {
            true => (left, ""),
            false => (left + width - 14.0, " end"),
        };
        line(
            x,
            ROW,
            &format!("words{side}"),
            &cut(&column.name, LETTERS, width - 10.0),
        );
        let mut y = ROW * 2.0;
        for (_, row) in rows.clone() {
            let strong = match row.total {
                true => " strong",
                false => "",
            };
            let text = cut(&shown(row, place), LETTERS, width - 8.0);
            line(x, y, &format!("ink{side}{strong}"), &text);
            y += ROW;
        }
        left += width;
    }
    let height =
        down.min(ROW * 2.5 + ROW * f64::from(u32::try_from(sheet.rows.len()).unwrap_or(u32::MAX)));
    let (rows, columns) = (
        sheet.rows.len().saturating_sub(most),
        sheet.columns.len() - columns,
    );
    if rows > 0 || columns > 0 {
        let text = format!("{rows} more rows and {columns} more columns are in the workbook.");
        line(0.0, height - 4.0, "words", &text);
    }
    ((total, height), svg)
}

/// A report as chat tools show it: the answer large, the picture below.
pub(crate) fn preview(export: &Export) -> Drawing {
    let size = (f64::from(PREVIEW.0), f64::from(PREVIEW.1));
    let margin = 56.0;
    let inner = size.0 - 2.0 * margin;
    let mut canvas = Canvas::new(50.0);
    let whose = match export.workspace.as_str() {
        "" => export.title.clone(),
        workspace => format!("{workspace} · {}", export.title),
    };
    canvas.lines(margin, "large", 16.0, &[cut(&whose, 22.0, inner)]);
    canvas.y += 14.0;
    canvas.lines(
        margin,
        "huge",
        48.0,
        &first(wrap(&export.sentence, 40.0, inner), 4),
    );
    canvas.y += 8.0;
    canvas.lines(
        margin,
        "large",
        30.0,
        &first(wrap(&export.evidence, 22.0, inner), 2),
    );
    let foot = size.1 - 52.0;
    let picture = export.pictures.get(export.lead);
    let found = picture.and_then(|picture| Some((picture, parts(&picture.svg)?)));
    if let Some((picture, (chart, body))) = found {
        let key = if picture.key.is_empty() { 0.0 } else { 24.0 };
        let room = foot - 56.0 - key - canvas.y;
        let scale = (inner / chart.0).min(room / chart.1);
        // Smaller than this it says nothing.
        if scale > 0.5 {
            let top = foot - 36.0 - chart.1 * scale;
            canvas.y = top - key - 12.0;
            canvas.key(margin, inner, &picture.key);
            canvas.place(margin, top, scale, &body);
        }
    }
    canvas.text(margin, foot, "large", &format!("As of {}", export.as_of));
    canvas.text(size.0 - margin, foot, "large end", "Holdfast");
    canvas.finish(size, &export.title, &export.sentence)
}
