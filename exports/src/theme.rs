//! The colours of the light theme, as in `style/tokens.css`, `heat.css`, `segments.css`, `features.css` and `churn.css`, in
//! sRGB: files are looked at by programs that know no `oklch`.

use std::fmt::Write;

pub(crate) const INK: &str = "#162127";
pub(crate) const INK_2: &str = "#434f57";
pub(crate) const INK_3: &str = "#5d686f";
pub(crate) const LINE: &str = "#dbe1e3";
pub(crate) const ACCENT: &str = "#006e6e";
pub(crate) const WARN: &str = "#a35303";
const BAD: &str = "#b63132";
const SKY: &str = "#4590b2";
const GREEN: &str = "#4d9351";

/// The steps of the heat scale, `oklch(0.975 - 0.028 s, 0.012 + 0.0049 s, 205 + 1.1 s)`.
pub(crate) const HEAT: [&str; 21] = [
    "#eef9fb", "#e1f1f3", "#d4e9ec", "#c8e0e4", "#bbd8dd", "#afd0d6", "#a2c8cf", "#96bfc9",
    "#89b7c2", "#7dafbc", "#70a7b5", "#649faf", "#5797a9", "#4a8ea3", "#3c869c", "#2c7e97",
    "#1a7691", "#006e8b", "#006685", "#005e7f", "#005679",
];

/// The first step that carries white words.
pub(crate) const FLIP: u8 = 15;

/// Segments by the number of their colour, and the dashes of their curves.
const SEGMENTS: [(&str, &str); 10] = [
    (ACCENT, ""),
    ("#b64e10", "9 4"),
    ("#434baa", "4 3"),
    ("#b2417f", "12 3 2 3"),
    ("#3b7a2c", "2 3"),
    ("#2382ba", "14 5"),
    ("#825c00", "7 3 2 3 2 3"),
    ("#723789", "4 6"),
    (INK_2, "1.5 4"),
    (INK_3, "1 6"),
];

/// Groups and roles by their class.
const GROUPS: [(&str, &str, &str); 14] = [
    ("high", ACCENT, ""),
    ("moderate", SKY, "8 4"),
    ("infrequent", WARN, "4 3"),
    ("never", INK_3, "1.5 3"),
    ("retained", ACCENT, ""),
    ("returned", SKY, ""),
    ("new", GREEN, "8 4"),
    ("dormant", WARN, ""),
    ("earlier", INK_3, "4 3"),
    ("regular", ACCENT, ""),
    ("lost", BAD, "4 3"),
    ("days", ACCENT, ""),
    ("pooled", ACCENT, ""),
    ("picked", WARN, ""),
];

/// The names of the fonts: the one that comes with the program first, then what others are likely to have.
const FAMILY: &str = "Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif";

/// The colour of a class of a group, a role or a segment.
pub(crate) fn colour(class: &str) -> &'static str {
    let segment = class
        .strip_prefix('s')
        .and_then(|number| number.parse::<usize>().ok());
    match segment.and_then(|number| SEGMENTS.get(number)) {
        Some((colour, _)) => colour,
        None => GROUPS
            .iter()
            .find(|(name, ..)| *name == class)
            .map_or(ACCENT, |(_, colour, _)| colour),
    }
}

/// The style sheet of a picture.
pub(crate) fn style_sheet() -> String {
    let mut css = format!(
        "text{{font-family:{FAMILY};font-size:12px;fill:{INK}}}\
         .words{{fill:{INK_3}}}.light{{fill:#fff}}\
         .strong{{font-weight:600}}.mid{{text-anchor:middle}}.end{{text-anchor:end}}\
         .running{{font-style:italic}}.open{{text-decoration:underline}}\
         .title{{font-size:19px;font-weight:600}}.sentence{{font-size:14px;fill:{INK_2}}}\
         .small-title{{font-size:13px;font-weight:600}}\
         .method{{font-size:10.5px;fill:{INK_3}}}.tiny{{font-size:10px}}\
         .huge{{font-size:40px;font-weight:600}}.large{{font-size:22px;fill:{INK_2}}}\
         .grid{{stroke:{LINE};fill:none}}\
         .band{{fill:{ACCENT};opacity:0.16}}\
         .mean{{stroke:{ACCENT};stroke-width:2.25;fill:none}}circle.mean{{fill:{ACCENT};stroke:none}}\
         .cohort{{stroke:none;fill:none}}.picked{{stroke:{WARN};stroke-width:2;fill:none}}\
         .cut{{stroke:{INK};stroke-dasharray:3 3;fill:none}}\
         .note{{stroke:{WARN};stroke-dasharray:2 3;fill:none}}rect.note{{fill:{WARN};stroke:none}}\
         .hatch{{stroke:#fff;stroke-opacity:0.28;stroke-width:1.5;fill:none}}\
         .small{{fill:none;stroke:{LINE}}}.same{{fill:none;stroke:{INK_2};stroke-width:1.5}}\
         .rail{{fill:{LINE}}}.size{{fill:{INK_3}}}"
    );
    for (step, colour) in HEAT.iter().enumerate() {
        push(&mut css, format_args!(".h{step}{{fill:{colour}}}"));
    }
    let segments = SEGMENTS.iter().enumerate();
    let segments = segments.map(|(number, (colour, dash))| (format!("s{number}"), *colour, *dash));
    let groups = GROUPS
        .iter()
        .map(|(name, colour, dash)| ((*name).to_owned(), *colour, *dash));
    for (name, colour, dash) in groups.chain(segments) {
        let dash = match dash {
            "" => String::new(),
            dash => format!(";stroke-dasharray:{dash}"),
        };
        push(
            &mut css,
            format_args!(
                ".bar.{name}{{fill:{colour}}}.curve.{name}{{stroke:{colour};stroke-width:2;fill:none{dash}}}\
                 circle.curve.{name}{{fill:{colour};stroke:none}}.around.{name}{{fill:{colour};opacity:0.12}}"
            ),
        );
    }
    css
}

fn push(css: &mut String, text: std::fmt::Arguments<'_>) {
    // Memory does not fail.
    css.write_fmt(text).unwrap_or_default();
}
