//! Signing in by a provider: who comes in, and what is not believed.

use super::entrance::{Log, sees, session};
use super::{PASSWORD, admin, ask, join};
use crate::login::{Login, ORIGIN, SECRET};
use crate::served::{Answer, Served};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{ACCEPT, COOKIE, HOST, LOCATION, SET_COOKIE};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use store::{Password, Role, Store};

/// A server with a viewer, bob@example.com, who has a password and has shown once who he is at the provider; and his
/// session.
async fn with_bob(pool: PgPool, login: &Login) -> (Served, String) {
    let (served, bob) = with_strange_bob(pool, login).await;
    let bob = session(&through_as(&served, login, &bob).await);
    (served, bob)
}

/// The same before he has.
async fn with_strange_bob(pool: PgPool, login: &Login) -> (Served, String) {
    let served = Served::set(Store::new(pool), tempfile::tempdir().unwrap(), |site| {
        site.origin = ORIGIN.to_owned();
        site.elsewhere = Some(login.provider());
    });
    let acme = served.workspace("acme").await;
    let by = admin(&served).await;
    let bob = join(&served.store, acme, "bob@example.com", Role::Viewer, by).await;
    (served, bob)
}

/// Where a browser is sent that wants to sign in, and the cookie that it keeps.
async fn go(served: &Served, next: &str) -> (String, String) {
    let mut query = String::new();
    analysis::query::append_params(&mut query, vec![("next", next.to_owned())]);
    let sent = get(served, &format!("/sign-in/oidc{query}"), "").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let cookie = sent.header(SET_COOKIE);
    for part in ["; HttpOnly", "; SameSite=Lax", "; Max-Age=600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap().to_owned();
    (sent.location().to_owned(), cookie)
}

/// The browser is back, from another site.
async fn back(served: &Served, path: &str, cookie: &str) -> Answer {
    get(served, path, cookie).await
}

/// Asks as a browser does that another site has led here. Each time it is another one, for the limits.
async fn get(served: &Served, path: &str, cookie: &str) -> Answer {
    static ASKED: AtomicU32 = AtomicU32::new(0x0a00_0000);
    let peer = Ipv4Addr::from(ASKED.fetch_add(1, Ordering::Relaxed));
    let request = Request::get(path)
        .header(HOST, "localhost")
        .header(ACCEPT, "text/html")
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "navigate")
        .header(COOKIE, cookie)
        .extension(ConnectInfo(SocketAddr::from((peer, 1))));
    let request = request.body(Body::empty()).unwrap();
    served.ask_as_it_is(request).await
}

/// All the way there and back.
async fn through(served: &Served, login: &Login) -> Answer {
    through_as(served, login, "").await
}

/// The same in a browser with a session.
async fn through_as(served: &Served, login: &Login, session: &str) -> Answer {
    let (address, cookie) = go(served, "/").await;
    let cookies = format!("{cookie}; holdfast={session}");
    back(served, &login.visit(&address).await, &cookies).await
}

/// What is said to somebody who does not come in.
fn why(answer: &Answer) -> &str {
    assert_eq!(answer.header(SET_COOKIE), "", "{}", answer.text);
    assert_eq!(answer.header(LOCATION), "");
    let (_, rest) = answer
        .text
        .split_once("class=\"notice refusal\">")
        .unwrap_or_else(|| panic!("{}: {}", answer.status, answer.text));
    rest.split('<').next().unwrap()
}

