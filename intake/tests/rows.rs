//! Whole files, from bytes to rows.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use analysis::import::{ColumnRole, FileKind, TimeGuess};
use flate2::Compression;
use flate2::write::GzEncoder;
use intake::{
    ColumnChoice, CustomerRecord, DateOrder, EventRecord, IntakeError, Mapping, Options, Reason,
    Rejected, Row, Rows, event_key, preview,
};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::io::Write;

const NOW: &str = "2026-11-22T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn read(file: &[u8], options: &Options) -> Result<Vec<Row>, IntakeError> {
    let seen = preview(file, options)?;
    let mapping = Mapping::new(&seen, options)?;
    Rows::new(file, &mapping, at(NOW))?.collect()
}

fn events(file: &[u8], options: &Options) -> Vec<EventRecord> {
    read(file, options)
        .unwrap()
        .into_iter()
        .map(|row| match row {
            Row::Event(event) => event,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

const FILE: &str = "user_id,event,timestamp,project,size,insert_id
u1,commit,2016-01-15T22:21:11Z,toxiproxy,small,k1
u2,touch code,2016-03-21T06:34:21+01:00,\"a,b\",007,
";

#[test]
fn reads_events() {
    let properties = |value| Some(object(value));
    let first = properties(json!({"project": "toxiproxy", "size": "small"}));
    let second = properties(json!({"project": "a,b", "size": "007"}));
    let expected = [
        EventRecord {
            customer: "u1".into(),
            name: "commit".into(),
            at: at("2016-01-15T22:21:11Z"),
            key: Some(event_key("u1", "k1")),
            properties: first,
        },
        EventRecord {
            customer: "u2".into(),
            name: "touch code".into(),
            at: at("2016-03-21T05:34:21Z"),
            key: None,
            properties: second,
        },
    ];
    let options = Options::new("Europe/Berlin");
    let windows = FILE.replace('\n', "\r\n");
    let marked = format!("\u{feff}{FILE}");
    let semicolons = FILE
        .replace("a,b", "a#b")
        .replace(',', ";")
        .replace("a#b", "a,b");
    let tabs = FILE
        .replace("a,b", "a#b")
        .replace(',', "\t")
        .replace("a#b", "a,b");
    for text in [FILE, &windows, &marked, &semicolons, &tabs] {
        assert_eq!(events(text.as_bytes(), &options), expected, "{text}");
        assert_eq!(events(&gzip(text.as_bytes()), &options), expected, "{text}");
    }
    // two gzip members, as `cat a.gz b.gz` makes them
    let (one, two) = FILE.split_at(100);
    let members = [gzip(one.as_bytes()), gzip(two.as_bytes())].concat();
    assert_eq!(events(&members, &options), expected);
}

#[test]
fn reads_customers() {
    let file = "id;Created At;company_id;plan;seats;internal\n\
                c1;2024-01-01 10:00;acme;pro;12;false\n\
                c2;;null;;;\n";
    let customer = |name: &str, signup: Option<&str>, account: Option<&str>, traits| {
        Row::Customer(CustomerRecord {
            customer: name.into(),
            signup_at: signup.map(at),
            account: account.map(str::to_owned),
            traits: object(traits),
        })
    };
    let rows = read(file.as_bytes(), &Options::new("America/New_York")).unwrap();
    assert_eq!(
        rows,
        [
            customer(
                "c1",
                Some("2024-01-01T15:00:00Z"),
                Some("acme"),
                json!({"plan": "pro", "seats": 12, "internal": false}),
            ),
            customer("c2", None, None, json!({})),
        ]
    );
}

#[test]
fn a_column_that_is_utc_by_convention_ignores_the_zone() {
    let times = |column: &str| {
        let file = format!("user_id,event,{column}\nu,e,2026-01-02 03:04:05.000000\n");
        events(file.as_bytes(), &Options::new("Asia/Tokyo"))[0].at
    };
    assert_eq!(times("event_time"), at("2026-01-02T03:04:05Z"));
    assert_eq!(times("Created (UTC)"), at("2026-01-02T03:04:05Z"));
    assert_eq!(times("timestamp"), at("2026-01-01T18:04:05Z"));
}

#[test]
fn sets_bad_rows_aside_with_line_and_reason() {
    let long = "x".repeat(201);
    let ninety = "ü".repeat(200);
    let mut file = b"user_id,event,time,note\n".to_vec();
    let rows: Vec<(Vec<u8>, Option<Reason>)> = vec![
        (b"u1,e,1602611311,ok".to_vec(), None),
        (b",e,1602611311,".to_vec(), Some(Reason::NoCustomer)),
        (
            b" Null ,e,1602611311,".to_vec(),
            Some(Reason::BannedCustomer),
        ),
        (b"{},e,1602611311,".to_vec(), Some(Reason::BannedCustomer)),
        (
            format!("{long},e,1602611311,").into(),
            Some(Reason::LongCustomer),
        ),
        (format!("{ninety},e,1602611311,").into(), None),
        (b"u1,,1602611311,".to_vec(), Some(Reason::NoEvent)),
        (
            format!("u1,{long},1602611311,").into(),
            Some(Reason::LongEvent),
        ),
        (b"u1,e,,".to_vec(), Some(Reason::NoTime)),
        (b"u1,e,noon,".to_vec(), Some(Reason::BadTime)),
        (b"u1,e,31535999,".to_vec(), Some(Reason::Ancient)),
        (b"u1,e,31536000,".to_vec(), None),
        (b"u1,e,1795435200,".to_vec(), None),
        (b"u1,e,1795435201,".to_vec(), Some(Reason::Future)),
        (b"u1,e".to_vec(), Some(Reason::TooFewFields)),
        (b"u1,e,1602611311,a,b".to_vec(), Some(Reason::TooManyFields)),
        (b"u1,e,1602611311,\xff".to_vec(), Some(Reason::NotUtf8)),
        // half a character each
        (b"u1,e\xc3,\xa41602611311,".to_vec(), Some(Reason::NotUtf8)),
        (b"u1,e,1602611311,a\0b".to_vec(), Some(Reason::Nul)),
        (b"u1,\"e,1602611311,".to_vec(), Some(Reason::OpenQuote)),
        (b"u2,e,1602611311,last".to_vec(), None),
    ];
    for (row, _) in &rows {
        file.extend_from_slice(row);
        file.push(b'\n');
    }
    let found = read(&file, &Options::new("UTC")).unwrap();
    assert_eq!(found.len(), rows.len());
    for (index, ((raw, reason), found)) in rows.iter().zip(found).enumerate() {
        match (reason, found) {
            (None, Row::Event(_)) => {}
            (
                Some(expected),
                Row::Rejected(Rejected {
                    line,
                    reason,
                    raw: kept,
                }),
            ) => {
                assert_eq!(reason, *expected);
                assert_eq!(line, u64::try_from(index).unwrap() + 2);
                assert_eq!(kept, String::from_utf8_lossy(raw).replace('\0', "\u{2400}"));
            }
            (expected, found) => panic!("{index}: {expected:?} {found:?}"),
        }
    }
}

#[test]
fn ambiguous_dates_are_a_question() {
    let file = b"user_id,event,date\nu1,e,03/04/2026\nu2,e,04/03/2026\n";
    let mut options = Options::new("UTC");
    let seen = preview(&file[..], &options).unwrap();
    assert_eq!(
        seen.time,
        TimeGuess::Ambiguous {
            sample: "03/04/2026".into()
        }
    );
    assert_eq!(
        seen.problems,
        ["Is “03/04/2026” day first or month first? The file doesn't tell."]
    );
    assert!(matches!(
        Mapping::new(&seen, &options),
        Err(IntakeError::Unanswered(_))
    ));
    options.dates = Some(DateOrder::DayFirst);
    assert_eq!(events(file, &options)[0].at, at("2026-04-03T00:00:00Z"));
    options.dates = Some(DateOrder::MonthFirst);
    assert_eq!(events(file, &options)[0].at, at("2026-03-04T00:00:00Z"));
}

#[test]
fn what_is_missing_is_asked_and_can_be_said() {
    let file = b"who,InvoiceDate,amount\nu1,2024-01-01,5\n";
    let mut options = Options::new("UTC");
    let seen = preview(&file[..], &options).unwrap();
    assert_eq!(seen.kind, FileKind::Events);
    assert_eq!(seen.problems.len(), 2, "{:?}", seen.problems);
    options.event = Some("order".into());
    options.columns = vec![
        ColumnChoice {
            column: "who".into(),
            role: ColumnRole::Customer,
        },
        ColumnChoice {
            column: "amount".into(),
            role: ColumnRole::Ignored,
        },
    ];
    let found = events(file, &options);
    assert_eq!(found[0].name, "order");
    assert_eq!(found[0].customer, "u1");
    assert_eq!(found[0].properties, None);
    options.columns.push(ColumnChoice {
        column: "nobody".into(),
        role: ColumnRole::Key,
    });
    let seen = preview(&file[..], &options).unwrap();
    assert_eq!(seen.problems, ["There is no column “nobody”."]);
}

#[test]
fn a_chosen_column_replaces_the_one_found() {
    let file = b"user_id,account_id,event,time\nu1,a1,e,1602611311\n";
    let mut options = Options::new("UTC");
    options.columns = vec![ColumnChoice {
        column: "account_id".into(),
        role: ColumnRole::Customer,
    }];
    let found = events(file, &options);
    assert_eq!(found[0].customer, "a1");
    assert_eq!(found[0].properties, Some(object(json!({"user_id": "u1"}))));
}

#[test]
fn says_what_a_file_is_when_it_is_no_csv() {
    let utf16: Vec<u8> = "a,b\n1,2\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [&[0xff, 0xfe][..], &utf16].concat();
    let options = Options::new("UTC");
    let refused = |file: &[u8]| preview(file, &options).unwrap_err();
    assert_eq!(refused(&marked), IntakeError::Utf16);
    assert_eq!(refused(&utf16), IntakeError::Utf16);
    assert_eq!(refused(b""), IntakeError::Empty);
    assert_eq!(refused(b"\xef\xbb\xbf\r\n \n"), IntakeError::Empty);
    assert!(matches!(refused(b"PK\x03\x04rest"), IntakeError::NotCsv(_)));
    assert!(matches!(
        refused(b"{\"event\": 1}"),
        IntakeError::NotCsv("JSON")
    ));
    assert!(matches!(
        refused(b"<!DOCTYPE html>"),
        IntakeError::NotCsv(_)
    ));
    assert!(matches!(refused(b"a,\xff\n"), IntakeError::Header(_)));
    let whole = gzip(FILE.repeat(1000).as_bytes());
    assert_eq!(refused(&whole[..30]), IntakeError::CutOff);
    let many = vec!["c"; 1001].join(",");
    assert_eq!(refused(many.as_bytes()), IntakeError::TooManyColumns(1001));
}

#[test]
fn a_file_cut_off_gives_its_rows_and_then_the_error() {
    let mut text = String::from("user_id,event,time\n");
    for number in 0..200_000 {
        text.push_str(&format!("u{number},e,{}\n", 1_602_611_311 + number));
    }
    let whole = gzip(text.as_bytes());
    let options = Options::new("UTC");
    let mapping = Mapping::new(&preview(&whole[..], &options).unwrap(), &options).unwrap();
    let cut = &whole[..whole.len() / 2];
    let mut rows = Rows::new(cut, &mapping, at(NOW)).unwrap();
    let good = rows.by_ref().take_while(Result::is_ok).count();
    assert!(good > 50_000, "{good}");
    assert!(rows.next().is_none());
    let last = Rows::new(cut, &mapping, at(NOW)).unwrap().last();
    assert_eq!(last, Some(Err(IntakeError::CutOff)));
}

#[test]
fn another_file_is_not_read_with_this_mapping() {
    let options = Options::new("UTC");
    let mapping = Mapping::new(&preview(FILE.as_bytes(), &options).unwrap(), &options).unwrap();
    let other = FILE.replace("project", "repository");
    let refused = Rows::new(other.as_bytes(), &mapping, at(NOW)).err();
    assert_eq!(refused, Some(IntakeError::OtherColumns));
}

#[test]
fn headings_alone_are_an_empty_import() {
    let rows = read(b"user_id,event,time\n", &Options::new("UTC")).unwrap();
    assert_eq!(rows, []);
}

#[test]
fn a_mapping_survives_storage() {
    let options = Options::new("UTC");
    let mapping = Mapping::new(&preview(FILE.as_bytes(), &options).unwrap(), &options).unwrap();
    let stored = serde_json::to_string(&mapping).unwrap();
    assert_eq!(serde_json::from_str::<Mapping>(&stored).unwrap(), mapping);
}

/// Bytes that a CSV parser cares about, more often than chance would bring them.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"user_id,event,time\n".to_vec()),
        Just(b"u1,e,1602611311\n".to_vec()),
        Just(b"\"".to_vec()),
        Just(b",".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\n".to_vec()),
        Just(vec![0]),
        Just(b"\xef\xbb\xbf".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_in_a_file_makes_it_panic(file in hostile(), rest in hostile()) {
        let options = Options::new("UTC");
        for bytes in [file.clone(), gzip(&file)] {
            if let Ok(seen) = preview(&bytes[..], &options)
                && let Ok(mapping) = Mapping::new(&seen, &options)
            {
                for row in Rows::new(&bytes[..], &mapping, at(NOW)).unwrap() {
                    row.unwrap();
                }
            }
        }
        // the same with a mapping made from a sound beginning
        let file = [b"user_id,event,time\n", &rest[..]].concat();
        let sound = preview(&b"user_id,event,time\nu1,e,1602611311\n"[..], &options).unwrap();
        let mapping = Mapping::new(&sound, &options).unwrap();
        let mut last = 1;
        for row in Rows::new(&file[..], &mapping, at(NOW)).unwrap() {
            if let Row::Rejected(rejected) = row.unwrap() {
                prop_assert!(rejected.line > last, "{} after {last}", rejected.line);
                prop_assert!(!rejected.raw.contains('\0'));
                last = rejected.line;
            }
        }
    }

    #[test]
    fn what_a_csv_writer_wrote_comes_back(
        rows in proptest::collection::vec(
            ("u[\\PC&&[^\0]]{0,20}x", "[a-z]{1,10}", 31_536_000_i64..1_700_000_000, "([^\0]{0,30}x)?"),
            1..30,
        ),
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|')],
    ) {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        writer.write_record(["user_id", "event", "time", "note"]).unwrap();
        for (customer, event, second, note) in &rows {
            writer.write_record([customer, event, &second.to_string(), note]).unwrap();
        }
        let file = writer.into_inner().unwrap();
        let mut options = Options::new("UTC");
        // The sample can be too small and too odd to tell dates in seconds from dates in one number.
        options.kind = Some(FileKind::Events);
        let seen = preview(&file[..], &options).unwrap();
        prop_assert_eq!(seen.delimiter, char::from(delimiter));
        let mapping = Mapping::new(&seen, &options).unwrap();
        let found: Vec<Row> = Rows::new(&file[..], &mapping, at(NOW)).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(found.len(), rows.len());
        for ((customer, event, second, note), found) in rows.iter().zip(found) {
            let Row::Event(found) = found else {
                return Err(TestCaseError::fail(format!("{found:?}")));
            };
            prop_assert_eq!(&found.customer, customer);
            prop_assert_eq!(&found.name, event);
            if !matches!(seen.time, TimeGuess::Iso) {
                prop_assert_eq!(found.at, Timestamp::from_second(*second).unwrap());
            }
            let kept = found.properties.map(|mut properties| properties.remove("note").unwrap());
            let note = note.trim();
            prop_assert_eq!(kept, (!note.is_empty()).then(|| Value::from(note)));
        }
    }
}
