//! All tables of a report as an Excel workbook, with a sheet that tells the method.

use crate::sheet::{Cell, Column, Kind, Row, Sheet, Value};
use crate::{Export, ExportError, theme};
use jiff::civil::Date;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, FormatPattern, Workbook,
    Worksheet,
};

/// The most letters of a cell.
const LETTERS: usize = 32_000;

/// A workbook with a sheet for each table, as they are on the screen, and one for the method. Words are always stored as
/// words, never as formulas.
///
/// # Errors
/// When the workbook can't be written, which has no reason but a mistake.
pub fn xlsx(export: &Export) -> Result<Vec<u8>, ExportError> {
    let mut book = Workbook::new();
    let mut properties = DocProperties::new()
        .set_title(&export.title)
        .set_comment(&export.method);
    if let Some(date) = excel_date(export.as_of_date) {
        properties = properties.set_creation_datetime(&date);
    }
    book.set_properties(&properties);
    for sheet in &export.sheets {
        write(book.add_worksheet(), sheet)?;
    }
    method(book.add_worksheet(), export)?;
    Ok(book.save_to_buffer()?)
}

fn write(page: &mut Worksheet, sheet: &Sheet) -> Result<(), ExportError> {
    page.set_name(name(&sheet.title))?;
    page.set_freeze_panes(1, 1)?;
    page.set_landscape();
    page.set_print_fit_to_pages(1, 0);
    let head = Format::new()
        .set_bold()
        .set_font_color(theme::INK_3)
        .set_border_bottom(FormatBorder::Thin)
        .set_border_bottom_color(theme::LINE);
    for (column, place) in sheet.columns.iter().zip(0_u16..) {
        page.set_column_width(place, width(sheet, column, usize::from(place)))?;
        let head = match column.kind {
            Kind::Text | Kind::Date => head.clone(),
            _ => head.clone().set_align(FormatAlign::Right),
        };
        page.write_string_with_format(0, place, cut(&column.name), &head.set_quote_prefix())?;
    }
    for (row, number) in sheet.rows.iter().zip(1_u32..) {
        for ((cell, column), place) in row.cells.iter().zip(&sheet.columns).zip(0_u16..) {
            let format = format(row, cell, column.kind);
            match &cell.value {
                Value::None => {}
                Value::Text(text) => {
                    let format = match text.starts_with(['=', '+', '-', '@']) {
                        true => format.set_quote_prefix(),
                        false => format,
                    };
                    page.write_string_with_format(number, place, cut(text), &format)?;
                }
                Value::Count(count) => {
                    page.write_number_with_format(number, place, large(*count), &format)?;
                }
                Value::Number(value) => {
                    page.write_number_with_format(number, place, *value, &format)?;
                }
                Value::Date(date) => match excel_date(*date) {
                    Some(date) => {
                        page.write_datetime_with_format(number, place, &date, &format)?;
                    }
                    // Excel knows no day before 1900.
                    None => {
                        page.write_string_with_format(number, place, date.to_string(), &format)?;
                    }
                },
            }
        }
    }
    Ok(())
}

/// What a report means: its question and every choice behind it.
fn method(page: &mut Worksheet, export: &Export) -> Result<(), ExportError> {
    page.set_name("Method")?;
    page.set_column_width(0, 18)?;
    page.set_column_width(1, 110)?;
    let head = Format::new().set_bold().set_align(FormatAlign::Top);
    let text = Format::new()
        .set_text_wrap()
        .set_align(FormatAlign::Top)
        .set_quote_prefix();
    let mut lines: Vec<(&str, &str)> = vec![
        ("Report", &export.title),
        ("Workspace", &export.workspace),
        ("Answer", &export.sentence),
        ("Evidence", &export.evidence),
        ("As of", &export.as_of),
        ("Address", &export.address),
    ];
    lines.extend(export.method.split(" · ").map(|one| ("Method", one)));
    lines.extend(export.notes.iter().map(|one| ("Note", one.as_str())));
    lines.retain(|(_, words)| !words.is_empty());
    for ((label, words), row) in lines.into_iter().zip(0_u32..) {
        page.write_string_with_format(row, 0, label, &head)?;
        page.write_string_with_format(row, 1, cut(words), &text)?;
    }
    Ok(())
}

fn format(row: &Row, cell: &Cell, kind: Kind) -> Format {
    let mut format = Format::new();
    format = match (kind, &cell.value) {
        (_, Value::Count(_)) => format.set_num_format("#,##0"),
        (_, Value::Date(_)) => format
            .set_num_format("yyyy-mm-dd")
            .set_align(FormatAlign::Left),
        (Kind::Share, Value::Number(_)) => format.set_num_format("0%"),
        (Kind::FineShare, Value::Number(_)) => format.set_num_format("0.0%"),
        (Kind::Points, Value::Number(_)) => format.set_num_format("+0.0%;-0.0%;0%"),
        (Kind::P, Value::Number(_)) => format.set_num_format("0.000"),
        (_, Value::Number(_)) => format.set_num_format("0.00"),
        _ => format,
    };
    if row.total {
        format = format.set_bold();
    }
    if let Some(step) = cell.heat {
        let ground = theme::HEAT
            .get(usize::from(step))
            .copied()
            .unwrap_or("#ffffff");
        format = format.set_align(FormatAlign::Center);
        format = match cell.running {
            // Excel's pattern is drawn in the foreground's colour.
            true => format
                .set_pattern(FormatPattern::LightUp)
                .set_background_color(ground)
                .set_foreground_color("#ffffff"),
            false => format.set_background_color(ground),
        };
        if step >= theme::FLIP {
            format = format.set_font_color("#ffffff");
        }
    }
    match cell.running {
        true => format.set_italic(),
        false => format,
    }
}

/// A name that Excel allows: at most 31 letters, none of those that mean something in a formula.
fn name(title: &str) -> String {
    let allowed = title.chars().filter(|letter| !r"[]:*?/\".contains(*letter));
    let name: String = allowed.take(31).collect();
    name.trim_matches([' ', '\'']).to_owned()
}

/// Wide enough for the column's name and its first rows.
fn width(sheet: &Sheet, column: &Column, place: usize) -> f64 {
    let cells = sheet
        .rows
        .iter()
        .take(200)
        .filter_map(|row| row.cells.get(place));
    let letters = cells.map(|cell| column.shown(&cell.value).chars().count());
    let letters = letters.chain([column.name.chars().count()]).max();
    let letters = letters.unwrap_or(0).clamp(5, 60);
    f64::from(u16::try_from(letters).unwrap_or(60)) + 2.0
}

fn cut(text: &str) -> String {
    text.chars().take(LETTERS).collect()
}

fn excel_date(date: Date) -> Option<ExcelDateTime> {
    let parts = (
        u16::try_from(date.year()),
        u8::try_from(date.month()),
        u8::try_from(date.day()),
    );
    match parts {
        (Ok(year), Ok(month), Ok(day)) => ExcelDateTime::from_ymd(year, month, day).ok(),
        _ => None,
    }
}

/// A count as Excel stores numbers; exact up to 2^53.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "no lossless From exists; counts stay far below 2^53"
)]
fn large(count: u64) -> f64 {
    count as f64
}
