//! What a property's text stands for.

use serde_json::{Number, Value};

/// The value of a property: a number or a boolean when nothing is lost by it, else the text; none when it is empty.
///
/// Numbers are those of JSON without exponent that come back as they were written, zeros at the end of a fraction
/// aside: `007`, `+5`, `1e9` and numbers too long for 64 bits are ids or codes and stay text.
pub(crate) fn typed(text: &str) -> Option<Value> {
    let first = *text.as_bytes().first()?;
    let value = match first {
        b'0'..=b'9' | b'-' => number(text).map(Value::Number),
        b't' | b'T' if text.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        b'f' | b'F' if text.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
        _ => None,
    };
    Some(value.unwrap_or_else(|| Value::String(text.to_owned())))
}

fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let Some(fraction) = fraction else {
        return (text != "-0")
            .then(|| text.parse::<i64>().ok())?
            .map(Number::from);
    };
    if !plain(fraction) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    let shortest = text.trim_end_matches('0').trim_end_matches('.');
    (value.to_string() == shortest && shortest != "-0")
        .then(|| Number::from_f64(value))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn types_only_what_survives() {
        for (text, expected) in [
            ("0", json!(0)),
            ("12", json!(12)),
            ("-5", json!(-5)),
            ("19.90", json!(19.9)),
            ("1.0", json!(1.0)),
            ("0.1", json!(0.1)),
            ("-0.25", json!(-0.25)),
            ("0.30000000000000004", json!(0.300_000_000_000_000_04)),
            ("9223372036854775807", json!(i64::MAX)),
            ("TRUE", json!(true)),
            ("False", json!(false)),
            ("007", json!("007")),
            ("-0", json!("-0")),
            ("-0.0", json!("-0.0")),
            ("1e999", json!("1e999")),
            ("12e4", json!("12e4")),
            ("+5", json!("+5")),
            ("1.", json!("1.")),
            (".5", json!(".5")),
            ("00.5", json!("00.5")),
            ("1.2.3", json!("1.2.3")),
            ("1,5", json!("1,5")),
            ("9223372036854775808", json!("9223372036854775808")),
            ("0.1234567890123456789", json!("0.1234567890123456789")),
            ("truely", json!("truely")),
            ("t", json!("t")),
            ("-", json!("-")),
            ("NaN", json!("NaN")),
        ] {
            assert_eq!(typed(text), Some(expected), "{text}");
        }
        assert_eq!(typed(""), None);
    }

    proptest! {
        #[test]
        fn integers_come_back(number: i64) {
            prop_assert_eq!(typed(&number.to_string()), Some(json!(number)));
        }

        #[test]
        fn a_typed_value_prints_what_was_read(text in "-?[0-9]{1,25}(\\.[0-9]{0,20})?|[a-zA-Z0-9+.-]{1,12}") {
            match typed(&text).unwrap() {
                Value::String(kept) => prop_assert_eq!(kept, text),
                Value::Bool(kept) => prop_assert_eq!(kept.to_string(), text.to_lowercase()),
                Value::Number(kept) => {
                    let printed = kept.to_string();
                    let tail = |text: &str| match text.contains('.') {
                        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                        false => text.to_owned(),
                    };
                    // serde_json prints large doubles with an exponent, Rust does not
                    if !printed.contains('e') {
                        prop_assert_eq!(tail(&printed), tail(&text));
                    }
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
