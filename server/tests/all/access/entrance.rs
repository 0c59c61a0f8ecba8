//! The ways in: what signs somebody in, what does not, and what nobody learns on the way.

use super::{PASSWORD, admin, ask, first_link, join, told};
use crate::post::PostOffice;
use crate::served::{Answer, Served};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::{Request, StatusCode};
use serde_json::json;
use server::mail::Mailer;
use sqlx::PgPool;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use store::Role;
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;

/// A form sent by a browser with a cookie, from an address.
pub async fn send(served: &Served, path: &str, form: &str, cookie: &str, peer: &str) -> Answer {
    let peer: SocketAddr = format!("{peer}:1").parse().unwrap();
    let request = Request::post(path)
        .header(HOST, "localhost")
        .header(COOKIE, cookie)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .extension(ConnectInfo(peer))
        .body(Body::from(form.to_owned()));
    served.ask_as_it_is(request.unwrap()).await
}

/// The reference in an answer's cookie.
pub fn session(answer: &Answer) -> String {
    let cookie = answer.header(SET_COOKIE);
    let (_, value) = cookie
        .split_once('=')
        .unwrap_or_else(|| panic!("no cookie: {}", answer.status));
    value.split(';').next().unwrap().to_owned()
}

fn form(email: &str, password: &str, next: &str) -> String {
    let mut form = String::new();
    let fields = [("email", email), ("password", password), ("next", next)];
    analysis::query::append_params(
        &mut form,
        fields
            .map(|(name, value)| (name, value.to_owned()))
            .to_vec(),
    );
    form.trim_start_matches('?').to_owned()
}

/// A server with a viewer, bob@example.com; and his session.
async fn with_bob(pool: PgPool) -> (Served, String) {
    bob_in(Served::over(pool)).await
}

/// The same, and it sends mail.
pub async fn with_bob_and_mail(pool: PgPool, mailer: Mailer) -> (Served, String) {
    bob_in(Served::with_mail(pool, mailer)).await
}

async fn bob_in(served: Served) -> (Served, String) {
    let acme = served.workspace("acme").await;
    let by = admin(&served).await;
    let bob = join(&served.store, acme, "bob@example.com", Role::Viewer, by).await;
    (served, bob)
}

