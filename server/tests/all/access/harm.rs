//! Markup and too much of everything, in all addresses and all forms.

use super::theirs::{ask, named, things};
use super::{admin, join};
use crate::served::{Answer, Served};
use axum::http::header::CONTENT_TYPE;
use sqlx::PgPool;
use store::{EventRecord, Role};

/// Would run if it stood in a page as it is.
const SCRIPT: &str = "\"'></title></script><script>evil()</script>";
/// The same, as addresses and forms have it.
const SENT: &str = "%22%27%3E%3C%2Ftitle%3E%3C%2Fscript%3E%3Cscript%3Eevil()%3C%2Fscript%3E";

/// All that pages read from their addresses.
const PARAMS: [&str; 44] = [
    "unit",
    "grain",
    "kind",
    "brackets",
    "zero",
    "follow_up",
    "window",
    "start",
    "start_event",
    "before",
    "activity",
    "active",
    "any",
    "min",
    "where",
    "account_where",
    "start_where",
    "active_where",
    "behaviour",
    "segment",
    "small",
    "from",
    "to",
    "last",
    "as_of",
    "show",
    "intervals",
    "overall",
    "scale",
    "cell",
    "cohort",
    "page",
    "by",
    "baseline",
    "event",
    "set",
    "folder",
    "slug",
    "customer",
    "condition",
    "name",
    "next",
    "part",
    "step",
];

