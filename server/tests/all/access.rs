//! Every route as everybody: nobody, a viewer, an editor, an owner, an administrator, and an owner of another workspace.
//! The routes are read from the program's own lists, so that one without a line in the table here fails.

mod elsewhere;
mod entrance;
mod letters;
mod routes;
mod table;

use crate::served::{Answer, Served};
use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, LOCATION};
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use store::{KeyKind, LinkFor, NewKey, Password, PersonId, Role, Store, WorkspaceId};
use table::{Asks, table};

pub const PASSWORD: &str = "kelp tide rope anchor";

/// Somebody who asks.
struct Somebody {
    name: &'static str,
    email: String,
    session: String,
    /// His role in the workspace `acme`.
    role: Option<Role>,
    admin: bool,
}

impl Somebody {
    /// The status of a refusal, or `None` where he may pass.
    fn refused(&self, asks: Asks) -> Option<u16> {
        match asks {
            Asks::Open => None,
            _ if self.session.is_empty() => Some(401),
            Asks::Person => None,
            Asks::Admin => (!self.admin).then_some(403),
            Asks::In(role) => match self.role {
                None => Some(404),
                Some(his) => (his < role).then_some(403),
            },
        }
    }
}

/// Somebody new in a workspace, signed in.
pub async fn join(store: &Store, at: WorkspaceId, email: &str, role: Role, by: PersonId) -> String {
    let token = store.invite(at, email, role, by).await.unwrap();
    let link = store.link(token.text()).await.unwrap().unwrap();
    let password = Password::new(PASSWORD);
    let session = store.join_new(&link, email, password, "").await.unwrap();
    session.text().to_owned()
}

/// The number of the first owner.
pub async fn admin(served: &Served) -> PersonId {
    let session = served.owner().await;
    let caller = served.store.caller(session, None).await.unwrap();
    caller.unwrap().person.id
}

async fn everybody(served: &Served, acme: WorkspaceId, other: WorkspaceId) -> Vec<Somebody> {
    let admin = admin(served).await;
    let mut all = vec![Somebody {
        name: "nobody",
        email: String::new(),
        session: String::new(),
        role: None,
        admin: false,
    }];
    for (name, at, role) in [
        ("a viewer", acme, Role::Viewer),
        ("an editor", acme, Role::Editor),
        ("an owner", acme, Role::Owner),
        ("an owner of another", other, Role::Owner),
    ] {
        let email = format!("{}@example.com", name.replace(' ', "-"));
        let session = join(&served.store, at, &email, role, admin).await;
        all.push(Somebody {
            name,
            email,
            session,
            role: (at == acme).then_some(role),
            admin: false,
        });
    }
    all.push(Somebody {
        name: "the administrator",
        email: "admin@example.com".to_owned(),
        session: served.owner().await.to_owned(),
        role: Some(Role::Owner),
        admin: true,
    });
    let store = &served.store;
    store
        .set_person(admin, "Admin", "admin@example.com")
        .await
        .unwrap();
    let password = Password::new(PASSWORD);
    let session = store.set_password(admin, password, "").await.unwrap();
    all.last_mut().unwrap().session = session.text().to_owned();
    all
}

pub async fn ask(served: &Served, method: &str, path: &str, session: &str, body: &Value) -> Answer {
    let api = path.starts_with("/api/");
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "localhost")
        .header(ACCEPT, if api { "application/json" } else { "text/html" });
    if !session.is_empty() {
        request = request.header(COOKIE, format!("holdfast={session}"));
    }
    let body = match (method, api) {
        ("GET", _) => Body::empty(),
        (_, true) => {
            request = request.header(CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        }
        _ => {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            Body::empty()
        }
    };
    served.ask_as_it_is(request.body(body).unwrap()).await
}

/// What an answer tells, without what is new in each page.
pub fn told(answer: &Answer) -> String {
    let mut parts = answer.text.split("nonce=\"");
    let mut told = parts.next().unwrap().to_owned();
    for part in parts {
        told.push_str(part.split_once('"').unwrap().1);
    }
    told
}

