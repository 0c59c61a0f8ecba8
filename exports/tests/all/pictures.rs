//! Pictures and pages of every size.

use crate::worlds::{HERE, all, churn, comers, retention};
use analysis::annotation::Annotation;
use analysis::churn::ChurnReport;
use analysis::export::{ExportForm, ExportPage};
use analysis::query::{CellRef, RetentionQuery, RetentionView, Show};
use analysis::words;
use exports::{Export, PREVIEW, pdf, png, preview_png, svg};

/// Width and height of a PNG, from its head.
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

/// Width and height that a picture claims.
fn claimed(svg: &str) -> (u32, u32) {
    let of = |name: &str| -> u32 {
        let from = svg.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
        svg[from..from + svg[from..].find('"').unwrap()]
            .parse()
            .unwrap()
    };
    (of("width"), of("height"))
}

#[test]
fn every_report_becomes_pictures_and_a_page() {
    for export in all() {
        for picture in &export.pictures {
            let text = svg(&export, picture);
            assert!(
                text.contains(&format!("<title>{}</title>", picture.title)),
                "{text}"
            );
            let (width, height) = claimed(&text);
            assert_eq!(
                size(&png(&export, picture).unwrap()),
                (width * 2, height * 2)
            );
            // classes are of the style sheet, nothing is left to a page's
            assert!(!text.contains("class=\"cohort\""));
        }
        assert_eq!(size(&preview_png(&export).unwrap()), PREVIEW);
        let page = pdf(&export).unwrap();
        let text = String::from_utf8_lossy(&page);
        assert_eq!(
            text.matches("/Type /Page\n").count() + text.matches("/Type/Page/").count(),
            1
        );
    }
}

#[test]
fn annotations_are_drawn_where_their_days_are() {
    let annotation = |date: &str, text: &str| Annotation {
        date: date.parse().unwrap(),
        text: text.to_owned(),
    };
    let mut report = churn("visit", &comers());
    let count = |report: &ChurnReport, picture: &str| {
        let export = Export::churn(HERE, report);
        let text = svg(&export, export.picture(picture).unwrap());
        (text.matches("class=\"note\"").count(), text)
    };
    assert_eq!(count(&report, "periods").0, 0);
    let first = report.periods.first().unwrap().start;
    let last = report.periods.last().unwrap().last;
    report.annotations = vec![
        annotation("2020-01-01", "before all periods"),
        annotation(&first.to_string(), "a<b> & \"c\""),
        annotation(
            &last.to_string(),
            "told with more than four and twenty letters",
        ),
        annotation("2030-01-01", "after them"),
    ];
    for picture in ["periods", "lifecycle"] {
        let (lines, text) = count(&report, picture);
        assert_eq!(lines, 2, "{text}");
        assert!(text.contains("a&lt;b&gt; &amp; "), "{text}");
        assert!(text.contains("told with more than fou…"), "{text}");
        assert!(!text.contains("all periods") && !text.contains("after them"));
    }
    let mut matrix = retention(RetentionQuery::default(), &[30, 20, 10], "2026-11-18");
    matrix.cohorts[1].note = Some("x".to_owned());
    let export = Export::retention(HERE, &matrix, RetentionView::default());
    let text = svg(&export, export.picture("matrix").unwrap());
    assert_eq!(text.matches("<rect class=\"note\"").count(), 1, "{text}");
}

#[test]
fn a_large_matrix_fits() {
    let sizes: Vec<u32> = (0..104).map(|place| 40 + place).collect();
    for show in Show::ALL {
        let report = retention(RetentionQuery::default(), &sizes, "2026-11-18");
        let view = RetentionView {
            show,
            intervals: true,
            ..RetentionView::default()
        };
        let export = Export::retention(HERE, &report, view);
        let picture = export.picture("matrix").unwrap();
        let (width, height) = size(&png(&export, picture).unwrap());
        assert!(
            u64::from(width) * u64::from(height) < 17_000_000,
            "{width} × {height}"
        );
        let found = pdf(&export).unwrap();
        assert!(found.len() < 4_000_000, "{}", found.len());
    }
}

#[test]
fn what_is_not_drawn_is_told() {
    let sizes = vec![50; charts::MATRIX_ROWS + 3];
    let report = retention(RetentionQuery::default(), &sizes, "2026-11-18");
    let svg = charts::matrix(&report, RetentionView::default());
    assert!(svg.contains("3 older cohorts not drawn"));
    assert_eq!(svg.matches("class=\"rail\"").count(), charts::MATRIX_ROWS);
}

#[test]
fn every_part_of_a_page_is_there() {
    let exports = all();
    for (page, export) in
        ExportPage::ALL
            .into_iter()
            .zip([&exports[0], &exports[3], &exports[4], &exports[7]])
    {
        let parts = |form: ExportForm| {
            page.parts(form)
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
        };
        let sheets: Vec<_> = export.sheets.iter().map(|sheet| sheet.part).collect();
        assert_eq!(parts(ExportForm::Csv), sheets);
        let pictures: Vec<_> = export.pictures.iter().map(|picture| picture.part).collect();
        assert_eq!(parts(ExportForm::Png), pictures);
        assert_eq!(parts(ExportForm::Svg), pictures);
        assert_eq!(page.part(ExportForm::Csv, None), Some(sheets[0]));
        assert_eq!(page.part(ExportForm::Csv, Some("nothing of it")), None);
        assert_eq!(page.part(ExportForm::Pdf, None), Some(""));
    }
}

#[test]
fn the_picked_cohort_stands_out_in_the_curves() {
    let report = retention(RetentionQuery::default(), &[50, 40, 30, 20], "2026-11-18");
    let start = report.cohorts[0].start;
    let drawn = |cell| {
        let view = RetentionView {
            cell,
            ..RetentionView::default()
        };
        let export = Export::retention(HERE, &report, view);
        svg(&export, export.picture("curves").unwrap())
    };
    let plain = drawn(None);
    assert!(plain.contains("class=\"mean\"") && !plain.contains("class=\"picked\""));
    let picked = drawn(Some(CellRef {
        cohort: Some(start),
        period: 1,
    }));
    assert_eq!(picked.matches("class=\"picked\"").count(), 1);
    assert!(
        picked.contains("all cohorts, pooled")
            && picked.contains(&words::period_name(report.query.grain, start))
    );
}
