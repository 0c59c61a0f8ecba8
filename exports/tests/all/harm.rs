//! Names of customers' events, traits and segments may hold anything; a file must stay a file.

use crate::worlds::{HARMFUL, HERE, churn, comers, features, retention, segments};
use analysis::query::{RetentionQuery, RetentionView};
use calamine::{Data, Reader, Xlsx};
use exports::{Export, Origin, csv, pdf, png, preview_png, svg, xlsx};
use std::io::Cursor;

fn harmful(name: &str) -> Vec<Export> {
    let from = Origin {
        workspace: name,
        address: name,
    };
    let mut asked = retention(RetentionQuery::default(), &[100, 50], "2026-11-18");
    asked.query.active = vec![name.to_owned()];
    vec![
        Export::retention(from, &asked, RetentionView::default()),
        Export::features(from, &features(name)),
        Export::segments(from, &segments(&[(name, 80), ("ads", 40)])),
        Export::churn(from, &churn(name, &comers())),
    ]
}

#[test]
fn no_field_of_a_csv_is_a_formula() {
    for name in HARMFUL {
        for export in harmful(name) {
            for sheet in &export.sheets {
                let text = csv(sheet, &export.method);
                let mut reader = csv::ReaderBuilder::new()
                    .flexible(true)
                    .has_headers(false)
                    .from_reader(text.as_slice());
                for field in reader
                    .records()
                    .flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
                {
                    // negative numbers stay numbers
                    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']);
                    assert!(
                        !formula || field.parse::<f64>().is_ok(),
                        "{name:?}: {field:?}"
                    );
                }
            }
        }
    }
    // what is guarded is still there
    let export = Export::segments(HERE, &segments(&[("=1+1", 80)]));
    let text = String::from_utf8(csv(export.sheet("segments").unwrap(), "")).unwrap();
    assert!(text.contains("\"'=1+1\",960"), "{text}");
}

#[test]
fn a_workbook_holds_words_and_no_formulas() {
    for name in HARMFUL {
        for export in harmful(name) {
            let bytes = xlsx(&export).unwrap();
            let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
            for sheet in book.sheet_names() {
                let formulas = book.worksheet_formula(&sheet).unwrap();
                assert!(
                    formulas
                        .used_cells()
                        .all(|(_, _, formula)| formula.is_empty()),
                    "{name:?}"
                );
            }
        }
    }
    let export = Export::segments(HERE, &segments(&[("=1+1", 80)]));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(xlsx(&export).unwrap())).unwrap();
    let found = book.worksheet_range("Segments").unwrap();
    assert_eq!(
        found.get_value((1, 0)),
        Some(&Data::String("=1+1".to_owned()))
    );
}

#[test]
fn a_picture_holds_no_markup_of_others() {
    for name in HARMFUL {
        for export in harmful(name) {
            for picture in &export.pictures {
                let text = svg(&export, picture);
                assert!(
                    !text.contains("<script") && !text.contains("<!--"),
                    "{name:?}"
                );
                let forbidden = |letter: char| letter < ' ' && !"\t\n\r".contains(letter);
                assert!(!text.contains(forbidden), "{name:?}");
                // drawn means that it was read as XML
                png(&export, picture).unwrap();
            }
            preview_png(&export).unwrap();
            let page = pdf(&export).unwrap();
            assert!(page.starts_with(b"%PDF-"));
            assert!(
                !page.windows(11).any(|bytes| bytes == b"/JavaScript"),
                "{name:?}"
            );
        }
    }
}
