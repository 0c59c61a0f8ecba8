//! Roles instead of colours.

use plotters::style::RGBColor;

/// Grid lines and the axis.
pub(crate) const GRID: RGBColor = RGBColor(1, 0, 0);
/// Words and numbers.
pub(crate) const TEXT: RGBColor = RGBColor(2, 0, 0);
/// The interval of the pooled curve.
pub(crate) const BAND: RGBColor = RGBColor(3, 0, 0);
/// The pooled curve.
pub(crate) const MEAN: RGBColor = RGBColor(4, 0, 0);
/// The curve of the cohort with this number, of at most 65,536.
pub(crate) fn cohort(number: u16) -> RGBColor {
    let [high, low] = number.to_be_bytes();
    RGBColor(5, high, low)
}

/// Exchanges the colours for classes; `name` gives a cohort's name for its `data-cohort`.
pub(crate) fn classes(svg: &str, name: impl Fn(u16) -> Option<String>) -> String {
    let mut out = String::with_capacity(svg.len());
    let mut rest = svg;
    while let Some((before, attribute, after)) = next_colour(rest) {
        out.push_str(before);
        match attribute {
            (1, ..) => out.push_str("class=\"grid\""),
            (2, ..) => out.push_str("class=\"words\""),
            (3, ..) => out.push_str("class=\"band\""),
            (4, ..) => out.push_str("class=\"mean\""),
            (5, high, low) => {
                out.push_str("class=\"cohort\"");
                if let Some(name) = name(u16::from_be_bytes([high, low])) {
                    out.push_str(&format!(" data-cohort=\"{name}\""));
                }
            }
            // no role has such a colour
            _ => {}
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The next `fill="#rrggbb"` or `stroke="#rrggbb"`: what precedes it, its colour, what follows.
fn next_colour(svg: &str) -> Option<(&str, (u8, u8, u8), &str)> {
    let mut from = 0;
    loop {
        let at = from + svg.get(from..)?.find("=\"#")?;
        let colour = svg.get(at + 3..at + 9);
        let name = ["fill", "stroke"]
            .into_iter()
            .find(|name| svg[..at].ends_with(name));
        if let (Some(colour), Some(name), Some("\"")) =
            (colour.and_then(channels), name, svg.get(at + 9..at + 10))
        {
            return Some((&svg[..at - name.len()], colour, &svg[at + 10..]));
        }
        from = at + 3;
    }
}

fn channels(hex: &str) -> Option<(u8, u8, u8)> {
    let channel = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    Some((channel(0)?, channel(2)?, channel(4)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes() {
        let svg = r##"<g fill="none" stroke="#040000"/><path stroke="#050102"/><text fill="#020000">#040000 "="#zz</text>"##;
        assert_eq!(
            classes(svg, |number| (number == 258)
                .then(|| "2025-01-06".to_owned())),
            r##"<g fill="none" class="mean"/><path class="cohort" data-cohort="2025-01-06"/><text class="words">#040000 "="#zz</text>"##
        );
    }
}
