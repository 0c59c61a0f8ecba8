//! The same numbers in every form.

use crate::worlds::{HERE, all, churn, comers, features, retention, segments};
use analysis::document::{ChurnDocument, QuartileDocument, RetentionDocument, SegmentsDocument};
use analysis::query::{OverallRow, RetentionQuery, RetentionView, Show};
use analysis::words;
use calamine::{Data, Reader, Xlsx};
use exports::{Export, Sheet, csv, xlsx};
use std::io::Cursor;

/// The rows of a CSV below its method and its heads.
fn read(export: &Export, part: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let text = csv(export.sheet(part).unwrap(), &export.method);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_slice());
    let mut rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(rows.next().unwrap(), [format!("Method: {}", export.method)]);
    let heads = rows.next().unwrap();
    let rows: Vec<_> = rows.collect();
    assert!(
        rows.iter().all(|row| row.len() == heads.len()),
        "{heads:?} {rows:?}"
    );
    (heads, rows)
}

/// A number as it is, or nothing.
fn written(number: Option<f64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

fn sizes() -> Vec<u32> {
    vec![1_000, 500, 20, 0, 330, 77]
}

#[test]
fn a_matrix_in_csv_is_that_of_the_document() {
    let report = retention(RetentionQuery::default(), &sizes(), "2026-11-18");
    let document = RetentionDocument::new(&report);
    for show in Show::ALL {
        let view = RetentionView {
            show,
            intervals: true,
            ..RetentionView::default()
        };
        let export = Export::retention(HERE, &report, view);
        let (heads, rows) = read(&export, "matrix");
        assert_eq!(
            heads[..6],
            [
                "cohort",
                "customers",
                "unfinished from",
                "1",
                "1 low",
                "1 high"
            ]
        );
        let expected = |retained: u64, of: u64, rate: Option<f64>, ends: [Option<f64>; 2]| {
            let [low, high] = ends;
            match show {
                Show::Count => [retained.to_string(), written(low), written(high)],
                Show::Percent => [written(rate), written(low), written(high)],
                Show::Attrition => {
                    let gone = f64::from(u32::try_from(of - retained).unwrap())
                        / f64::from(u32::try_from(of).unwrap());
                    [
                        gone.to_string(),
                        written(high.map(|high| 1.0 - high)),
                        written(low.map(|low| 1.0 - low)),
                    ]
                }
            }
        };
        let overall = document.overall.iter().skip(1).flat_map(|cell| match cell {
            Some(cell) => expected(cell.retained, cell.of, cell.rate, [cell.low, cell.high]),
            None => [const { String::new() }; 3],
        });
        assert_eq!(rows[0][0], "overall");
        assert_eq!(rows[0][3..], overall.collect::<Vec<_>>()[..]);
        let cohorts: Vec<_> = document.cohorts.iter().collect();
        assert_eq!(rows.len(), cohorts.len() + 1);
        for (row, cohort) in rows[1..].iter().zip(cohorts.iter().rev()) {
            assert_eq!(row[0], cohort.start.to_string());
            assert_eq!(row[1], cohort.size.to_string());
            let cells = cohort
                .cells
                .iter()
                .skip(1)
                .flat_map(|cell| match cell.rate {
                    Some(_) => {
                        let of = u64::from(cohort.size);
                        expected(cell.retained, of, cell.rate, [cell.low, cell.high])
                    }
                    None => [const { String::new() }; 3],
                });
            let mut cells: Vec<_> = cells.collect();
            cells.resize(row.len() - 3, String::new());
            assert_eq!(row[3..], cells[..], "{show}");
        }
    }
}

#[test]
fn the_first_unfinished_column_is_named() {
    // Wednesday: the youngest cohort still fills, each other one has one running week.
    let report = retention(RetentionQuery::default(), &[40, 40, 40], "2026-11-18");
    let export = Export::retention(HERE, &report, RetentionView::default());
    let (_, rows) = read(&export, "matrix");
    let unfinished: Vec<_> = rows.iter().map(|row| row[2].as_str()).collect();
    assert_eq!(unfinished, ["", "", "1", "2"]);
}

#[test]
fn means_and_medians_stand_in_the_overall_row() {
    let report = retention(RetentionQuery::default(), &sizes(), "2026-11-18");
    for overall in [OverallRow::Mean, OverallRow::Median] {
        let view = RetentionView {
            overall,
            ..RetentionView::default()
        };
        let export = Export::retention(HERE, &report, view);
        let (_, rows) = read(&export, "matrix");
        assert_eq!(rows[0][0], words::overall_head(overall).to_lowercase());
        assert_eq!(rows[0][3], written(report.overall_rate(1, overall)));
        assert!(
            export
                .method
                .contains(&format!("shown instead: {}", rows[0][0]))
        );
    }
}

#[test]
fn other_tables_are_those_of_their_documents() {
    let report = churn("visit", &comers());
    let (_, rows) = read(&Export::churn(HERE, &report), "periods");
    let document = ChurnDocument::new(&report);
    let ended = document
        .periods
        .iter()
        .rev()
        .filter_map(|period| Some((period, period.churn.as_ref()?)));
    let mut compared = 0;
    for (period, churn) in ended {
        let row = rows
            .iter()
            .find(|row| row[0] == period.start.to_string())
            .unwrap();
        let expected = [
            churn.opening.to_string(),
            churn.lost.to_string(),
            written(churn.gross),
            written(churn.low),
            written(churn.high),
        ];
        assert_eq!(row[2..7], expected);
        assert_eq!(row[12], written(churn.net));
        compared += churn.lost;
    }
    assert!(compared > 10, "{compared}");

    let report = features("draw");
    let (_, rows) = read(&Export::features(HERE, &report), "groups");
    let document = QuartileDocument::new(&report);
    assert_eq!(rows.len(), 4);
    for (row, group) in rows.iter().zip(&document.reading.groups) {
        assert_eq!(row[2], group.customers.to_string());
        assert_eq!(
            row[4..],
            [
                group.left.to_string(),
                written(group.rate),
                written(group.low),
                written(group.high)
            ]
        );
    }
    let (_, rows) = read(&Export::features(HERE, &report), "scan");
    assert_eq!(rows.len(), report.scan.len());
    assert_eq!(
        rows[0][2],
        written(report.scan[0].adjusted.map(|effect| effect.difference))
    );

    let report = segments(&[("search", 80), ("ads", 40)]);
    let export = Export::segments(HERE, &report);
    let (heads, rows) = read(&export, "curves");
    let document = SegmentsDocument::new(&report);
    for (row, segment) in rows.iter().zip(&document.segments) {
        assert_eq!(row[0], segment.name);
        let one = segment.retention.overall[1].as_ref().unwrap();
        assert_eq!(heads[2], "1");
        assert_eq!(
            row[2..5],
            [written(one.rate), written(one.low), written(one.high)]
        );
    }
}

/// What a workbook holds is what the table holds: numbers as numbers, words as words, days as days.
fn same_in_excel(export: &Export) {
    let bytes = xlsx(export).unwrap();
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let names = book.sheet_names();
    assert_eq!(names.len(), export.sheets.len() + 1);
    assert_eq!(names.last().unwrap(), "Method");
    for (sheet, name) in export.sheets.iter().zip(&names) {
        let found = book.worksheet_range(name).unwrap();
        for (place, column) in (0..).zip(&sheet.columns) {
            assert_eq!(
                found.get_value((0, place)),
                Some(&Data::String(column.name.clone()))
            );
        }
        for (row, number) in sheet.rows.iter().zip(1..) {
            for (cell, place) in row.cells.iter().zip(0..) {
                let found = found.get_value((number, place)).unwrap_or(&Data::Empty);
                match (&cell.value, found) {
                    (exports::Value::None, Data::Empty) => {}
                    (exports::Value::Text(text), Data::String(found)) => assert_eq!(text, found),
                    (exports::Value::Count(count), Data::Float(found)) => {
                        assert_eq!(count.to_string(), found.to_string());
                    }
                    (exports::Value::Number(number), Data::Float(found)) => {
                        assert_eq!(number, found)
                    }
                    (exports::Value::Date(date), Data::DateTime(found)) => {
                        let (year, month, day, ..) = found.to_ymd_hms_milli();
                        assert_eq!(date.to_string(), format!("{year:04}-{month:02}-{day:02}"));
                    }
                    (value, found) => panic!("{value:?} became {found:?}"),
                }
            }
        }
    }
    let method = book.worksheet_range("Method").unwrap();
    let told: Vec<String> = method.rows().map(|row| row[1].to_string()).collect();
    assert!(told.contains(&export.title) && told.contains(&export.as_of));
    let lines = told
        .iter()
        .filter(|line| export.method.split(" · ").any(|one| one == *line));
    assert!(lines.count() >= export.method.split(" · ").count());
}

#[test]
fn a_workbook_holds_the_same() {
    all().iter().for_each(same_in_excel);
}

/// What is drawn in the matrix is what the page shows.
#[test]
fn the_drawn_matrix_shows_what_the_page_shows() {
    let report = retention(RetentionQuery::default(), &sizes(), "2026-11-18");
    for show in Show::ALL {
        let view = RetentionView {
            show,
            ..RetentionView::default()
        };
        let export = Export::retention(HERE, &report, view);
        let sheet: &Sheet = export.sheet("matrix").unwrap();
        let svg = &export.picture("matrix").unwrap().svg;
        let drawn: Vec<&str> = svg
            .lines()
            .filter(|line| line.contains(" mid") && !line.contains("words"))
            .map(|line| line.split_once('>').unwrap().1.split_once('<').unwrap().0)
            .collect();
        let cells = sheet
            .rows
            .iter()
            .flat_map(|row| row.cells[3..].iter().zip(&sheet.columns[3..]));
        let expected = cells
            .filter(|(cell, _)| cell.value != exports::Value::None)
            .map(|(cell, column)| {
                let text = column.shown(&cell.value);
                let text = text.replace('<', "&lt;").replace('>', "&gt;");
                words::tight(&text)
            });
        assert_eq!(drawn, expected.collect::<Vec<_>>(), "{show}");
    }
}
