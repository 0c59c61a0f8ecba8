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

/// What is drawn of a group of users.
#[derive(Clone, Copy)]
pub(crate) enum Mark {
    /// Bars of usage.
    Bar,
    /// The retention curve.
    Curve,
    /// Its interval.
    Around,
}

/// A mark of the group with this place in [`GROUPS`].
pub(crate) fn group(mark: Mark, place: u8) -> RGBColor {
    let mark = match mark {
        Mark::Bar => 0,
        Mark::Curve => 1,
        Mark::Around => 2,
    };
    RGBColor(6, mark, place)
}

/// A mark of the segment with this number of a colour.
pub(crate) fn segment(mark: Mark, number: u8) -> RGBColor {
    let RGBColor(_, mark, _) = group(mark, 0);
    RGBColor(9, mark, number)
}

/// Where something happened.
pub(crate) const NOTE: RGBColor = RGBColor(10, 0, 0);

/// Where groups end.
pub(crate) const CUT: RGBColor = RGBColor(7, 0, 0);

/// What is drawn of customers who come and go.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    /// Bars of those who stayed, came back, came, went.
    Retained,
    Returned,
    New,
    Dormant,
    /// The same a year earlier.
    Earlier,
    /// Curves of those who stayed, came, were lost.
    Regular,
    Fresh,
    Lost,
    /// Bars of active days.
    Days,
}

/// A mark of those who come and go.
pub(crate) fn role(role: Role) -> RGBColor {
    let place = match role {
        Role::Retained => 0,
        Role::Returned => 1,
        Role::New => 2,
        Role::Dormant => 3,
        Role::Earlier => 4,
        Role::Regular => 5,
        Role::Fresh => 6,
        Role::Lost => 7,
        Role::Days => 8,
    };
    RGBColor(8, 0, place)
}

/// Classes by place, as in [`role`].
const ROLES: [&str; 9] = [
    "bar retained",
    "bar returned",
    "bar new",
    "bar dormant",
    "curve earlier",
    "curve regular",
    "curve new",
    "curve lost",
    "bar days",
];

const MARKS: [&str; 3] = ["bar", "curve", "around"];
/// Groups by usage, as in `analysis::quartiles::Part::ALL`.
const GROUPS: [&str; 4] = ["high", "moderate", "infrequent", "never"];

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
            (6, mark, place) => {
                let mark = MARKS.get(usize::from(mark)).copied().unwrap_or_default();
                let group = GROUPS.get(usize::from(place)).copied().unwrap_or_default();
                out.push_str(&format!("class=\"{mark} {group}\""));
            }
            (7, ..) => out.push_str("class=\"cut\""),
            (8, _, place) => {
                let role = ROLES.get(usize::from(place)).copied().unwrap_or_default();
                out.push_str(&format!("class=\"{role}\""));
            }
            (9, mark, number) => {
                let mark = MARKS.get(usize::from(mark)).copied().unwrap_or_default();
                out.push_str(&format!("class=\"{mark} s{number}\""));
            }
            (10, ..) => out.push_str("class=\"note\""),
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
