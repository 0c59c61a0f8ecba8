//! Tables as CSV.

use crate::sheet::{Sheet, Value};

/// A table as CSV (RFC 4180, UTF-8): a row that tells the method in one quoted field, the names of the columns, the rows.
///
/// Numbers are plain and unrounded, shares go from 0 to 1, days are ISO dates, what is not known is empty.
pub fn csv(sheet: &Sheet, method: &str) -> Vec<u8> {
    let mut text = String::new();
    quote(&format!("Method: {method}"), &mut text);
    text.push_str("\r\n");
    for (place, column) in sheet.columns.iter().enumerate() {
        separate(place, &mut text);
        field(&column.name, &mut text);
    }
    text.push_str("\r\n");
    for row in &sheet.rows {
        for (place, cell) in row.cells.iter().enumerate() {
            separate(place, &mut text);
            match &cell.value {
                Value::None => {}
                Value::Text(words) => field(words, &mut text),
                Value::Count(count) => text.push_str(&count.to_string()),
                Value::Number(number) => text.push_str(&number.to_string()),
                Value::Date(date) => text.push_str(&date.to_string()),
            }
        }
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn separate(place: usize, text: &mut String) {
    if place > 0 {
        text.push(',');
    }
}

/// A field of words, quoted where it has to be.
fn field(words: &str, text: &mut String) {
    let plain = |letter: char| letter.is_alphanumeric() || " -_.()/%–·:".contains(letter);
    let harmless = words.starts_with(char::is_alphanumeric) && !words.ends_with(' ');
    match words.is_empty() || (harmless && words.chars().all(plain)) {
        true => text.push_str(words),
        false => quote(words, text),
    }
}

/// A quoted field. What a spreadsheet would run as a formula gets an apostrophe before it, which makes it words.
pub fn quote(words: &str, text: &mut String) {
    text.push('"');
    if words.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0']) {
        text.push('\'');
    }
    text.push_str(&words.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused() {
        for (words, expected) in [
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@a", "\"'@a\""),
            ("\ta", "\"'\ta\""),
            ("\ra", "\"'\ra\""),
            ("\u{0}a", "\"'\u{0}a\""),
            ("a,\"b\"\nc", "\"a,\"\"b\"\"\nc\""),
            ("plain words", "plain words"),
            ("", ""),
            (" a", "\" a\""),
        ] {
            let mut text = String::new();
            field(words, &mut text);
            assert_eq!(text, expected);
        }
    }
}