pub async fn sees(served: &Served, session: &str) -> bool {
    let answer = ask(
        served,
        "GET",
        "/api/v1/workspaces/acme/segments",
        session,
        &json!({}),
    )
    .await;
    answer.status == StatusCode::OK
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_session_can_not_be_planted_made_up_or_kept(pool: PgPool) {
    let (served, first) = with_bob(pool).await;
    assert!(sees(&served, &first).await);
    let sign_in = async |cookie: &str| {
        let form = form("bob@example.com", PASSWORD, "/w/acme/churn");
        send(&served, "/sign-in", &form, cookie, "192.0.2.1").await
    };
    // A reference that somebody else put into the browser is not the one that signs in.
    let planted = "A".repeat(43);
    let answer = sign_in(&format!("holdfast={planted}")).await;
    assert_eq!(answer.location(), "/w/acme/churn");
    let mine = session(&answer);
    assert!(mine != planted && !sees(&served, &planted).await && sees(&served, &mine).await);
    let cookie = answer.header(SET_COOKIE);
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age="] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    // Signing in again in the same browser ends what was there.
    let next = session(&sign_in(&format!("holdfast={mine}")).await);
    assert!(!sees(&served, &mine).await && sees(&served, &next).await);

    let mut tampered = next.clone().into_bytes();
    tampered[7] = if tampered[7] == b'x' { b'y' } else { b'x' };
    for made_up in [
        String::from_utf8(tampered).unwrap(),
        String::new(),
        "x".repeat(10_000),
        next[1..].to_owned(),
    ] {
        assert!(!sees(&served, &made_up).await, "{made_up:.50}");
    }

    // Stolen, it is worth nothing after signing out everywhere.
    let out = send(
        &served,
        "/account/sign-out-everywhere",
        "",
        &format!("holdfast={next}"),
        "192.0.2.1",
    )
    .await;
    assert!(out.header(SET_COOKIE).contains("Max-Age=0"));
    for stolen in [&first, &next] {
        assert!(!sees(&served, stolen).await);
    }
    let once = session(&sign_in("").await);
    send(
        &served,
        "/sign-out",
        "",
        &format!("holdfast={once}"),
        "192.0.2.1",
    )
    .await;
    assert!(!sees(&served, &once).await);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn signing_in_leads_nowhere_else_and_tells_nothing(pool: PgPool) {
    let (served, _) = with_bob(pool).await;
    for (next, to) in [
        (
            "/w/acme/retention?grain=month&active=a%20b",
            "/w/acme/retention?grain=month&active=a%20b",
        ),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ] {
        let form = form("bob@example.com", PASSWORD, next);
        let peer = format!("192.0.2.{}", next.len());
        assert_eq!(
            send(&served, "/sign-in", &form, "", &peer).await.location(),
            to,
            "{next}"
        );
    }
    // The same answer for a wrong password and for nobody.
    let refused = async |email: &str| {
        let answer = send(
            &served,
            "/sign-in",
            &form(email, "wrong", "/"),
            "",
            "198.51.100.1",
        )
        .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.header(SET_COOKIE), "");
        told(&answer).replace(email, "…")
    };
    assert_eq!(
        refused("bob@example.com").await,
        refused("nobody@example.com").await
    );
    let script = refused("<script>alert(1)</script>").await;
    assert!(!script.contains("<script>alert"), "{script}");

    let wanted = ask(
        &served,
        "GET",
        "/w/acme/retention?grain=month",
        "",
        &json!({}),
    )
    .await;
    assert_eq!(
        wanted.header(LOCATION),
        "/sign-in?next=%2Fw%2Facme%2Fretention%3Fgrain%3Dmonth"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn tries_are_counted_by_account_and_by_address(pool: PgPool) {
    let (served, bob) = with_bob(pool).await;
    let tried = async |email: &str, peer: &str| {
        let answer = send(&served, "/sign-in", &form(email, "wrong", "/"), "", peer).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            let wait: u64 = answer.header(RETRY_AFTER).parse().unwrap();
            assert!((1..=31).contains(&wait), "{wait}");
        }
        answer.status.as_u16()
    };
    // From everywhere, at one account; known or not makes no difference.
    for email in ["bob@example.com", "nobody@example.com"] {
        let mut before = 0;
        while tried(email, &format!("192.0.2.{before}")).await == 422 {
            before += 1;
            assert!(before < 20, "{email}");
        }
        // On a slow machine one or two more have become free meanwhile.
        assert!(before >= 10, "{email}: {before}");
    }
    // Whoever is signed in is not kept from changing his password by that.
    let cookie = format!("holdfast={bob}");
    let mut change = String::new();
    let fields = vec![
        ("old", PASSWORD.to_owned()),
        ("new", "salt wind over stones".to_owned()),
    ];
    analysis::query::append_params(&mut change, fields);
    let changed = send(
        &served,
        "/account/password",
        &change[1..],
        &cookie,
        "203.0.113.5",
    )
    .await;
    assert_eq!(changed.location(), "/account?done=password");
    assert!(!sees(&served, &bob).await, "the old session ends");
    assert!(sees(&served, &session(&changed)).await);

    // From one address, at all accounts and links.
    let mut before = 0;
    loop {
        let path = format!("/welcome/made-up-{before}");
        match send(&served, &path, "", "", "198.51.100.7")
            .await
            .status
            .as_u16()
        {
            404 => before += 1,
            status => {
                assert_eq!(status, 429);
                break;
            }
        }
        assert!(before < 60);
    }
    assert!(before >= 30, "{before}");
    assert_eq!(tried("cy@example.com", "198.51.100.7").await, 429);
    assert_eq!(tried("cy@example.com", "198.51.100.8").await, 422);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_link_is_used_by_whoever_opens_it_and_not_by_programs_that_look(pool: PgPool) {
    let served = Served::over(pool);
    served.workspace("acme").await;
    let (path, _) = first_link(&served).await;
    let look = async |method: &str, host: &str, more: &[(&'static str, &'static str)]| {
        let mut request = Request::builder()
            .method(method)
            .uri(&path)
            .header(HOST, host);
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        served
            .ask_as_it_is(request.body(Body::empty()).unwrap())
            .await
    };
    for answer in [
        look("HEAD", "localhost", &[]).await,
        look("GET", "localhost", &[("sec-purpose", "prefetch")]).await,
        look("GET", "localhost", &[("purpose", "prefetch")]).await,
    ] {
        assert_eq!(
            (answer.status, answer.header(SET_COOKIE)),
            (StatusCode::OK, "")
        );
    }
    let opened = look("GET", "localhost", &[]).await;
    assert_eq!(opened.location(), "/");
    assert!(sees(&served, &session(&opened)).await);
    let again = look("GET", "localhost", &[]).await;
    let made_up = ask(&served, "GET", "/welcome/made-up", "", &json!({})).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert_eq!(told(&again), told(&made_up), "used and unknown look alike");

    // An invitation waits for a button, also on this machine.
    let cookie = format!("holdfast={}", session(&opened));
    let made = send(
        &served,
        "/w/acme/people/invite",
        "email=bob@example.com&role=editor",
        &cookie,
        "192.0.2.1",
    )
    .await;
    assert_eq!(made.status, StatusCode::OK);
    let (_, rest) = made.text.split_once("/welcome/").unwrap();
    let invitation = format!("/welcome/{}", rest.split('"').next().unwrap());
    for _ in 0..2 {
        let page = ask(&served, "GET", &invitation, "", &json!({})).await;
        assert_eq!((page.status, page.header(SET_COOKIE)), (StatusCode::OK, ""));
        assert!(page.text.contains("bob@example.com"));
    }
    let weak = send(
        &served,
        &invitation,
        "name=Bob&password=password1234",
        "",
        "192.0.2.1",
    )
    .await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    let joined = send(
        &served,
        &invitation,
        "name=Bob&password=kelp+tide+rope+anchor",
        "",
        "192.0.2.1",
    )
    .await;
    assert_eq!(joined.location(), "/w/acme/retention");
    assert!(sees(&served, &session(&joined)).await);

    // One for somebody who has a password needs it.
    served.workspace("other").await;
    let admin = send(
        &served,
        "/w/other/people/invite",
        "email=bob@example.com&role=viewer",
        &cookie,
        "192.0.2.1",
    )
    .await;
    // This workspace is newer than the administrator, who owns it all the same.
    let (_, rest) = admin.text.split_once("/welcome/").unwrap();
    let invitation = format!("/welcome/{}", rest.split('"').next().unwrap());
    let nobody = send(
        &served,
        &invitation,
        "password=another+long+password",
        "",
        "192.0.2.1",
    )
    .await;
    assert_eq!(
        nobody.location(),
        format!("/sign-in?next={}", invitation.replace('/', "%2F"))
    );
    let his = format!("holdfast={}", session(&joined));
    let in_both = send(&served, &invitation, "", &his, "192.0.2.1").await;
    assert_eq!(in_both.location(), "/w/other/retention");
}

/// What was logged.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Keeps all that this thread logs, for as long as the guard lives.
    pub fn listen(&self) -> DefaultGuard {
        // While there is one listener alone, what a thread without one says first counts as of no interest to anybody,
        // on all threads. So there is another one.
        static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Log::default().listener());
        LazyLock::force(&ANOTHER);
        tracing::dispatcher::set_default(&self.listener())
    }

    fn listener(&self) -> Dispatch {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("sqlx=warn,trace"))
            .with_writer(move || writer.clone());
        Dispatch::new(subscriber.finish())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn no_secret_is_logged(pool: PgPool) {
    let log = Log::default();
    let _listening = log.listen();
    let mut post = PostOffice::open().await;
    let (served, bob) = with_bob_and_mail(pool, post.mailer()).await;
    let forgot = "email=bob%40example.com";
    send(&served, "/sign-in/forgotten", forgot, "", "192.0.2.1").await;
    let mailed = post.letter().await.path().replace("/welcome/", "");
    // A server that repeats the address in its refusal.
    post.refuse(Some("550 no such mailbox"));
    let owner = format!("holdfast={}", served.owner().await);
    let invite = "email=eve%40example.com&role=viewer";
    send(
        &served,
        "/w/acme/people/invite",
        invite,
        &owner,
        "192.0.2.1",
    )
    .await;
    for password in [PASSWORD, "not-the-password"] {
        let form = form(
            "bob@example.com",
            password,
            "/w/acme/retention?where=plan:is:secret-plan",
        );
        send(
            &served,
            "/sign-in",
            &form,
            &format!("holdfast={bob}"),
            "192.0.2.1",
        )
        .await;
    }
    ask(&served, "GET", "/welcome/secret-token", "", &json!({})).await;
    ask(
        &served,
        "GET",
        "/w/acme/retention?where=plan:is:secret-plan",
        &bob,
        &json!({}),
    )
    .await;
    let key = Request::get("/api/v1/workspaces/acme/segments")
        .header(HOST, "localhost")
        .header("authorization", "Bearer rk_1_secret-key");
    served.ask_as_it_is(key.body(Body::empty()).unwrap()).await;
    let text = log.text();
    for told in ["a sign-in was refused", "an invitation could not be sent"] {
        assert!(text.contains(told), "{text}");
    }
    for secret in [
        PASSWORD,
        "kelp+tide",
        "not-the-password",
        "secret-token",
        "secret-key",
        "secret-plan",
        &bob,
        &mailed,
        "bob@example.com",
        "bob%40example.com",
        "eve@example.com",
    ] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
