//! Files that come by the pages: the real router, runner and Postgres; only the network is left out.

use crate::served::*;
use analysis::import::{ImportPhase, ImportSummary};
use analysis::period::WeekStart;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use sqlx::PgPool;
use std::fs;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_file_is_looked_at_confirmed_and_brought_in(pool: PgPool) {
    let served = Served::over(pool);
    let here = served.workspace("here").await;
    let path = served
        .bring("here", "../../<i>events</i>.csv", EVENTS)
        .await;
    assert_eq!(served.files(), [number(&path).0.to_string()]);

    let page = served.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "user_id",
        "timestamp",
        "Customer’s id",
        "Bring in 2",
        "&lt;b&gt;pro&lt;/b&gt;",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    // What files and senders say is text; their folders are not even that.
    assert!(!page.text.contains("<b>") && !page.text.contains("<i>"));
    assert_eq!(served.import(here, &path).await.file_name, "i>.csv");

    let confirmed = served.post(&format!("{path}/confirm"), "").await;
    assert_eq!(confirmed.location(), path);
    let import = served.ended(here, &path).await;
    let summary = ImportSummary {
        rows: 6,
        stored: 3,
        duplicates: 1,
        erased: 0,
        rejected: 2,
        customers_new: 3,
        from: Some("2024-01-01T00:00:00Z".parse().unwrap()),
        // midnight in the workspace's zone
        until: Some("2024-02-02T23:00:00Z".parse().unwrap()),
    };
    assert_eq!(import.progress.summary, Some(summary));
    assert!(served.files().is_empty(), "{:?}", served.files());

    let page = served.get(&path).await;
    for text in [
        "3 rows stored, 2 rejected.",
        "1 row was already there · 3 new customers · from 1 Jan 2024 to 3 Feb 2024",
        "Open the matrix",
        "The time can't be read.",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    let data = served.get("/w/here/data").await;
    for text in ["3 events of 3 customers.", "open", "save", "done"] {
        assert!(data.text.contains(text), "{text}");
    }

    let rejected = served.get(&format!("{path}/rejected.csv")).await;
    assert_eq!(rejected.status, StatusCode::OK);
    assert_eq!(rejected.header(CONTENT_TYPE), "text/csv; charset=utf-8");
    assert!(
        rejected
            .header(CONTENT_DISPOSITION)
            .starts_with("attachment;")
    );
    assert_eq!(
        rejected.text,
        "line,reason,row\r\n\
         4,\"the time can't be read\",\"'=cmd|' /C calc'!A0,open,never,\"\"=1+1\"\"\"\r\n\
         7,\"the customer is empty\",\",save,2024-02-03,pro\"\r\n"
    );

    // Clicked again, it changes nothing; and there is nothing left to drop.
    assert_eq!(
        served.post(&format!("{path}/confirm"), "").await.location(),
        path
    );
    assert_eq!(
        served.import(here, &path).await.progress.phase,
        ImportPhase::Done
    );
    let dropped = served.post(&format!("{path}/discard"), "").await;
    assert_eq!(dropped.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn dates_that_can_be_read_twice_have_to_be_answered(pool: PgPool) {
    let served = Served::over(pool);
    let here = served.workspace("here").await;
    let text = "who,when\nu1,03/04/2024\nu2,05/06/2024\n";
    let path = served.bring("here", "visits.csv", text).await;
    let page = served.get(&path).await.text;
    assert!(
        page.contains("Which column holds the customer's id?"),
        "{page}"
    );

    // What was answered stays answered, and what is still open is asked.
    let roles = "kind=events&role=customer&role=time&event=Visit+paid";
    let answered = served.post(&format!("{path}/confirm"), roles).await;
    assert_eq!(answered.location(), format!("{path}?{roles}"));
    assert_eq!(
        served.import(here, &path).await.progress.phase,
        ImportPhase::Uploaded
    );
    let page = served.get(answered.location()).await.text;
    for text in [
        "value=\"Visit paid\"",
        "The day comes first: 03/04/2024 is 3 Apr 2024",
        "The month comes first: 03/04/2024 is 4 Mar 2024",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("Which column holds the customer's id?"));

    let answers = format!("{roles}&dates=month-first");
    let confirmed = served.post(&format!("{path}/confirm"), &answers).await;
    assert_eq!(confirmed.location(), path);
    let summary = served.ended(here, &path).await.progress.summary.unwrap();
    assert_eq!((summary.stored, summary.rejected), (2, 0));
    // 4 March, at midnight in Berlin
    assert_eq!(summary.from, Some("2024-03-03T23:00:00Z".parse().unwrap()));
    let names = served.store.event_counts(here).await.unwrap();
    assert_eq!(names[0].name, "Visit paid");

    let wrong = served.get(&format!("{path}?role=boss")).await;
    assert_eq!(wrong.status, StatusCode::OK);
    let other = served.bring("here", "visits.csv", text).await;
    let wrong = served
        .get(&format!("{other}?role=boss&color=red"))
        .await
        .text;
    assert!(
        wrong.contains("“role=boss” is ignored: expected customer"),
        "{wrong}"
    );
    assert!(wrong.contains("There is no setting “color”"));
    assert_eq!(
        served
            .post(&format!("{other}/discard"), "")
            .await
            .location(),
        "/w/here/data"
    );
    assert!(served.files().is_empty());
    assert_eq!(served.get(&other).await.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_no_file_of_rows_is_refused_and_leaves_nothing(pool: PgPool) {
    let served = Served::over(pool);
    let here = served.workspace("here").await;
    let cases = [
        (file_part("", "") + END, 422, "Choose a file first."),
        (END.to_owned(), 422, "Choose a file first."),
        (file_part("a.csv", "") + END, 422, "The file is empty."),
        (
            file_part("a.csv", "\r\n \n") + END,
            422,
            "The file is empty.",
        ),
        (
            file_part("a.csv", "PK\u{3}\u{4}") + END,
            422,
            "This is a zip archive or an Excel workbook, not a CSV file.",
        ),
        (
            file_part("a.csv", "{\"a\": 1}") + END,
            422,
            "This is JSON, not a CSV file.",
        ),
        (
            file_part("a.csv", EVENTS),
            400,
            "The file did not arrive as a whole",
        ),
        (
            text_part("colour", "red") + END,
            400,
            "The form was not understood.",
        ),
        (
            file_part("a.csv", EVENTS) + &file_part("b.csv", EVENTS) + END,
            400,
            "The form was not understood.",
        ),
    ];
    for (body, status, words) in cases {
        let answer = served.send("/w/here/upload", body).await;
        assert_eq!(answer.status.as_u16(), status, "{words}");
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
        assert!(
            answer.text.contains("Bring in a file"),
            "the form is at hand"
        );
        assert!(served.files().is_empty(), "{words}: {:?}", served.files());
    }
    let plain = served.post("/w/here/upload", "file=a").await;
    assert_eq!(plain.status, StatusCode::BAD_REQUEST);
    let mut huge = multipart("/w/here/upload", file_part("a.csv", EVENTS) + END);
    huge.headers_mut()
        .insert(CONTENT_LENGTH, 30_000_000_000_u64.into());
    let huge = served.ask(huge).await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(huge.text.contains("The file is larger than 20 GB"));
    assert!(served.files().is_empty());
    assert_eq!(served.store.imports(here, 10).await.unwrap(), []);

    // The same page asked for by hand tells of nothing.
    let page = served.get("/w/here/upload").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains("class=\"notice"));
    // A foreign page can't make a browser send one.
    let mut foreign = multipart("/w/here/upload", file_part("a.csv", EVENTS) + END);
    foreign
        .headers_mut()
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(served.ask(foreign).await.status, StatusCode::FORBIDDEN);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_workspace_is_made_with_its_first_file(pool: PgPool) {
    let served = Served::over(pool);
    let body = |name: &str, zone: &str, text: &str| {
        text_part("name", name)
            + &text_part("zone", zone)
            + &text_part("week_start", "sunday")
            + &file_part("events.csv", text)
            + END
    };
    for (name, zone, text, words) in [
        (
            "Acme",
            "Mars/Olympus",
            EVENTS,
            "“Mars/Olympus” is no time zone that is known here.",
        ),
        (" ", "UTC", EVENTS, "Give the workspace a name"),
        ("Acme", "Asia/Kolkata", "", "The file is empty."),
    ] {
        let answer = served.send("/new", body(name, zone, text)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
        assert!(
            answer.text.contains(&format!("value=\"{zone}\"")),
            "given again"
        );
        assert_eq!(served.store.workspaces().await.unwrap(), []);
        assert!(served.files().is_empty());
    }
    let first = served
        .send("/new", body("Acme Studio", "Asia/Kolkata", EVENTS))
        .await;
    assert!(
        first.location().starts_with("/w/acme-studio/import/"),
        "{}",
        first.location()
    );
    let second = served
        .send("/new", body("Acme  studio!", "UTC", EVENTS))
        .await;
    assert!(second.location().starts_with("/w/acme-studio-2/import/"));
    let made = served.store.workspace("acme-studio").await.unwrap();
    assert_eq!(
        (made.name.as_str(), made.zone.as_str(), made.week_start),
        ("Acme Studio", "Asia/Kolkata", WeekStart::Sunday)
    );
    let page = served.get(first.location()).await.text;
    assert!(
        page.contains("without an offset they are read in Asia/Kolkata"),
        "{page}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_import_is_seen_in_its_own_workspace_only(pool: PgPool) {
    let served = Served::over(pool);
    let here = served.workspace("here").await;
    served.workspace("there").await;
    let path = served.bring("here", "events.csv", EVENTS).await;
    let id = number(&path).0;
    for wrong in ["there", "nowhere"] {
        let path = format!("/w/{wrong}/import/{id}");
        assert_eq!(
            served.get(&path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
        let csv = served.get(&format!("{path}/rejected.csv")).await;
        assert_eq!(csv.status, StatusCode::NOT_FOUND);
        for act in ["confirm", "again", "discard"] {
            let answer = served.post(&format!("{path}/{act}"), "").await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}/{act}");
        }
    }
    for wrong in ["0", "x", "99999999999999", "-1"] {
        let answer = served.get(&format!("/w/here/import/{wrong}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
        let answer = served
            .post(&format!("/w/here/import/{wrong}/confirm"), "")
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    let upload = served
        .send("/w/nowhere/upload", file_part("a.csv", EVENTS) + END)
        .await;
    assert_eq!(upload.status, StatusCode::NOT_FOUND);
    assert_eq!(
        served.get("/w/nowhere/data").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        served.import(here, &path).await.progress.phase,
        ImportPhase::Uploaded
    );
    assert_eq!(served.files(), [id.to_string()]);
}

/// What an earlier server left: a queued import, an interrupted one, half a file.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_new_server_takes_over(pool: PgPool) {
    let earlier = Served::over(pool.clone());
    let here = earlier.workspace("here").await;
    let interrupted = earlier.bring("here", "events.csv", EVENTS).await;
    let queued = earlier.bring("here", "events.csv", EVENTS).await;
    let owner = earlier.owner().await.to_owned();
    let (store, folder) = (earlier.store.clone(), earlier.folder);
    drop(earlier.imports);
    let file = |path: &str| {
        folder
            .path()
            .join("uploads")
            .join(number(path).0.to_string())
    };
    for path in [&interrupted, &queued] {
        let look = store::look(file(path), "UTC".to_owned(), store::Said::default())
            .await
            .unwrap();
        let mapping = look.mapping.unwrap();
        store
            .queue_import(here, number(path), &mapping)
            .await
            .unwrap();
    }
    sqlx::query("update import set phase = 'running', started_at = now() where import_id = $1")
        .bind(number(&interrupted).0)
        .execute(&pool)
        .await
        .unwrap();
    // another process's: its file is elsewhere
    let look = store::look(file(&queued), "UTC".to_owned(), store::Said::default())
        .await
        .unwrap();
    let elsewhere = store
        .create_import(here, "own.csv", look.preview.kind, 1)
        .await
        .unwrap();
    store
        .queue_import(here, elsewhere, &look.mapping.unwrap())
        .await
        .unwrap();
    fs::write(folder.path().join("uploads/7.part"), "half").unwrap();

    let served = Served::in_folder(store, folder).with_owner(owner);
    assert_eq!(
        served.ended(here, &queued).await.progress.phase,
        ImportPhase::Done
    );
    let failed = served.import(here, &interrupted).await.progress;
    assert_eq!(failed.phase, ImportPhase::Failed);
    let waiting = served.store.import(here, elsewhere).await.unwrap().progress;
    assert_eq!(waiting.phase, ImportPhase::Queued);
    assert_eq!(served.files(), [number(&interrupted).0.to_string()]);

    let page = served.get(&interrupted).await.text;
    assert!(
        page.contains("Interrupted: start it again, nothing is stored twice."),
        "{page}"
    );
    let again = served.post(&format!("{interrupted}/again"), "").await;
    assert_eq!(again.location(), interrupted);
    let summary = served
        .ended(here, &interrupted)
        .await
        .progress
        .summary
        .unwrap();
    assert_eq!(
        (summary.stored, summary.duplicates, summary.rejected),
        (0, 4, 2)
    );
}

/// A file that is cut off ends its import, not the runner; what was read stays.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_import_that_stops_says_why(pool: PgPool) {
    let served = Served::over(pool);
    let here = served.workspace("here").await;
    let path = served.bring("here", "events.csv", EVENTS).await;
    let file = served
        .folder
        .path()
        .join("uploads")
        .join(number(&path).0.to_string());
    served
        .post(&format!("{path}/confirm"), "kind=events")
        .await
        .location();
    served.ended(here, &path).await;

    let path = served.bring("here", "events.csv", EVENTS).await;
    let next = file.with_file_name(number(&path).0.to_string());
    let look = store::look(next.clone(), "UTC".to_owned(), store::Said::default())
        .await
        .unwrap();
    fs::write(&next, "other,columns\n1,2\n").unwrap();
    served
        .store
        .queue_import(here, number(&path), &look.mapping.unwrap())
        .await
        .unwrap();
    served.imports.queue().wake();
    let import = served.ended(here, &path).await;
    assert_eq!(import.progress.phase, ImportPhase::Failed);
    let page = served.get(&path).await.text;
    for text in [
        "The import stopped before its end.",
        "The file's columns are not those of its preview.",
        "Start again",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    fs::remove_file(&next).unwrap();
    let page = served.get(&path).await.text;
    assert!(page.contains("bring it in again") && !page.contains("Start again"));
    served.post(&format!("{path}/again"), "").await.location();
    assert_eq!(
        served.import(here, &path).await.progress.phase,
        ImportPhase::Failed
    );
}
