//! Mail about accounts: who gets which letter, what leads in, and what nobody learns from it.

use super::entrance::{send, session, with_bob_and_mail};
use super::{PASSWORD, told};
use crate::post::PostOffice;
use crate::served::{Answer, Served};
use analysis::query::append_params;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use sqlx::PgPool;

/// A form's body.
fn form(fields: &[(&'static str, &str)]) -> String {
    let mut form = String::new();
    let fields = fields
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    append_params(&mut form, fields.collect());
    form.trim_start_matches('?').to_owned()
}

async fn forgot(served: &Served, email: &str, peer: &str) -> Answer {
    let asked = form(&[("email", email)]);
    send(served, "/sign-in/forgotten", &asked, "", peer).await
}

const NEW: &str = "salt wind over stones";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_forgotten_password_is_set_anew_by_mail(pool: PgPool) {
    let mut post = PostOffice::open().await;
    let (served, bob) = with_bob_and_mail(pool.clone(), post.mailer()).await;
    let page = served.read("/sign-in").await;
    assert!(page.text.contains("href=\"/sign-in/forgotten\""));
    assert_eq!(
        served.read("/sign-in/forgotten").await.status,
        StatusCode::OK
    );

    // One answer, whoever it is.
    let nobody = forgot(&served, "nobody@example.com", "192.0.2.1").await;
    let first = forgot(&served, " Bob@Example.com ", "192.0.2.1").await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(told(&first), told(&nobody));
    assert!(
        first
            .text
            .contains("If somebody with this address can sign in here")
    );
    let old = post.letter().await;
    assert_eq!(old.to, "bob@example.com");

    // Only the newest link leads in, for an hour.
    forgot(&served, "bob@example.com", "192.0.2.1").await;
    let letter = post.letter().await;
    let path = letter.path();
    assert!(
        letter
            .html
            .contains(&format!("href=\"https://holdfast.example{path}\""))
    );
    assert!(!letter.raw.contains("192.0.2.1"));
    assert_eq!(served.read(&old.path()).await.status, StatusCode::NOT_FOUND);
    let lives: bool = sqlx::query_scalar(
        "select bool_and(expires_at between now() + interval '59 minutes' and now() + interval '1 hour')
         from one_time_link where purpose = 'reset'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(lives);
    let set = form(&[("password", NEW)]);
    let entered = send(&served, &path, &set, "", "192.0.2.1").await;
    assert_eq!(entered.location(), "/");
    assert!(super::entrance::sees(&served, &session(&entered)).await);
    assert!(
        !super::entrance::sees(&served, &bob).await,
        "the old session ends"
    );
    assert_eq!(served.read(&path).await.status, StatusCode::NOT_FOUND);

    // He is told that it was done, and that is all that was sent.
    let news = post.letter().await;
    assert_eq!(news.to, "bob@example.com");
    assert!(news.subject.contains("password") && !news.text.contains("/welcome/"));
    assert!(post.is_empty(), "nobody got a letter");
    let noted: Vec<String> = sqlx::query_scalar(
        "select action from audit where action in ('made_link', 'changed_password') order by audit_id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(noted, ["made_link", "made_link", "changed_password"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn letters_that_anybody_can_ask_for_are_few(pool: PgPool) {
    let mut post = PostOffice::open().await;
    let (served, _) = with_bob_and_mail(pool, post.mailer()).await;
    for email in ["nobody@example.com", "bob@example.com"] {
        for place in 0..3 {
            let answer = forgot(&served, email, &format!("192.0.2.{place}")).await;
            assert_eq!(answer.status, StatusCode::OK);
        }
        let answer = forgot(&served, email, "192.0.2.99").await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        let wait: u64 = answer.header(RETRY_AFTER).parse().unwrap();
        assert!(wait > 60, "{wait}");
    }
    // That keeps nobody from signing in.
    let sign_in = form(&[("email", "bob@example.com"), ("password", PASSWORD)]);
    let entered = send(&served, "/sign-in", &sign_in, "", "198.51.100.1").await;
    assert_eq!(entered.location(), "/");
    for _ in 0..3 {
        assert_eq!(post.letter().await.to, "bob@example.com");
    }
    let no_address = forgot(&served, "bob\r\nBcc: eve@example.com", "198.51.100.1").await;
    assert_eq!(no_address.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(post.is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_mail_the_pages_say_who_makes_a_link(pool: PgPool) {
    let served = Served::over(pool);
    for page in ["/sign-in", "/sign-in/forgotten"] {
        let answer = served.read(page).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.text.contains("holdfast user link"));
        assert!(!answer.text.contains("action=\"/sign-in/forgotten\""));
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_invitation_is_mailed_and_the_page_says_whether_it_went(pool: PgPool) {
    let mut post = PostOffice::open().await;
    let (served, _) = with_bob_and_mail(pool, post.mailer()).await;
    let cookie = format!("holdfast={}", served.owner().await);
    let invite = async |email: &str| {
        let invited = form(&[("email", email), ("role", "editor")]);
        send(
            &served,
            "/w/acme/people/invite",
            &invited,
            &cookie,
            "192.0.2.1",
        )
        .await
    };
    let page = invite("cy@example.com").await;
    assert!(page.text.contains("It was sent to cy@example.com."));
    let letter = post.letter().await;
    assert_eq!(letter.to, "cy@example.com");
    assert!(letter.text.contains("“acme”") && letter.text.contains("editor"));
    // The page shows the same way in, as it always did.
    let path = letter.path();
    assert!(page.text.contains(&format!("http://localhost{path}\"")));
    let join = form(&[("name", "Cy"), ("password", NEW)]);
    let joined = send(&served, &path, &join, "", "192.0.2.1").await;
    assert_eq!(joined.location(), "/w/acme/retention");

    post.refuse(Some("550 no such mailbox"));
    let page = invite("dee@example.com").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text
            .contains("The mail could not be sent: the mail server refused it (550).")
    );
    assert!(
        page.text.contains("http://localhost/welcome/"),
        "the link is there"
    );
    assert!(post.is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_loses_a_password_or_an_address_is_told(pool: PgPool) {
    let mut post = PostOffice::open().await;
    let (served, bob) = with_bob_and_mail(pool, post.mailer()).await;
    let cookie = format!("holdfast={bob}");
    let other = form(&[("old", PASSWORD), ("new", NEW)]);
    let changed = send(&served, "/account/password", &other, &cookie, "192.0.2.1").await;
    let cookie = format!("holdfast={}", session(&changed));
    let news = post.letter().await;
    assert_eq!(news.to, "bob@example.com");
    assert!(
        news.text
            .contains("https://holdfast.example/sign-in/forgotten")
    );

    let profile = async |name: &str, email: &str| {
        let kept = form(&[("name", name), ("email", email), ("password", NEW)]);
        let kept = send(&served, "/account/profile", &kept, &cookie, "192.0.2.1").await;
        assert_eq!(kept.location(), "/account?done=profile");
    };
    profile("Robert", "bob@example.com").await;
    profile("Robert", "robert@example.com").await;
    let news = post.letter().await;
    assert_eq!(news.to, "bob@example.com", "the address that he had");
    assert!(news.subject.contains("address") && !news.text.contains("robert@"));
    assert!(post.is_empty());
}