async fn email(served: &Served, session: &str) -> Option<String> {
    let caller = served.store.caller(session, None).await.unwrap();
    caller.unwrap().person.email
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_provider_leads_in(pool: PgPool) {
    let login = Login::open().await;
    let (served, bob) = with_bob(pool, &login).await;
    let page = served.read("/sign-in?next=%2Fw%2Facme%2Fchurn").await;
    assert!(page.text.contains("Sign in with Harbour"));
    assert!(
        page.text
            .contains("href=\"/sign-in/oidc?next=%2Fw%2Facme%2Fchurn\"")
    );

    let (address, cookie) = go(&served, "/w/acme/churn?grain=month").await;
    let path = login.visit(&address).await;
    // The session that the browser brought ends, as with a password.
    let cookies = format!("{cookie}; holdfast={bob}");
    let entered = back(&served, &path, &cookies).await;
    assert_eq!(entered.location(), "/w/acme/churn?grain=month");
    let mine = session(&entered);
    assert!(mine != bob && sees(&served, &mine).await && !sees(&served, &bob).await);
    let cookies: Vec<&str> = entered
        .headers
        .get_all(SET_COOKIE)
        .iter()
        .map(|one| one.to_str().unwrap())
        .collect();
    assert!(
        cookies
            .iter()
            .any(|one| one.starts_with("holdfast_away=; ") && one.contains("Max-Age=0"))
    );

    // What led in once leads in no more.
    let again = back(&served, &path, &cookie).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(why(&again).contains("Begin again"));
    // His password does as well.
    let id = served
        .store
        .caller(&mine, None)
        .await
        .unwrap()
        .unwrap()
        .person
        .id;
    assert!(
        served
            .store
            .knows_password(id, Password::new(PASSWORD))
            .await
            .unwrap()
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn it_leads_to_paths_here_only(pool: PgPool) {
    let login = Login::open().await;
    let (served, _) = with_bob(pool, &login).await;
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/sign-out",
    ] {
        let (address, cookie) = go(&served, next).await;
        let entered = back(&served, &login.visit(&address).await, &cookie).await;
        assert_eq!(entered.location(), "/", "{next}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_the_browser_that_was_sent_comes_in(pool: PgPool) {
    let login = Login::open().await;
    let (served, _) = with_bob(pool.clone(), &login).await;
    let (address, cookie) = go(&served, "/").await;
    let (_, others) = go(&served, "/").await;
    let path = login.visit(&address).await;
    let (code, _) = path.split_once("&state=").unwrap();
    for (path, cookie) in [
        // somebody else's browser, and none that was sent
        (path.as_str(), others.as_str()),
        (path.as_str(), ""),
        (path.as_str(), "holdfast_away="),
        (path.as_str(), "holdfast_away=made-up"),
        (code, cookie.as_str()),
        (&format!("{code}&state=made-up"), cookie.as_str()),
        ("/sign-in/oidc/back?error=access_denied", cookie.as_str()),
        ("/sign-in/oidc/back", cookie.as_str()),
    ] {
        let answer = back(&served, path, cookie).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(why(&answer).contains("began in another browser"), "{path}");
    }
    // None of that used it up.
    assert_eq!(back(&served, &path, &cookie).await.location(), "/");
    let (address, cookie) = go(&served, "/").await;
    let path = login.visit(&address).await;
    // Too late, though all else is right.
    sqlx::query("update away set created_at = created_at - interval '10 minutes'")
        .execute(&pool)
        .await
        .unwrap();
    assert!(why(&back(&served, &path, &cookie).await).contains("ten minutes"));

    // A code that the provider gave for another browser, and one of its own that was used before.
    let (first, cookie) = go(&served, "/").await;
    let (second, _) = go(&served, "/").await;
    let path = login.visit(&first).await;
    let (_, state) = path.split_once("&state=").unwrap();
    let stolen = login.visit(&second).await;
    let (stolen, _) = stolen.split_once("&state=").unwrap();
    let answer = back(&served, &format!("{stolen}&state={state}"), &cookie).await;
    assert!(why(&answer).contains("could not be confirmed"));
    let (third, cookie) = go(&served, "/").await;
    let state = login.visit(&third).await;
    let (_, state) = state.split_once("&state=").unwrap();
    let answer = back(&served, &format!("{stolen}&state={state}"), &cookie).await;
    assert!(why(&answer).contains("could not be confirmed"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_the_provider_did_not_say_to_us_now_is_not_believed(pool: PgPool) {
    let login = Login::open().await;
    let (served, _) = with_bob(pool, &login).await;
    let past = jiff::Timestamp::now().as_second() - 1;
    for wrong in [
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "aud": ["another"] }),
        json!({ "aud": ["another", "holdfast"] }),
        json!({ "iss": "http://127.0.0.1:1" }),
        json!({ "exp": past }),
        json!({ "sub": "" }),
        json!({ "sub": "x".repeat(256) }),
    ] {
        login.says(wrong.clone());
        let answer = through(&served, &login).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert_eq!(
            why(&answer),
            "It could not be confirmed by Harbour who you are. Begin again."
        );
    }
    for wrong in [
        json!({ "email_verified": false }),
        json!({ "email_verified": null }),
        json!({ "email": null }),
        json!({ "email": "bob" }),
    ] {
        login.says(wrong.clone());
        let answer = through(&served, &login).await;
        assert!(
            why(&answer).contains("Have it verified there first."),
            "{wrong}"
        );
    }
    login.says(json!({}));
    login.signs_by_secret(true);
    assert!(why(&through(&served, &login).await).contains("could not be confirmed"));
    login.signs_by_secret(false);
    assert_eq!(through(&served, &login).await.location(), "/");

    // A new key is believed at the second try: the first one finds out.
    login.changes_its_key();
    assert!(why(&through(&served, &login).await).contains("could not be confirmed"));
    assert_eq!(through(&served, &login).await.location(), "/");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_is_here_or_invited_comes_in_and_nobody_else(pool: PgPool) {
    let login = Login::open().await;
    let (served, _) = with_bob(pool.clone(), &login).await;
    let comes = async |claims: Value| {
        login.says(claims);
        through(&served, &login).await
    };
    let nobody = json!({ "sub": "cy", "email": "cy@example.com", "name": "Cy" });
    let answer = comes(nobody.clone()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(why(&answer).contains("Nobody with your address"));
    let people = served.store.people().await.unwrap();
    assert_eq!(people.len(), 2, "no account was made: {people:?}");

    // Bob is known by what does not change.
    let moved = session(&comes(json!({ "email": "robert@example.com" })).await);
    assert_eq!(
        email(&served, &moved).await.as_deref(),
        Some("bob@example.com")
    );
    // Whoever gets his address from the provider is not he.
    let heir = json!({ "sub": "bob-the-younger" });
    assert!(why(&comes(heir.clone()).await).contains("You have a password here."));

    // An invitation waits for an address, and leads into its workspace.
    let other = served.workspace("other").await;
    let by = admin(&served).await;
    for email in ["cy@example.com", "bob@example.com"] {
        served
            .store
            .invite(other, email, Role::Editor, by)
            .await
            .unwrap();
    }
    let cy = session(&comes(nobody.clone()).await);
    let caller = served
        .store
        .caller(&cy, Some("other"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(caller.role, Some((other, Role::Editor)));
    assert_eq!(
        (caller.person.called().as_str(), caller.person.has_password),
        ("Cy", false)
    );
    let acme = ask(&served, "GET", "/w/acme/people", &cy, &json!({})).await;
    assert_eq!(acme.status, StatusCode::NOT_FOUND, "and into no other");
    assert!(
        why(&comes(json!({ "sub": "cy-the-younger", "email": "cy@example.com" })).await)
            .contains("Another account")
    );
    let joined = session(&comes(json!({})).await);
    let caller = served
        .store
        .caller(&joined, Some("other"))
        .await
        .unwrap()
        .unwrap();
    assert!(caller.may(Role::Editor));
    assert!(served.store.invitations(other).await.unwrap().is_empty());
    comes(nobody).await.location();
    let noted: Vec<String> = sqlx::query_scalar(
        "select action from audit join workspace using (workspace_id)
         where slug = 'other' and action in ('joined', 'signed_in') order by audit_id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(
        noted,
        ["joined", "signed_in", "joined", "signed_in", "signed_in"]
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_has_a_password_shows_it_before_he_is_known_from_elsewhere(pool: PgPool) {
    let login = Login::open().await;
    let (served, bob) = with_strange_bob(pool, &login).await;
    // Somebody may have typed this address into his own account, to have its owner come in there.
    assert!(why(&through(&served, &login).await).contains("You have a password here."));
    let other = served.owner().await;
    assert!(why(&through_as(&served, &login, other).await).contains("You have a password here."));
    let account = ask(&served, "GET", "/account", &bob, &json!({})).await;
    assert!(
        account
            .text
            .contains("href=\"/sign-in/oidc?next=%2Faccount\"")
    );
    let tied = session(&through_as(&served, &login, &bob).await);
    assert!(!sees(&served, &bob).await && sees(&served, &tied).await);
    through(&served, &login).await.location();

    // Signed in, he may be somebody else there from now on.
    login.says(json!({ "sub": "bob-moved" }));
    let tied = session(&through_as(&served, &login, &tied).await);
    through(&served, &login).await.location();
    login.says(json!({}));
    why(&through(&served, &login).await);

    // Another password ends it all.
    login.says(json!({ "sub": "bob-moved" }));
    let id = served
        .store
        .caller(&tied, None)
        .await
        .unwrap()
        .unwrap()
        .person
        .id;
    let password = Password::new("salt wind over stones");
    let mine = served.store.set_password(id, password, "").await.unwrap();
    assert!(why(&through(&served, &login).await).contains("You have a password here."));
    through_as(&served, &login, mine.text()).await.location();
    through(&served, &login).await.location();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_provider_that_is_away_stops_nobody_else(pool: PgPool) {
    let mut login = Login::open().await;
    login.is_there(false).await;
    let (served, bob) = with_strange_bob(pool, &login).await;
    let sent = served.read("/sign-in/oidc").await;
    assert_eq!(sent.status, StatusCode::BAD_GATEWAY);
    assert!(why(&sent).contains("Sign in with your password"));
    assert!(sees(&served, &bob).await);
    login.is_there(true).await;
    assert_eq!(through_as(&served, &login, &bob).await.location(), "/");

    // It leaves while somebody is there.
    let (address, cookie) = go(&served, "/").await;
    let path = login.visit(&address).await;
    login.is_there(false).await;
    assert_eq!(
        back(&served, &path, &cookie).await.status,
        StatusCode::BAD_GATEWAY
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_a_provider_there_is_no_such_way(pool: PgPool) {
    let served = Served::over(pool);
    let page = served.read("/sign-in").await;
    assert!(!page.text.contains("/sign-in/oidc"));
    for path in ["/sign-in/oidc", "/sign-in/oidc/back?code=a&state=b"] {
        assert_eq!(served.read(path).await.status, StatusCode::NOT_FOUND);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn no_secret_of_it_is_logged(pool: PgPool) {
    let log = Log::default();
    let _listening = log.listen();
    let login = Login::open().await;
    let (served, _) = with_bob(pool, &login).await;
    let (address, cookie) = go(&served, "/w/acme/retention?where=plan:is:secret-plan").await;
    let path = login.visit(&address).await;
    let entered = session(&back(&served, &path, &cookie).await);
    login.says(json!({ "sub": "eve", "email": "eve@example.com" }));
    why(&through(&served, &login).await);
    login.says(json!({ "nonce": "secret-nonce" }));
    why(&through(&served, &login).await);

    let text = log.text();
    assert!(text.contains("nobody has the address"), "{text}");
    assert!(text.contains("can't be believed"), "{text}");
    let (code, state) = path.split_once("&state=").unwrap();
    let (_, reference) = cookie.split_once('=').unwrap();
    let (_, code) = code.split_once("code=").unwrap();
    for secret in [
        code,
        state,
        reference,
        &entered,
        SECRET,
        "the-access-token",
        "secret-nonce",
        "secret-plan",
        "bob@example.com",
        "eve@example.com",
        "bob-at-harbour",
    ] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
