//! Pages taken along as files: the same numbers as on the page, safe to open, nothing that a name could run.

use crate::served::{Answer, Served};
use analysis::export::{ExportForm, ExportPage};
use analysis::period::WeekStart;
use analysis::words;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    X_CONTENT_TYPE_OPTIONS,
};
use calamine::{Data, Reader, Xlsx};
use serde_json::Value;
use sqlx::PgPool;
use std::io::Cursor;
use store::{CustomerRecord, EventRecord, NewWorkspace, Store};

const QUESTION: &str = "as_of=2024-03-04&from=2024-01-01&small=1";
/// Names as an attacker would choose them.
const FORMULA: &str = "=HYPERLINK(\"http://evil.example\",\"x\")";
const MARKUP: &str = "</text><script>alert(1)</script>";

/// A workspace whose names all try to do harm: forty customers in four weeks, the `n`-th of whom comes for `n % 7` weeks.
async fn serve(pool: &PgPool) -> Served {
    let store = Store::new(pool.clone());
    let workspace = store
        .create_workspace(&NewWorkspace {
            slug: "here".to_owned(),
            name: FORMULA.to_owned(),
            zone: "UTC".to_owned(),
            week_start: WeekStart::Monday,
            currency: "EUR".to_owned(),
        })
        .await
        .unwrap();
    let batch = store.open_batch(workspace.id, "test").await.unwrap();
    let mut events = Vec::new();
    let mut customers = Vec::new();
    for place in 0_u8..40 {
        let customer = format!("={place}+1");
        for week in 0..=place % 7 {
            let day = u32::from(place / 10 * 7 + week * 7);
            let at: jiff::civil::Date = "2024-01-01".parse().unwrap();
            let at = at
                .checked_add(jiff::Span::new().days(i64::from(day)))
                .unwrap();
            for (number, name) in ["worked", FORMULA, MARKUP].into_iter().enumerate() {
                let number = u8::try_from(number).unwrap();
                if number > 0 && (place + number) % 3 == 0 {
                    continue;
                }
                let mut key = [0; 16];
                key[..3].copy_from_slice(&[place, week, number]);
                events.push(EventRecord {
                    customer: customer.as_str().into(),
                    name: name.into(),
                    at: format!("{at}T12:00:00Z").parse().unwrap(),
                    properties: None,
                    key: Some(key),
                });
            }
        }
        let plan = if place % 2 == 0 { FORMULA } else { MARKUP };
        customers.push(CustomerRecord {
            customer,
            signup_at: None,
            account: None,
            traits: serde_json::from_value(serde_json::json!({ "plan": plan })).unwrap(),
        });
    }
    store
        .write_events(workspace.id, batch, &events)
        .await
        .unwrap();
    store
        .write_customers(workspace.id, &customers)
        .await
        .unwrap();
    store
        .set_active_events(workspace.id, &["worked"])
        .await
        .unwrap();
    Served::in_folder(store, tempfile::tempdir().unwrap())
}

async fn file(served: &Served, name: &str, more: &str) -> Answer {
    let answer = served
        .get(&format!("/w/here/{name}?{QUESTION}{more}"))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.text);
    answer
}

fn rows(answer: &Answer) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .from_reader(answer.text.as_bytes());
    reader
        .records()
        .skip(2)
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

