//! Numbers and names of another workspace's things, asked for in one's own.

use super::{admin, join, routes};
use crate::served::{Answer, Served};
use analysis::alert::{Alert, Condition::Differs};
use analysis::annotation::Annotation;
use analysis::query::{TraitFilter, TraitTest};
use analysis::saved::{Label, ReportKind};
use analysis::schedule::Occasion;
use analysis::segment::Condition;
use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST};
use axum::http::{Request, StatusCode};
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::BTreeMap;
use store::{
    KeyKind, NewKey, NewNotice, NewReceiver, NewSegment, NewSharedLink, Role, SigningSecret,
    WorkspaceId,
};

/// In the name of everything that is not the asker's.
const HUSH: &str = "hush";

/// A form that every handler finds its fields in.
const FORM: &str = "name=mine&label=mine&description=mine&folder=mine&role=viewer&days=3&password=kelp+tide+rope+anchor\
                    &kind=retention&question=%3Fgrain%3Dmonth";

/// One of each thing in a workspace; what routes call it, and its number or name.
pub async fn things(
    pool: &PgPool,
    served: &Served,
    at: WorkspaceId,
) -> BTreeMap<&'static str, String> {
    let store = &served.store;
    let by = admin(served).await;
    let label = Label {
        name: HUSH.to_owned(),
        ..Label::default()
    };
    let question = (ReportKind::Retention, "");
    let report = store.save_report(at, &label, question, None).await.unwrap();
    let new = NewSharedLink {
        report: Some(report),
        name: HUSH.to_owned(),
        kind: ReportKind::Retention,
        question: String::new(),
        pinned: None,
        withhold: true,
        password_hash: None,
        expires_at: None,
        person: None,
    };
    let (link, _) = store.make_link(at, &new).await.unwrap();
    let annotation = Annotation {
        date: "2024-01-01".parse().unwrap(),
        text: HUSH.to_owned(),
    };
    let annotation = store.annotate(at, annotation, None).await.unwrap();
    let key = NewKey {
        kind: KeyKind::Read,
        label: HUSH.to_owned(),
        by: None,
    };
    store.make_key(at, &key).await.unwrap();
    let segment = NewSegment {
        slug: HUSH.to_owned(),
        name: HUSH.to_owned(),
        description: String::new(),
    };
    let condition = Condition::Trait(TraitFilter {
        name: "plan".to_owned(),
        test: TraitTest::Is(vec!["pro".to_owned()]),
    });
    store.save_segment(at, &segment, &condition).await.unwrap();
    store
        .invite(at, "hush@example.com", Role::Viewer, by)
        .await
        .unwrap();
    join(store, at, "hush-member@example.com", Role::Viewer, by).await;
    let notice = NewNotice {
        report,
        occasion: Occasion::Alert(Alert {
            period: 1,
            condition: Differs,
        }),
        // where nothing is sent to
        to: NewReceiver::Webhook("https://127.0.0.1/hush".to_owned(), SigningSecret::new()),
        due_at: Timestamp::MAX,
        person: None,
    };
    let notice = store.make_notice(at, &notice).await.unwrap();
    let one = async |sql: &'static str| -> String {
        let number: i32 = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(at.0)
            .fetch_one(pool)
            .await
            .unwrap();
        number.to_string()
    };
    BTreeMap::from([
        ("report", report.to_string()),
        ("link", link.to_string()),
        ("annotation", annotation.to_string()),
        ("notice", notice.to_string()),
        ("segment", HUSH.to_owned()),
        ("key", one("select api_key_id from api_key where workspace_id = $1").await),
        (
            "invitation",
            one("select one_time_link_id from one_time_link where workspace_id = $1 and used_at is null").await,
        ),
        (
            "person",
            one("select person_id from membership m join person p using (person_id)
                 where m.workspace_id = $1 and p.email like 'hush%'")
            .await,
        ),
        (
            "import",
            one("insert into import (workspace_id, file_name, kind, phase, bytes_total)
                 values ($1, 'hush.csv', 'events', 'failed', 1) returning import_id")
            .await,
        ),
    ])
}

/// Everything that a workspace has in the data base but its log, table by table.
async fn everything(pool: &PgPool, of: WorkspaceId) -> BTreeMap<String, String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.columns
         where table_schema = 'public' and column_name = 'workspace_id' and table_name <> 'audit'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut all = BTreeMap::new();
    for table in tables {
        let rows = format!(
            "select coalesce(string_agg(t::text, e'\\n' order by t::text), '') from {table} t where workspace_id = $1"
        );
        let rows: String = sqlx::query_scalar(AssertSqlSafe(rows))
            .bind(of.0)
            .fetch_one(pool)
            .await
            .unwrap();
        all.insert(table, rows);
    }
    all
}

pub async fn ask(served: &Served, method: &str, path: &str, session: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "localhost")
        .header(ACCEPT, "text/html")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(COOKIE, format!("holdfast={session}"));
    let body = match method {
        "GET" => Body::empty(),
        _ => Body::from(FORM),
    };
    served.ask_as_it_is(request.body(body).unwrap()).await
}

/// Every route that names a thing, with these in its place.
pub fn named(workspace: &str, things: &BTreeMap<&str, String>) -> Vec<(String, String)> {
    let routes = routes::all();
    let routes = routes.iter().filter_map(|route| {
        let (method, path) = route.split_once(' ').unwrap();
        let rest = path.strip_prefix("/w/{workspace}/")?;
        if !rest.contains('{') || rest.contains("{form}") {
            return None;
        }
        let parts = rest.split('/').map(|part| {
            let name = part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'));
            match name {
                Some(name) => things
                    .get(name)
                    .unwrap_or_else(|| panic!("make a {name} for {route} in this test"))
                    .as_str(),
                None => part,
            }
        });
        let parts: Vec<&str> = parts.collect();
        Some((
            method.to_owned(),
            format!("/w/{workspace}/{}", parts.join("/")),
        ))
    });
    routes.collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_number_of_another_workspace_is_nothing_here(pool: PgPool) {
    let served = Served::over(pool.clone());
    let mine = served.workspace("acme").await;
    let other = served.workspace("other").await;
    let by = admin(&served).await;
    let me = join(&served.store, mine, "me@example.com", Role::Owner, by).await;
    let theirs = things(&pool, &served, other).await;
    let before = everything(&pool, other).await;

    let routes = named("acme", &theirs);
    assert!(routes.len() > 20, "{routes:?}");
    for (method, path) in &routes {
        let answer = ask(&served, method, path, &me).await;
        let shown = answer.text.replace(path.as_str(), "");
        let shown = shown.replace(&format!("/{HUSH}"), "");
        assert!(!shown.contains(HUSH), "{method} {path}: {shown}");
        assert!(answer.status.as_u16() < 500, "{method} {path}");
        if method == "GET" {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
        let after = everything(&pool, other).await;
        for (table, rows) in &before {
            assert_eq!(after[table], *rows, "{method} {path} changed {table}");
        }
    }

    // The same requests by one of theirs do reach them, so it was not the form.
    let one = join(&served.store, other, "one@example.com", Role::Owner, by).await;
    let before = everything(&pool, other).await;
    for (method, path) in named("other", &theirs) {
        ask(&served, &method, &path, &one).await;
    }
    let after = everything(&pool, other).await;
    for table in [
        "report",
        "link",
        "annotation",
        "segment",
        "api_key",
        "notice",
        "one_time_link",
        "membership",
    ] {
        assert_ne!(after[table], before[table], "{table}");
    }
}
