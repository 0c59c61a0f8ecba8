//! Links that don't answer, or not to everybody.

use super::{QUESTION, address, told, world};
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use axum::http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_token_that_does_not_answer_is_answered_alike(pool: PgPool) {
    let world = world(&pool).await;
    let unknown = told(
        &world
            .read("/s/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
            .await,
    );
    assert_eq!(unknown.0, StatusCode::NOT_FOUND);
    let long = "x".repeat(5_000);
    for odd in [
        "/s/",
        "/s",
        "/s/%00",
        "/s/%ff",
        "/s/0",
        "/s/:token",
        "/s/null",
        &format!("/s/{long}"),
    ] {
        assert_eq!(told(&world.read(odd).await), unknown, "{odd}");
    }
    let revoked = world.link("state=pinned").await;
    assert_eq!(world.read(&revoked).await.status, StatusCode::OK);
    assert_eq!(world.turn("revoke", "").await.location(), "/w/here/links");
    assert_eq!(told(&world.read(&revoked).await), unknown);
    assert_eq!(world.turn("revoke", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        world.turn("rotate", "days=7").await.status,
        StatusCode::NOT_FOUND
    );

    let expired = world.link("state=live").await;
    assert_eq!(world.read(&expired).await.status, StatusCode::OK);
    sqlx::query("update link set expires_at = now() - interval '1 second' where link_id = $1")
        .bind(world.number().await)
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(told(&world.read(&expired).await), unknown);

    let locked = world.link("state=live&password=correct+horse").await;
    let open = world.link("state=live").await;
    let forbid = async |allow| {
        let form = format!("allow={allow}");
        let turned = world.served.post("/w/here/sharing/allow", &form).await;
        assert_eq!(turned.location(), "/w/here/links");
    };
    forbid(0).await;
    for path in [&open, &locked] {
        assert_eq!(told(&world.read(path).await), unknown);
        assert_eq!(
            told(&world.served.post(path, "password=correct+horse").await),
            unknown
        );
    }
    let page = world.served.get("/w/here/links").await.text;
    assert!(
        page.contains("Sharing is forbidden: no link answers."),
        "{page}"
    );
    let refused = format!("kind=retention&question={QUESTION}&name=x&days=1&state=live");
    let refused = world.served.post("/w/here/links/make", &refused).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    forbid(1).await;
    assert_eq!(world.read(&open).await.status, StatusCode::OK);
    // asked of another workspace, a link is not there
    world.served.workspace("other").await;
    let number = world.number().await;
    for what in ["revoke", "rotate", "password"] {
        let foreign = format!("/w/other/links/{number}/{what}");
        assert_eq!(
            world.served.post(&foreign, "").await.status,
            StatusCode::NOT_FOUND,
            "{what}"
        );
    }
    let foreign = world
        .served
        .post(&format!("/w/other/links/{number}/end-old"), "")
        .await;
    assert_eq!(foreign.status, StatusCode::SEE_OTHER);
    assert_eq!(world.read(&open).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_replaced_address_works_on_for_its_grace(pool: PgPool) {
    let world = world(&pool).await;
    let first = world.link("state=pinned").await;
    let second = address(&world.turn("rotate", "days=7").await);
    assert_ne!(first, second);
    for path in [&first, &second] {
        assert_eq!(world.read(path).await.status, StatusCode::OK);
    }
    let links = world.served.get("/w/here/links").await.text;
    assert!(links.contains("the address before works until"), "{links}");
    world.turn("end-old", "").await.location();
    assert_eq!(world.read(&first).await.status, StatusCode::NOT_FOUND);
    let third = address(&world.turn("rotate", "days=0").await);
    assert_eq!(world.read(&second).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.read(&third).await.status, StatusCode::OK);
    let fourth = address(&world.turn("rotate", "days=7").await);
    let later = Timestamp::now() + SignedDuration::from_hours(24 * 7 + 1);
    let open = async |path: &str| {
        let token = path.trim_start_matches("/s/");
        world
            .served
            .store
            .open_link(token, later)
            .await
            .unwrap()
            .is_some()
    };
    assert!(!open(&third).await && open(&fourth).await, "a week later");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_password_opens_one_link(pool: PgPool) {
    let world = world(&pool).await;
    let short =
        format!("kind=retention&question={QUESTION}&name=x&days=1&state=live&password=short");
    let short = world.served.post("/w/here/links/make", &short).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let other = world.link("state=live&password=correct+horse").await;
    let path = world.link("state=pinned&password=correct+horse").await;
    let asks = world.read(&path).await;
    assert_eq!(asks.status, StatusCode::OK);
    assert!(asks.text.contains("asks for a password"));
    for part in ["For the board", "og:", "%", "<table", "secret-"] {
        assert!(!asks.text.contains(part), "{part}");
    }
    assert_eq!(asks.header("cache-control"), "no-store");

    assert_eq!(
        world.read(&format!("{path}/preview.png")).await.status,
        StatusCode::NOT_FOUND,
        "chat tools are told nothing"
    );
    let wrong = world.served.post(&path, "password=wrong").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(wrong.headers.get("set-cookie").is_none());
    let right = world.served.post(&path, "password=correct+horse").await;
    assert_eq!(right.location(), path);
    let cookie = right.header("set-cookie").to_owned();
    for part in [&format!("; Path={path};"), "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(
        !cookie.contains("Secure"),
        "over plain http it would be lost"
    );
    let with = async |path: &str, cookie: &str| {
        let request = Request::get(path)
            .header(HOST, "localhost")
            .header(COOKIE, format!("other=1; {cookie}"));
        world.served.ask(request.body(Body::empty()).unwrap()).await
    };
    let pair = cookie.split(';').next().unwrap();
    let shown = with(&path, pair).await;
    assert!(shown.text.contains("For the board") && shown.text.contains("<table"));
    assert!(!shown.text.contains("og:"));
    assert_eq!(shown.header("cache-control"), "no-store");
    assert!(
        with(&other, pair)
            .await
            .text
            .contains("asks for a password"),
        "another link"
    );
    let bent = format!("{}0", &pair[..pair.len() - 1]);
    if bent != pair {
        assert!(
            with(&path, &bent)
                .await
                .text
                .contains("asks for a password")
        );
    }
    world
        .turn("password", "password=another+horse")
        .await
        .location();
    assert!(
        with(&path, pair).await.text.contains("asks for a password"),
        "the password was changed"
    );
    world.turn("password", "password=").await.location();
    assert!(world.read(&path).await.text.contains("<table"));

    // https: the cookie stays there
    let request = Request::post(&other)
        .header(HOST, "localhost")
        .header(ORIGIN, "https://localhost")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("password=correct+horse"))
        .unwrap();
    assert!(
        world
            .served
            .ask(request)
            .await
            .header("set-cookie")
            .ends_with("; Secure")
    );
    // too many attempts: the right password is not even looked at
    let mut last = StatusCode::OK;
    for _ in 0..12 {
        last = world
            .served
            .post(&other, "password=wrong+horse")
            .await
            .status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let right = world.served.post(&other, "password=correct+horse").await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!right.header("retry-after").is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_listed_sites_may_frame_a_link(pool: PgPool) {
    let world = world(&pool).await;
    let open = world.link("state=pinned").await;
    let sites = async |text: &str| {
        let form = format!("origins={text}");
        world.served.post("/w/here/sharing/origins", &form).await
    };
    for wrong in [
        "*",
        "https%3A%2F%2Fa.example%2Fpage",
        "https%3A%2F%2Fa.example%3B+script-src+*",
        "x",
    ] {
        assert_eq!(
            sites(wrong).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{wrong}"
        );
    }
    sites("https%3A%2F%2Fwiki.example%0D%0Ahttps%3A%2F%2Fother.example%2F")
        .await
        .location();
    let policy = world
        .read(&open)
        .await
        .header("content-security-policy")
        .to_owned();
    assert!(
        policy.ends_with("frame-ancestors https://wiki.example https://other.example"),
        "{policy}"
    );
    let locked = world.link("state=pinned&password=correct+horse").await;
    assert!(
        world
            .read(&locked)
            .await
            .header("content-security-policy")
            .ends_with("frame-ancestors 'none'")
    );
}