/// What stands in the cells of the page's matrix, row by row.
fn cells(page: &str) -> Vec<String> {
    let table = &page[page.find("role=\"grid\"").unwrap()..];
    let table = &table[..table.find("</table>").unwrap()];
    let cells = table
        .split("<td ")
        .skip(1)
        .filter(|cell| !cell.contains("future"));
    let text =
        |cell: &str| cell[cell.find('>').unwrap() + 1..cell.find("</td>").unwrap()].to_owned();
    // marks of the framework stand between words
    cells
        .map(text)
        .map(|text| text.split('<').next().unwrap().to_owned())
        .collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_matrix_is_the_same_in_every_form(pool: PgPool) {
    let served = serve(&pool).await;
    let page = served.get(&format!("/w/here/retention?{QUESTION}")).await;
    let on_screen = cells(&page.text);
    assert!(on_screen.len() > 20, "{on_screen:?}");

    let csv = rows(&file(&served, "retention.csv", "").await);
    let numbers: Vec<f64> = csv
        .iter()
        .flat_map(|row| row[3..].iter().filter(|field| !field.is_empty()))
        .map(|field| field.parse().unwrap())
        .collect();
    let shown = |rate: &f64| {
        words::tight(&words::percent(*rate))
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    assert_eq!(numbers.iter().map(shown).collect::<Vec<_>>(), on_screen);

    let json: Value =
        serde_json::from_str(&file(&served, "retention.json", "").await.text).unwrap();
    let overall = json["overall"].as_array().unwrap().iter();
    let cohorts = json["cohorts"].as_array().unwrap().iter().rev();
    let cells = cohorts.flat_map(|cohort| cohort["cells"].as_array().unwrap().iter().skip(1));
    let rates: Vec<f64> = overall
        .skip(1)
        .chain(cells)
        .filter_map(|cell| cell["rate"].as_f64())
        .collect();
    assert_eq!(rates, numbers);

    let workbook = file(&served, "retention.xlsx", "").await;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(workbook.bytes)).unwrap();
    let matrix = book.worksheet_range("Matrix").unwrap();
    let found = matrix
        .rows()
        .skip(1)
        .flat_map(|row| &row[3..])
        .filter_map(|cell| match cell {
            Data::Float(number) => Some(*number),
            _ => None,
        });
    assert_eq!(found.collect::<Vec<_>>(), numbers);

    let svg = file(&served, "retention.svg", "").await.text;
    let drawn = svg
        .lines()
        .filter(|line| line.contains(" mid") && !line.contains("words"));
    let drawn = drawn.map(|line| line.split_once('>').unwrap().1.split_once('<').unwrap().0);
    assert_eq!(drawn.collect::<Vec<_>>(), on_screen);

    // Customers instead of shares, as the page is asked for.
    let counts = rows(&file(&served, "retention.csv", "&show=count").await);
    let page = served
        .get(&format!("/w/here/retention?{QUESTION}&show=count"))
        .await;
    let counts: Vec<_> = counts
        .iter()
        .flat_map(|row| row[3..].to_vec())
        .filter(|field| !field.is_empty())
        .collect();
    assert_eq!(counts, self::cells(&page.text));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_page_comes_in_every_form_and_is_a_file(pool: PgPool) {
    let served = serve(&pool).await;
    for page in ExportPage::ALL {
        let question = match page {
            ExportPage::Retention => QUESTION,
            ExportPage::Features => "as_of=2024-03-04&from=2024-01-01&exposure=2&outcome=2",
            ExportPage::Segments => "as_of=2024-03-04&from=2024-01-01&split=plan",
            ExportPage::Churn => "as_of=2024-03-04&grain=week",
        };
        for form in ExportForm::ALL {
            let parts = page.parts(form).iter().map(|(part, _)| *part);
            for part in parts.chain([""]) {
                let path = format!("/w/here/{page}.{form}?{question}&part={part}");
                let answer = served.get(&path).await;
                assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
                let given = answer.header(CONTENT_DISPOSITION);
                let named = given.strip_prefix("attachment; filename=\"").unwrap();
                assert!(named.starts_with(&format!("here-{page}")), "{named}");
                assert!(named.ends_with(&format!("-2024-03-04.{form}\"")), "{named}");
                assert_eq!(answer.header(X_CONTENT_TYPE_OPTIONS), "nosniff");
                assert_eq!(answer.header(CACHE_CONTROL), "no-store");
                let policy = answer.header(CONTENT_SECURITY_POLICY);
                assert!(
                    policy.contains("default-src 'none'") && policy.contains("sandbox"),
                    "{policy}"
                );
                let (kind, begins): (&str, &[u8]) = match form {
                    ExportForm::Csv => ("text/csv; charset=utf-8", b"\"Method: "),
                    ExportForm::Xlsx => (
                        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                        b"PK",
                    ),
                    ExportForm::Json => ("application/json", b"{"),
                    ExportForm::Svg => ("image/svg+xml", b"<svg "),
                    ExportForm::Png => ("image/png", b"\x89PNG"),
                    ExportForm::Pdf => ("application/pdf", b"%PDF-"),
                };
                assert_eq!(answer.header(CONTENT_TYPE), kind);
                assert!(answer.bytes.starts_with(begins), "{path}");
                harmless(&answer, form);
            }
        }
    }
}

/// No formula and no markup of a customer's.
fn harmless(answer: &Answer, form: ExportForm) {
    match form {
        ExportForm::Csv => {
            for field in rows(answer).into_iter().flatten() {
                let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
                assert!(!formula || field.parse::<f64>().is_ok(), "{field:?}");
            }
        }
        ExportForm::Svg => assert!(!answer.text.contains("<script"), "{}", answer.text),
        ExportForm::Xlsx => {
            let mut book: Xlsx<_> = Xlsx::new(Cursor::new(answer.bytes.clone())).unwrap();
            for sheet in book.sheet_names() {
                let formulas = book.worksheet_formula(&sheet).unwrap();
                assert!(
                    formulas
                        .used_cells()
                        .all(|(_, _, formula)| formula.is_empty())
                );
            }
        }
        ExportForm::Json | ExportForm::Png | ExportForm::Pdf => {}
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn other_pages_hold_the_numbers_of_their_documents(pool: PgPool) {
    let served = serve(&pool).await;
    let churn = "&grain=week&threshold=7";
    let answer = served
        .get(&format!("/w/here/churn.csv?as_of=2024-03-04{churn}"))
        .await;
    let table = rows(&answer);
    let answer = served
        .get(&format!("/w/here/churn.json?as_of=2024-03-04{churn}"))
        .await;
    let json: Value = serde_json::from_str(&answer.text).unwrap();
    let periods: Vec<&Value> = json["periods"].as_array().unwrap().iter().rev().collect();
    assert!(periods.len() > 4);
    assert_eq!(table.len(), periods.len());
    for (row, period) in table.iter().zip(periods) {
        assert_eq!(row[0], period["start"].as_str().unwrap());
        assert_eq!(row[2], period["opening"].to_string());
        let churn = &period["churn"];
        if let Some(gross) = churn["gross"].as_f64() {
            assert_eq!(row[3], churn["lost"].to_string());
            assert_eq!(row[4].parse::<f64>().unwrap(), gross);
        }
    }
    let segments = "as_of=2024-03-04&from=2024-01-01&split=plan";
    let table = rows(
        &served
            .get(&format!("/w/here/segments.csv?{segments}"))
            .await,
    );
    let answer = served
        .get(&format!("/w/here/segments.json?{segments}"))
        .await;
    let json: Value = serde_json::from_str(&answer.text).unwrap();
    for (row, segment) in table.iter().zip(json["segments"].as_array().unwrap()) {
        let name = segment["name"].as_str().unwrap();
        assert_eq!(row[0].trim_start_matches('\''), name);
        assert_eq!(row[1], segment["retention"]["customers"].to_string());
    }
    assert_eq!(table.len(), 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_not_understood_is_refused(pool: PgPool) {
    let served = serve(&pool).await;
    for (path, word) in [
        ("retention.csv?grain=hour", "grain"),
        ("retention.csv?show=roubles", "show"),
        ("retention.csv?part=curves", "part"),
        ("retention.png?part=../../etc/passwd", "part"),
        ("features.pdf?part=groups", "part"),
        ("churn.csv?nonsense=1", "nonsense"),
    ] {
        let answer = served.get(&format!("/w/here/{path}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        let told: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(told["code"], "bad_question");
        assert!(told["message"].as_str().unwrap().contains(word), "{told}");
    }
    let answer = served.get("/w/nowhere/retention.csv").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let answer = served.get("/w/here/retention.exe").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_page_links_to_its_files_and_they_are_of_its_instant(pool: PgPool) {
    let served = serve(&pool).await;
    for page in ExportPage::ALL {
        let split = match page {
            ExportPage::Segments => "&split=plan",
            _ => "",
        };
        let text = served
            .get(&format!("/w/here/{page}?from=2024-01-01{split}"))
            .await
            .text;
        for form in ExportForm::ALL {
            let begin = format!("href=\"/w/here/{page}.{form}?");
            let links: Vec<&str> = text
                .match_indices(&begin)
                .map(|(at, _)| &text[at + 6..at + 6 + text[at + 6..].find('"').unwrap()])
                .collect();
            assert_eq!(links.len(), page.parts(form).len().max(1), "{page}.{form}");
            for link in links {
                assert!(link.contains("as_of=2"), "{link}");
            }
        }
    }
}
