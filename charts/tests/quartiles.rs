//! The pictures of a feature's usage and of its groups: the shapes say what the numbers say.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use analysis::period::{Calendar, WeekStart};
use analysis::quartiles::{FactRow, Facts, Part, QuartileReport, Wanted, answer, bars};
use analysis::query::QuartileQuery;
use analysis::shape::{About, RetentionPlan};

/// Customers by uses, how many stayed, for how many of the outcome weeks, and how many left.
fn report(feature: &str, groups: &[(u32, u32, u32, u32)]) -> QuartileReport {
    let query = QuartileQuery {
        feature: vec![feature.to_owned()],
        active: vec!["visit".to_owned()],
        ..QuartileQuery::default()
    };
    let calendar = Calendar::new("UTC", WeekStart::Monday).unwrap();
    let now = "2026-11-18T00:00:00Z".parse().unwrap();
    let plan = RetentionPlan::new(&query.population(), &calendar, now).unwrap();
    let rows = groups.iter().flat_map(|&(uses, stayed, weeks, left)| {
        [(stayed, (1 << weeks) - 1), (left, 0)].map(|(customers, active)| FactRow {
            customers,
            lately: true,
            active,
            events: if uses > 0 {
                vec![(0, uses)]
            } else {
                Vec::new()
            },
        })
    });
    let facts = Facts {
        names: vec![feature.to_owned()],
        rows: rows.collect(),
        not_over: 0,
    };
    answer(
        &query,
        &plan,
        &facts,
        About::default(),
        (Wanted::Feature, &[]),
    )
}

fn drawers() -> QuartileReport {
    report(
        "draw",
        &[
            (0, 40, 8, 60),
            (1, 30, 2, 50),
            (2, 20, 4, 20),
            (3, 40, 6, 40),
            (4, 30, 8, 10),
            (7, 30, 8, 10),
        ],
    )
}

/// The tags of a kind with this class, as they are written.
fn tags<'a>(svg: &'a str, name: &str, class: &str) -> Vec<&'a str> {
    let begin = format!("<{name} ");
    let class = format!("class=\"{class}\"");
    let found = svg.match_indices(&begin).filter_map(|(at, _)| {
        let tag = &svg[at..at + svg[at..].find('>')?];
        tag.contains(&class).then_some(tag)
    });
    found.collect()
}

fn attribute(tag: &str, name: &str) -> f64 {
    text_of(tag, name).parse().unwrap()
}

fn text_of<'a>(tag: &'a str, name: &str) -> &'a str {
    let begin = format!(" {name}=\"");
    let from = tag.find(&begin).unwrap() + begin.len();
    let length = tag[from..].find('"').unwrap();
    &tag[from..from + length]
}

/// Points of a line or an area.
fn points(tag: &str) -> Vec<(f64, f64)> {
    let pairs = text_of(tag, "points").split_whitespace();
    let pairs = pairs.map(|pair| pair.split_once(',').unwrap());
    pairs
        .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
        .collect()
}

const CLASSES: [(&str, Part); 3] = [
    ("high", Part::High),
    ("moderate", Part::Moderate),
    ("infrequent", Part::Infrequent),
];

#[test]
fn bars_are_as_tall_as_their_customers_are_many() {
    let report = drawers();
    let svg = charts::usage(&report);
    let bars = bars(&report.reading).bars;
    let most = bars.iter().map(|bar| bar.customers).max().unwrap();
    let all: Vec<&str> = CLASSES
        .iter()
        .flat_map(|(class, _)| tags(&svg, "rect", &format!("bar {class}")))
        .collect();
    let tallest = all.iter().map(|tag| attribute(tag, "height"));
    let tallest = tallest.fold(0.0, f64::max);
    assert!(tallest > 100.0, "{svg}");
    for (class, part) in CLASSES {
        let drawn = tags(&svg, "rect", &format!("bar {class}"));
        let own: Vec<_> = bars.iter().filter(|bar| bar.part == part).collect();
        assert_eq!(drawn.len(), own.len(), "{class}: {svg}");
        for (tag, bar) in drawn.iter().zip(own) {
            let share = f64::from(u32::try_from(bar.customers).unwrap())
                / f64::from(u32::try_from(most).unwrap());
            let height = attribute(tag, "height");
            assert!((height - share * tallest).abs() <= 1.5, "{bar:?}: {tag}");
        }
    }
    // groups from left to right, the cuts between them
    let right = |class: &str| {
        let ends = tags(&svg, "rect", &format!("bar {class}")).into_iter();
        let ends = ends.map(|tag| attribute(tag, "x") + attribute(tag, "width"));
        ends.fold(0.0, f64::max)
    };
    let left = |class: &str| {
        let starts = tags(&svg, "rect", &format!("bar {class}")).into_iter();
        let starts = starts.map(|tag| attribute(tag, "x"));
        starts.fold(f64::MAX, f64::min)
    };
    let cuts: Vec<f64> = tags(&svg, "polyline", "cut")
        .iter()
        .map(|tag| points(tag)[0].0)
        .collect();
    let [bottom, top] = cuts[..] else {
        panic!("{} cuts in {svg}", cuts.len());
    };
    assert!(right("infrequent") <= bottom + 1.0 && bottom <= left("moderate") + 1.0);
    assert!(right("moderate") <= top + 1.0 && top <= left("high") + 1.0);
    let quartiles = report.reading.quartiles.unwrap();
    assert!(
        svg.contains(&format!("\u{2264} {}", quartiles.cuts.bottom)),
        "{svg}"
    );
    assert!(
        svg.contains(&format!("\u{2265} {}", quartiles.cuts.top)),
        "{svg}"
    );
}

