//! What is not sent, and what is sent once all the same.

use super::{MONDAY, QUESTION, at, json, minutes, world};
use crate::access::{admin, join};
use crate::webhook::Answer;
use analysis::saved::ReportKind;
use jiff::SignedDuration;
use server::notices::Courier;
use sqlx::PgPool;
use store::{Closing, NewNotice, NewReceiver, Role, Sharing, Tried};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_fails_is_tried_again_and_then_given_up(pool: PgPool) {
    let mut world = world(pool).await;
    let mut now = at("2024-01-22T08:00:00Z");
    let id = world.make(MONDAY, false, "2024-01-22T08:00:00Z").await;
    world.program.answer(Answer::Status(500));
    let mut ids = Vec::new();
    for (place, pause) in [1, 5, 30, 120].into_iter().enumerate() {
        world.deliver(now).await;
        let message = world.program.message();
        ids.push(message.header("webhook-id").to_owned());
        assert_eq!(
            message.header("webhook-timestamp"),
            now.as_second().to_string()
        );
        let notice = world.notice(id).await;
        assert_eq!(usize::from(notice.attempts), place + 1);
        let outcome = notice.outcome.unwrap();
        assert!(
            outcome.starts_with(
                "Not sent: the receiver answered 500. It is tried again on 22 Jan 2024"
            ),
            "{outcome}"
        );
        world
            .deliver(now + minutes(pause) - SignedDuration::from_secs(1))
            .await;
        assert!(world.program.is_empty(), "too early");
        now += minutes(pause);
    }
    world.deliver(now).await;
    ids.push(world.program.message().header("webhook-id").to_owned());
    ids.dedup();
    assert_eq!(ids.len(), 1, "it is the same message");
    let notice = world.notice(id).await;
    assert_eq!(
        (notice.attempts, notice.due_at),
        (0, at("2024-01-29T08:00:00Z"))
    );
    let outcome = notice.outcome.unwrap();
    assert!(
        outcome.contains("tried 5 times and given up until 29 Jan 2024 08:00"),
        "{outcome}"
    );

    world.program.answer(Answer::Status(404));
    world.deliver(at("2024-01-29T08:00:00Z")).await;
    let message = world.program.message();
    assert_ne!(message.header("webhook-id"), ids[0], "another occasion");
    world.deliver(at("2024-01-29T12:00:00Z")).await;
    assert!(
        world.program.is_empty(),
        "asking again would change nothing"
    );
    assert_eq!(
        world.outcome(id).await,
        "Not sent: the receiver answered 404."
    );

    // Mail as well; who has it already gets it no second time.
    let mail = world.make(MONDAY, true, "2024-02-05T08:00:00Z").await;
    world.post.refuse(Some("450 try later"));
    world.deliver(at("2024-02-05T08:00:00Z")).await;
    let outcome = world.outcome(mail).await;
    assert!(
        outcome.starts_with("Not sent; ada@example.com: the mail server can’t take it now (450)."),
        "{outcome}"
    );
    world.post.refuse(None);
    world.deliver(at("2024-02-05T08:01:00Z")).await;
    let letter = world.post.letter().await;
    assert!(
        letter.head().contains("Message-ID: <msg_"),
        "{}",
        letter.head()
    );
    world.post.refuse(Some("550 no such mailbox"));
    world.deliver(at("2024-02-12T08:00:00Z")).await;
    assert_eq!(
        world.outcome(mail).await,
        "Not sent; ada@example.com: the mail server refused it (550)."
    );
    assert_eq!(world.notice(mail).await.due_at, at("2024-02-19T08:00:00Z"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_has_it_gets_it_no_second_time(pool: PgPool) {
    let mut world = world(pool).await;
    let owner = admin(&world.served).await;
    let store = &world.served.store;
    join(store, world.here, "bob@example.com", Role::Viewer, owner).await;
    let people = store.people_of(world.here).await.unwrap();
    let all = people.iter().map(|one| one.person.id).collect();
    let new = NewNotice {
        report: world.report,
        occasion: MONDAY,
        to: NewReceiver::Members(all),
        due_at: at("2024-01-22T08:00:00Z"),
        person: None,
    };
    let id = store.make_notice(world.here, &new).await.unwrap();
    let due = at("2024-01-22T08:00:00Z");
    world.deliver(due).await;
    let mut to = vec![world.post.letter().await.to, world.post.letter().await.to];
    to.sort();
    assert_eq!(to, ["ada@example.com", "bob@example.com"]);
    let outcome = world.outcome(id).await;
    let said = "Sent to 2 members; the first owner has given no address.";
    assert!(outcome.starts_with(said), "{outcome}");
    // As if the server had gone away before it could keep that all went well.
    let tried = Tried {
        at: due,
        outcome: "?".to_owned(),
        told: None,
    };
    let again = Closing {
        due_at: due,
        try_at: due + minutes(10),
        attempts: 0,
    };
    let back = store.close_notice(world.here, id, (&tried, Some(again)));
    back.await.unwrap();
    world.deliver(due + minutes(10)).await;
    assert!(world.post.is_empty(), "both have it");
    assert!(world.outcome(id).await.starts_with(said));

    // Whoever is no member any more gets nothing.
    store
        .remove_person(world.here, world.ada, owner)
        .await
        .unwrap();
    world.deliver(at("2024-01-29T08:00:00Z")).await;
    assert_eq!(world.post.letter().await.to, "bob@example.com");
    assert!(world.post.is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_may_not_be_sent_is_not(pool: PgPool) {
    let mut world = world(pool).await;
    let owner = admin(&world.served).await;
    let hook = world.make(MONDAY, false, "2024-01-22T08:00:00Z").await;
    let mail = world.make(MONDAY, true, "2024-01-22T08:00:00Z").await;
    let store = world.served.store.clone();
    let forbidden = Sharing {
        allowed: false,
        origins: Vec::new(),
    };
    store.set_sharing(world.here, &forbidden).await.unwrap();
    world.deliver(at("2024-01-22T08:00:00Z")).await;
    assert!(world.program.is_empty());
    assert_eq!(
        world.outcome(hook).await,
        "Not sent: sharing is forbidden in this workspace."
    );
    world.post.letter().await;
    // The member left; nobody else is there.
    store
        .remove_person(world.here, world.ada, owner)
        .await
        .unwrap();
    world.deliver(at("2024-01-29T08:00:00Z")).await;
    assert!(world.post.is_empty());
    assert_eq!(
        world.outcome(mail).await,
        "Not sent: nobody who got it is in this workspace any more."
    );
    // A question that has lost its sense.
    let allowed = Sharing {
        allowed: true,
        ..forbidden
    };
    store.set_sharing(world.here, &allowed).await.unwrap();
    let gone = (ReportKind::Retention, "?active=worked&segment=gone");
    store
        .change_report(world.here, world.report, gone)
        .await
        .unwrap();
    world.deliver(at("2024-02-05T08:00:00Z")).await;
    assert!(world.program.is_empty());
    let outcome = world.outcome(hook).await;
    assert!(outcome.contains("gone"), "{outcome}");
    assert_eq!(
        world.notice(hook).await.attempts,
        0,
        "asking again would change nothing"
    );
    let odd = (ReportKind::Retention, "?active=worked&min=many");
    store
        .change_report(world.here, world.report, odd)
        .await
        .unwrap();
    world.deliver(at("2024-02-12T08:00:00Z")).await;
    assert!(world.program.is_empty());
    let outcome = world.outcome(hook).await;
    assert!(outcome.contains("means nothing any more"), "{outcome}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_mail_the_outcome_says_what_is_missing(pool: PgPool) {
    let world = world(pool).await;
    let id = world.make(MONDAY, true, "2024-01-22T08:00:00Z").await;
    let mut site = world.served.site.clone();
    site.mailer = None;
    let courier = Courier::new(world.served.store.clone(), &site);
    courier.deliver_due(at("2024-01-22T08:00:00Z")).await;
    assert!(world.post.is_empty());
    assert_eq!(
        world.outcome(id).await,
        "Not sent: an operator has to set HOLDFAST_SMTP_URL before mail can be sent."
    );
}

/// Names are whatever somebody typed.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn names_do_no_harm_in_messages(pool: PgPool) {
    let mut world = world(pool).await;
    let name = "<!channel> <script>alert(1)</script>\r\nBcc: eve@example.com\n\n\"x\" & y";
    world.report = world.save(name, ReportKind::Retention, QUESTION).await;
    world.make(MONDAY, true, "2024-01-22T08:00:00Z").await;
    world.make(MONDAY, false, "2024-01-22T08:00:00Z").await;
    world.deliver(at("2024-01-22T08:00:00Z")).await;
    let letter = world.post.letter().await;
    assert!(world.post.is_empty(), "nobody else got it");
    let line = "<!channel> <script>alert(1)</script> Bcc: eve@example.com \"x\" & y";
    assert!(letter.subject.starts_with(line), "{}", letter.subject);
    let headers = letter.head().lines();
    assert!(
        !headers.into_iter().any(|line| line.starts_with("Bcc")),
        "{}",
        letter.head()
    );
    assert!(letter.text.contains(line), "in one line: {}", letter.text);
    assert!(
        !letter.html.contains("<script") && !letter.html.contains("<!channel"),
        "{}",
        letter.html
    );
    assert!(
        letter
            .html
            .contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{}",
        letter.html
    );
    let message = world.program.message();
    assert!(message.is_signed(&world.secret.text()));
    let body = json(&message);
    assert_eq!(body["report"]["name"], name, "data are what they are");
    let text = body["text"].as_str().unwrap();
    assert!(!text.contains(['<', '>', '\n', '\r']), "{text}");
}