#[tokio::test]
async fn every_route_has_a_line() {
    let table = table();
    let found = routes::all();
    assert!(found.len() > 60, "{found:?}");
    let without: Vec<&String> = found
        .iter()
        .filter(|route| !table.contains_key(*route))
        .collect();
    assert!(
        without.is_empty(),
        "add to the table what these ask: {without:#?}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn everybody_asks_for_everything(pool: PgPool) {
    let served = Served::over(pool);
    let acme = served.workspace("acme").await;
    let other = served.workspace("other").await;
    let mut everybody = everybody(&served, acme, other).await;
    let table = table();
    let mut wrong = Vec::new();
    for route in routes::all() {
        let Some(asks) = table.get(&route) else {
            continue;
        };
        let (method, path) = route.split_once(' ').unwrap();
        let (path, named) = routes::filled(path, "acme");
        // Which feature is meant stands in the form.
        let named = named || path.ends_with("/features/delete");
        for one in &mut everybody {
            let answer = ask(
                &served,
                method,
                &path,
                &one.session,
                &json!({ "slug": "acme" }),
            )
            .await;
            let to_sign_in = answer.status == StatusCode::SEE_OTHER
                && answer.header(LOCATION).starts_with("/sign-in");
            let leaves = path.contains("sign-out") && !one.session.is_empty();
            let fits = match one.refused(*asks) {
                Some(401) => to_sign_in || answer.status == StatusCode::UNAUTHORIZED,
                Some(status) => answer.status.as_u16() == status,
                None if leaves => answer.status == StatusCode::SEE_OTHER,
                // There may be nothing of the number that was made up, but never "not for you".
                None => {
                    !to_sign_in
                        && !matches!(answer.status.as_u16(), 401 | 403 | 500..)
                        && (named || answer.status != StatusCode::NOT_FOUND || *asks == Asks::Open)
                        && !answer
                            .text
                            .contains("There is no workspace at this address")
                }
            };
            if !fits {
                wrong.push(format!(
                    "{route} as {}: {} {}",
                    one.name,
                    answer.status,
                    answer.header(LOCATION)
                ));
            }
            if leaves {
                let again = served
                    .store
                    .sign_in(&one.email, Password::new(PASSWORD), "", None)
                    .await;
                one.session = again.unwrap().unwrap().text().to_owned();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_workspace_of_others_is_not_there(pool: PgPool) {
    let served = Served::over(pool);
    let acme = served.workspace("acme").await;
    let other = served.workspace("other").await;
    let everybody = everybody(&served, acme, other).await;
    let stranger = &everybody
        .iter()
        .find(|one| one.name == "an owner of another")
        .unwrap()
        .session;
    let nothing = json!({});
    for (method, path) in [
        ("GET", "/w/{}/retention"),
        ("GET", "/w/{}/people"),
        ("POST", "/w/{}/keys/make"),
        ("GET", "/w/{}/no-such-page"),
        ("POST", "/api/v1/workspaces/{}/reports/retention"),
        ("GET", "/api/v1/workspaces/{}/segments"),
        ("POST", "/api/v1/workspaces/{}/segments"),
    ] {
        let theirs = ask(
            &served,
            method,
            &path.replace("{}", "acme"),
            stranger,
            &nothing,
        )
        .await;
        let none = ask(
            &served,
            method,
            &path.replace("{}", "nowhere"),
            stranger,
            &nothing,
        )
        .await;
        assert_eq!(
            (theirs.status, told(&theirs)),
            (none.status, told(&none)),
            "{path}"
        );
        assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{path}");
    }
    // Server functions name it in their body.
    for function in ["members", "set_activity"] {
        let path = format!("/api/{function}");
        let theirs = ask(
            &served,
            "POST",
            &path,
            stranger,
            &json!({ "slug": "acme", "events": [] }),
        )
        .await;
        let none = ask(
            &served,
            "POST",
            &path,
            stranger,
            &json!({ "slug": "nowhere", "events": [] }),
        )
        .await;
        assert_eq!(
            (theirs.status, told(&theirs)),
            (none.status, told(&none)),
            "{path}"
        );
        assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{path}");
    }
    let twice = Request::post("/api/members")
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "application/json")
        .header(COOKIE, format!("holdfast={stranger}"))
        .body(Body::from(r#"{"slug":"other","slug":"acme"}"#));
    assert_eq!(
        served.ask_as_it_is(twice.unwrap()).await.status,
        StatusCode::BAD_REQUEST
    );
    let home = ask(&served, "GET", "/w/other/people", stranger, &nothing).await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(!home.text.contains("acme"), "{}", home.text);

    // Ways around the address.
    for path in [
        "//w/acme/retention",
        "/w//acme/retention",
        "/%77/acme/retention",
        "/w/%61cme/retention",
        "/w/acme/retention/",
        "/W/acme/retention",
        "/w/other/../acme/retention",
        "/w/other/import/..\\..\\..\\w\\acme\\retention",
        "/s/../w/acme/retention",
        "/w/other/%2e%2e/acme/retention",
        "/api/v1/workspaces/%61cme/segments",
    ] {
        let answer = ask(&served, "GET", path, stranger, &nothing).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            !answer.text.contains("grid") && !answer.text.contains("acme ·"),
            "{path}"
        );
    }
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = ask(
            &served,
            method.as_str(),
            "/w/acme/retention",
            stranger,
            &nothing,
        )
        .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_key_reads_its_own_workspace_and_no_more(pool: PgPool) {
    let served = Served::over(pool);
    let acme = served.workspace("acme").await;
    served.workspace("other").await;
    let key = async |kind| {
        let new = NewKey {
            kind,
            label: "a program".to_owned(),
            by: None,
        };
        served
            .store
            .make_key(acme, &new)
            .await
            .unwrap()
            .text()
            .to_owned()
    };
    let (read, write) = (key(KeyKind::Read).await, key(KeyKind::Write).await);
    let ask = async |method: &str, path: &str, key: &str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {key}"));
        let body = Body::from(json!({ "slug": "acme" }).to_string());
        let answer = served.ask_as_it_is(request.body(body).unwrap()).await;
        let told: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        (
            answer.status.as_u16(),
            told["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let segments = "/api/v1/workspaces/acme/segments";
    let elsewhere = "/api/v1/workspaces/other/segments";
    let days = "/api/v1/workspaces/acme/annotations";
    let (ok, none) = ((200, String::new()), "rk_1_x");
    assert_eq!(ask("GET", segments, &read).await, ok);
    assert_eq!(ask("GET", "/api/v1/openapi.json", &read).await, ok);
    for (method, path, key, expected) in [
        ("GET", elsewhere, &*read, (404, "no_workspace")),
        (
            "GET",
            "/api/v1/workspaces/nowhere/segments",
            &*read,
            (404, "no_workspace"),
        ),
        ("POST", segments, &*read, (403, "read_only")),
        ("GET", segments, &*write, (403, "write_key")),
        ("GET", elsewhere, &*write, (403, "write_key")),
        ("GET", days, &*write, (403, "write_key")),
        ("POST", days, &*read, (403, "read_only")),
        // It may, but what was sent is no annotation.
        ("POST", days, &*write, (422, "bad_question")),
        (
            "POST",
            "/api/v1/workspaces/other/annotations",
            &*write,
            (404, "no_workspace"),
        ),
        ("GET", segments, none, (401, "bad_key")),
        ("GET", segments, "", (401, "bad_key")),
        ("GET", "/api/v1/nothing", &*read, (404, "not_found")),
    ] {
        let (status, code) = ask(method, path, key).await;
        assert_eq!(
            (status, code.as_str()),
            expected,
            "{method} {path} {key:.4}"
        );
    }
    // No page and no server function takes a key.
    assert_eq!(ask("GET", "/w/acme/retention", &read).await.0, 303);
    assert_eq!(ask("POST", "/api/members", &read).await.0, 401);
    let keys = served.store.keys(acme).await.unwrap();
    for key in keys {
        served.store.revoke_key(acme, key.id, None).await.unwrap();
    }
    assert_eq!(
        ask("GET", segments, &read).await,
        (401, "bad_key".to_owned())
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn changes_are_noted_with_who_made_them(pool: PgPool) {
    let served = Served::over(pool);
    let acme = served.workspace("acme").await;
    let by = admin(&served).await;
    let editor = join(&served.store, acme, "ed@example.com", Role::Editor, by).await;
    let send = async |path: &str, form: &str| {
        let request = Request::post(path)
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(COOKIE, format!("holdfast={editor}"));
        served
            .ask_as_it_is(request.body(Body::from(form.to_owned())).unwrap())
            .await
            .status
    };
    let saved = send(
        "/w/acme/segments/save",
        "condition=where%3Aplan%3Ais%3Apro&name=Pro&state=living",
    )
    .await;
    assert_eq!(saved, StatusCode::SEE_OTHER);
    assert_eq!(
        send("/w/acme/segments/saved/pro/delete", "").await,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        send("/w/acme/segments/saved/pro/delete", "").await,
        StatusCode::NOT_FOUND
    );
    let log = served.store.audit(acme, None, 2).await.unwrap();
    let told: Vec<(&str, Option<&str>)> = log
        .iter()
        .map(|line| (line.subject.as_str(), line.who.as_deref()))
        .collect();
    let who = Some("ed@example.com");
    assert_eq!(
        told,
        [("segments/saved/pro/delete", who), ("segments/save", who)]
    );
}

/// The first owner's link, and whose it is.
pub async fn first_link(served: &Served) -> (String, PersonId) {
    let token = served.store.first_link().await.unwrap().unwrap();
    let link = served.store.link(token.text()).await.unwrap().unwrap();
    let LinkFor::First(person) = link.leads else {
        panic!("{link:?}");
    };
    (format!("/welcome/{}", token.text()), person.id)
}