#[test]
fn curves_pass_through_the_rates_within_their_intervals() {
    let report = drawers();
    let svg = charts::groups(&report);
    let mut scale: Option<(f64, f64)> = None;
    for (class, part) in CLASSES.into_iter().chain([("never", Part::Never)]) {
        let group = report.reading.group(part).unwrap();
        let [curve] = tags(&svg, "polyline", &format!("curve {class}"))[..] else {
            panic!("no one curve of {class} in {svg}");
        };
        let [around] = tags(&svg, "polygon", &format!("around {class}"))[..] else {
            panic!("no one interval of {class} in {svg}");
        };
        let (line, area) = (points(curve), points(around));
        assert_eq!((line.len(), area.len()), (8, 16), "{class}");
        for (period, (x, y)) in line.iter().enumerate() {
            let (upper, lower) = (area[period], area[15 - period]);
            assert_eq!((upper.0, lower.0), (*x, *x));
            assert!(upper.1 <= *y && *y <= lower.1, "{class} {period}");
            let (rate, interval) = group.retention(period).unwrap();
            // any two points tell the scale: pixels from the top for a rate
            let (zero, unit) = *scale.get_or_insert_with(|| {
                let unit = (lower.1 - upper.1) / (interval.high - interval.low);
                (*y + rate * unit, unit)
            });
            for (at, value) in [
                (*y, rate),
                (upper.1, interval.high),
                (lower.1, interval.low),
            ] {
                // the scale is known to a few pixels only, its coordinates being whole
                assert!(
                    (zero - value * unit - at).abs() < 9.0,
                    "{class} {period}: {at} {value}"
                );
            }
        }
    }
    for (tag, week) in [("5", true), ("12", true), ("4", false)] {
        let label = format!(">\n{tag}\n<");
        assert_eq!(svg.contains(&label), week, "{tag} in {svg}");
    }
}

#[test]
fn pictures_name_themselves_and_take_their_colours_from_the_page() {
    let report = report(
        r#"a<b"&draw"#,
        &[(1, 30, 3, 50), (2, 20, 5, 20), (7, 30, 8, 10)],
    );
    for svg in [charts::usage(&report), charts::groups(&report)] {
        assert!(svg.starts_with("<svg "), "{svg}");
        let head = &svg[..svg.find('>').unwrap()];
        assert!(head.contains("role=\"img\""), "{head}");
        assert!(
            !head.contains(" width=") && head.contains("viewBox="),
            "{head}"
        );
        assert!(!text_of(head, "aria-label").contains('<'), "{head}");
        assert!(!svg.contains("a<b"), "{svg}");
        assert!(!svg.contains("=\"#"), "a colour of its own: {svg}");
        assert!(!svg.contains("NaN") && !svg.contains("style="), "{svg}");
    }
    assert!(charts::usage(&report).contains("a&lt;b&quot;&amp;draw"));
}

#[test]
fn without_groups_there_is_no_picture() {
    for groups in [&[][..], &[(0, 5, 1, 5)], &[(3, 5, 1, 5)]] {
        let report = report("draw", groups);
        assert_eq!(charts::usage(&report), "");
        assert_eq!(charts::groups(&report), "");
    }
    // the smallest that has any: two customers, all extremes
    let smallest = report("draw", &[(1, 0, 0, 1), (2, 1, 8, 0)]);
    for svg in [charts::usage(&smallest), charts::groups(&smallest)] {
        assert!(svg.starts_with("<svg ") && !svg.contains("NaN"), "{svg}");
    }
}