/// Whether an answer holds none of it, or is none that a browser would run it in.
fn clean(answer: &Answer) -> bool {
    let html = answer.header(CONTENT_TYPE).starts_with("text/html");
    !html || !(answer.text.contains("<script>evil") || answer.text.contains("</title></script>"))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn markup_in_an_address_is_text(pool: PgPool) {
    let served = Served::over(pool.clone());
    let mine = served.workspace("acme").await;
    let by = admin(&served).await;
    let me = join(&served.store, mine, "me@example.com", Role::Owner, by).await;
    let things = things(&pool, &served, mine).await;
    let query: Vec<String> = PARAMS.iter().map(|name| format!("{name}={SENT}")).collect();
    for (method, path) in pages("acme", &things) {
        // Each alone where most are read, since one that is not understood may keep others from being read.
        let alone = path.ends_with("/retention") || path.ends_with("/features");
        let each = query.iter().map(String::as_str).filter(|_| alone);
        for query in each.chain([&*query.join("&")]) {
            let answer = ask(&served, &method, &format!("{path}?{query}"), &me).await;
            assert!(clean(&answer), "{path}?{query}: {}", answer.text);
            assert!(answer.status.as_u16() < 500, "{path}?{query}");
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn markup_in_a_form_is_text(pool: PgPool) {
    let served = Served::over(pool.clone());
    let mine = served.workspace("acme").await;
    let by = admin(&served).await;
    let me = join(&served.store, mine, "me@example.com", Role::Owner, by).await;
    let events: Vec<EventRecord> = (1..20)
        .map(|day| EventRecord {
            customer: SCRIPT.into(),
            name: SCRIPT.into(),
            at: format!("2024-01-{day:02}T12:00:00Z").parse().unwrap(),
            properties: None,
            key: None,
        })
        .collect();
    let batch = served.store.open_batch(mine, SCRIPT).await.unwrap();
    served
        .store
        .write_events(mine, batch, &events)
        .await
        .unwrap();
    let things = things(&pool, &served, mine).await;
    let question = format!(
        "kind=retention&question=%3Factive%3D{}",
        SENT.replace('%', "%25")
    );
    for (path, form) in [
        (
            "reports/save",
            format!("{question}&name={SENT}&folder={SENT}"),
        ),
        (
            &*format!("reports/{}/label", things["report"]),
            format!("name={SENT}&description={SENT}&folder={SENT}"),
        ),
        ("annotations/add", format!("date=2024-01-09&text={SENT}")),
        ("keys/make", format!("label={SENT}&kind=read")),
        ("people/invite", format!("email={SENT}@x.de&role=viewer")),
        (
            "links/make",
            format!("{question}&name={SENT}&state=live&days=9"),
        ),
        (
            "segments/save",
            format!("name={SENT}&description={SENT}&condition={SENT}"),
        ),
        (
            "segments/save",
            format!(
                "name={SENT}&description={SENT}&condition=%7B%22trait%22%3A%7B%22name%22%3A%22{0}%22%2C%22test%22%3A%7B%22is\
                 %22%3A%5B%22{0}%22%5D%7D%7D%7D",
                "%5C%22%3E%3Cscript%3Eevil()%3C%2Fscript%3E"
            ),
        ),
        ("features/save", format!("name={SENT}&event={SENT}")),
        (
            "activity/save",
            format!("name={SENT}&event={SENT}&question={SENT}"),
        ),
        ("activity/own", format!("slug={SENT}")),
        ("sharing/origins", format!("origins={SENT}")),
        (
            "reports/1/notices/alert",
            format!("to=webhook&address={SENT}&condition=below&threshold={SENT}&period=1"),
        ),
        ("erase", format!("customer={SENT}nobody")),
    ] {
        let answer = served.post(&format!("/w/acme/{path}"), &form).await;
        assert!(clean(&answer), "{path}: {}", answer.text);
        assert!(answer.status.as_u16() < 500, "{path}: {}", answer.text);
    }
    let names = "select count(*) from report where name like '%evil%' and folder like '%evil%'";
    let kept: i64 = sqlx::query_scalar(names).fetch_one(&pool).await.unwrap();
    assert!(kept > 0, "the forms were not understood");
    for (method, path) in pages("acme", &things) {
        for query in [
            "",
            &format!("?active={SENT}"),
            &format!("?event={SENT}&cell=2024-01-01.1"),
        ] {
            let answer = ask(&served, &method, &format!("{path}{query}"), &me).await;
            assert!(clean(&answer), "{path}{query}: {}", answer.text);
            assert!(answer.status.as_u16() < 500, "{path}{query}");
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn too_much_is_refused_or_cut_and_breaks_nothing(pool: PgPool) {
    let served = Served::over(pool.clone());
    let mine = served.workspace("acme").await;
    let by = admin(&served).await;
    let me = join(&served.store, mine, "me@example.com", Role::Owner, by).await;
    let things = things(&pool, &served, mine).await;
    let long = "9".repeat(900);
    let many: Vec<String> = (0..2_000).map(|n| format!("active=e{n}")).collect();
    let numbers = "last=4294967296&min=99999999999999999999&follow_up=-1&small=1e9&brackets=9-1";
    let bytes = "active=%00&where=%ff%fe&as_of=%F0%9F%92%A9&from=-9999-01-01&to=9999-12-31";
    for (method, path) in pages("acme", &things) {
        let all: Vec<String> = PARAMS.iter().map(|name| format!("{name}={long}")).collect();
        for query in [&*all.join("&"), &*many.join("&"), numbers, bytes] {
            let answer = ask(&served, &method, &format!("{path}?{query}"), &me).await;
            assert!(answer.status.as_u16() < 500, "{path}?{query:.60}");
        }
    }
    let form = format!(
        "name={0}&text={0}&label={0}&email={0}&question={0}&customer={0}",
        "x".repeat(200_000)
    );
    for (method, path) in named("acme", &things) {
        if method == "POST" {
            let answer = served.post(&path, &form).await;
            assert!(answer.status.as_u16() < 500, "{path}: {}", answer.text);
        }
    }
}

/// The addresses of all pages of a workspace.
fn pages(
    workspace: &str,
    things: &std::collections::BTreeMap<&str, String>,
) -> Vec<(String, String)> {
    let plain = super::routes::all().into_iter().filter_map(|route| {
        let (method, path) = route.split_once(' ')?;
        let rest = path.strip_prefix("/w/{workspace}/")?;
        let page = method == "GET" && !rest.contains('{');
        page.then(|| ("GET".to_owned(), format!("/w/{workspace}/{rest}")))
    });
    let named = named(workspace, things).into_iter();
    plain
        .chain(named.filter(|(method, _)| method == "GET"))
        .collect()
}
