//! The forms and pages of what is sent by itself.

use super::{World, at, world};
use crate::access::{admin, ask, join};
use crate::served::Served;
use crate::webhook::Answer;
use analysis::saved::ReportKind;
use axum::http::StatusCode;
use serde_json::Value;
use sqlx::PgPool;
use store::{Receiver, Role, Sharing};

impl World {
    fn page(&self) -> String {
        format!("/w/here/reports/{}/notices", self.report)
    }

    async fn only(&self) -> i32 {
        let all = self.served.store.notices(self.here, None).await.unwrap();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].id
    }

    async fn refused(&self, form: &str, fields: &str, expected: &str) {
        let page = self
            .served
            .post(&format!("{}/{form}", self.page()), fields)
            .await;
        assert_eq!(
            page.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{fields}: {}",
            page.text
        );
        assert!(page.text.contains(expected), "{fields}: {}", page.text);
        let all = self.served.store.notices(self.here, None).await.unwrap();
        assert_eq!(all, [], "{fields}");
    }
}

fn encoded(address: &str) -> String {
    address.replace(':', "%3A").replace('/', "%2F")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_schedule_is_made_paused_woken_and_deleted(pool: PgPool) {
    let mut world = world(pool).await;
    let served = &world.served;
    let report = served
        .get(&format!("/w/here/reports/{}", world.report))
        .await
        .text;
    assert!(
        report.contains(&format!("href=\"{}\"", world.page())),
        "{report}"
    );
    let empty = served.get(&world.page()).await.text;
    assert!(
        empty.contains("Nothing of it is sent by itself."),
        "{empty}"
    );
    assert!(empty.contains("ada@example.com"), "{empty}");
    assert!(!empty.contains("HOLDFAST_SMTP_URL"), "{empty}");

    let form = format!(
        "every=week&weekday=1&day=1&hour=8&to=mail&person={}",
        world.ada.0
    );
    let made = served
        .post(&format!("{}/schedule", world.page()), &form)
        .await;
    assert_eq!(made.location(), world.page());
    let page = served.get(&world.page()).await.text;
    for part in [
        "It is sent by itself.",
        "Every Monday at 08:00",
        "ada@example.com by mail",
        "not yet",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let id = world.only().await;
    let due = world.notice(id).await.due_at;
    world.deliver(due).await;
    let letter = world.post.letter().await;
    assert!(letter.subject.starts_with("Weekly: "), "{}", letter.subject);
    let all = world.served.get("/w/here/notices").await.text;
    for part in [
        "1 report or alert is sent by itself.",
        "Weekly",
        "Sent to 1 member.",
        "Pause",
        "Send it now",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let reports = world.served.get("/w/here/reports").await.text;
    assert!(reports.contains("href=\"/w/here/notices\""), "{reports}");

    let turn = async |what: &str, back: &str| {
        let path = format!("/w/here/notices/{id}/{what}");
        let form = format!("back={}", encoded(back));
        world.served.post(&path, &form).await.location().to_owned()
    };
    assert_eq!(turn("pause", &world.page()).await, world.page());
    assert!(world.notice(id).await.paused);
    let page = world.served.get(&world.page()).await.text;
    assert!(page.contains("Resume") && page.contains("paused"), "{page}");
    assert_eq!(turn("resume", "//evil.example").await, "/", "nowhere else");
    assert!(!world.notice(id).await.paused);
    assert_eq!(turn("delete", "").await, "/w/here/notices");
    let all = world.served.get("/w/here/notices").await.text;
    assert!(all.contains("Nothing is sent yet."), "{all}");
    let audit = world.served.get("/w/here/audit").await.text;
    for part in [
        "notices/schedule",
        &format!("notices/{id}/pause"),
        &format!("notices/{id}/delete"),
    ] {
        assert!(audit.contains(part), "{part}: {audit}");
    }
    let gone = world
        .served
        .post(&format!("/w/here/notices/{id}/delete"), "")
        .await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_webhook_tells_its_secret_once_and_is_sent_by_hand(pool: PgPool) {
    let mut world = world(pool).await;
    world.later_data("22").await;
    let address = world.program.url();
    let fields = format!(
        "period=1&condition=above&threshold=12.5&to=webhook&address={}",
        encoded(&address)
    );
    let made = world
        .served
        .post(&format!("{}/alert", world.page()), &fields)
        .await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let (_, rest) = made.text.split_once("whsec_").unwrap();
    let secret = format!("whsec_{}", &rest[..44]);
    let id = world.only().await;
    let kept = world.notice(id).await;
    let Receiver::Webhook { secret: own, .. } = &kept.to else {
        panic!("{kept:?}");
    };
    assert_eq!(own.text(), secret);
    let page = world.served.get(&world.page()).await.text;
    assert!(!page.contains("whsec_"), "never again");
    assert!(
        page.contains("When retention in week 1 rises above 12.5\u{a0}%"),
        "{page}"
    );
    // What follows the name of an address is often as good as a password.
    assert!(
        page.contains(&format!("http://{}", world.program.address)),
        "{page}"
    );
    assert!(!page.contains(&world.program.url()), "{page}");

    let send = async |expected: StatusCode| {
        let sent = world
            .served
            .post(&format!("/w/here/notices/{id}/send"), "")
            .await;
        assert_eq!(sent.status, expected, "{}", sent.text);
        sent.text
    };
    send(StatusCode::SEE_OTHER).await;
    let again = send(StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(again.contains("less than a minute ago"), "{again}");
    let message = world.program.message();
    assert!(world.program.is_empty());
    assert!(message.is_signed(&secret));
    let body: Value = serde_json::from_str(&message.body).unwrap();
    assert_eq!(
        (&body["type"], &body["alert"]["met"]),
        (&"report.alert".into(), &true.into())
    );
    // It was told of now, so it is not when its time comes.
    world.deliver(at("2100-01-01T00:00:00Z")).await;
    assert!(world.program.is_empty(), "{}", world.outcome(id).await);
}

/// An alert that has nothing to say says so when it is sent by hand, and what the receiver answered is no text on a page.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn by_hand_an_alert_says_what_it_sees(pool: PgPool) {
    let mut world = world(pool).await;
    world.later_data("22").await;
    let fields = format!(
        "period=1&condition=below&threshold=1&to=webhook&address={}",
        encoded(&world.program.url())
    );
    let path = format!("{}/alert", world.page());
    assert_eq!(
        world.served.post(&path, &fields).await.status,
        StatusCode::OK
    );
    let id = world.only().await;
    world.program.answer(Answer::Status(418));
    let sent = world
        .served
        .post(&format!("/w/here/notices/{id}/send"), "")
        .await;
    assert_eq!(sent.location(), "/w/here/notices");
    let body: Value = serde_json::from_str(&world.program.message().body).unwrap();
    assert_eq!(body["alert"]["met"], false);
    assert!(
        body["finding"]
            .as_str()
            .unwrap()
            .contains("not clearly below 1"),
        "{body}"
    );
    assert_eq!(
        world.outcome(id).await,
        "Not sent: the receiver answered 418."
    );
    assert_eq!(world.notice(id).await.told, None);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_can_not_be_sent_is_refused_with_a_sentence(pool: PgPool) {
    let mut world = world(pool).await;
    let ada = world.ada.0;
    let day = "Choose a weekday or a day from 1 to 28, and an hour from 0 to 23.";
    for fields in [
        format!("every=week&weekday=8&hour=8&to=mail&person={ada}"),
        format!("every=week&weekday=0&hour=8&to=mail&person={ada}"),
        format!("every=month&day=29&hour=8&to=mail&person={ada}"),
        format!("every=month&day=0&hour=8&to=mail&person={ada}"),
        format!("every=month&day=1&hour=24&to=mail&person={ada}"),
        format!("every=week&weekday=1&hour=-1&to=mail&person={ada}"),
        String::new(),
    ] {
        world.refused("schedule", &fields, day).await;
    }
    let members = "Choose who gets it among those who are in this workspace.";
    for people in [
        "",
        "&person=99999",
        &format!("&person={ada}&person=99999"),
        "&person=x",
        "&person=eve@example.com",
    ] {
        let fields = format!("every=week&weekday=1&hour=8&to=mail{people}");
        world.refused("schedule", &fields, members).await;
    }
    for (fields, expected) in [
        (
            "period=1&condition=below&threshold=0",
            "A threshold lies between 0.1 and 99.9",
        ),
        (
            "period=1&condition=above&threshold=NaN",
            "A threshold lies between",
        ),
        (
            "period=0&condition=differs",
            "Choose the period to watch, from 1 to 1000.",
        ),
        ("period=4294967296&condition=differs", "Choose the period"),
        ("condition=differs", "Choose the period"),
    ] {
        let fields = format!("{fields}&to=mail&person={ada}");
        world.refused("alert", &fields, expected).await;
    }
    for (address, expected) in [
        (
            "",
            "Write the address as in https://hooks.example.com/holdfast",
        ),
        ("https://user:pass@example.com/", "Write the address as in"),
        (
            "https://169.254.169.254/latest",
            "Nothing is sent to this address",
        ),
        ("http://10.0.0.1/", "Nothing is sent to this address"),
        (
            "https://[::ffff:10.0.0.1]/",
            "Nothing is sent to this address",
        ),
    ] {
        let fields = format!(
            "every=week&weekday=1&hour=8&to=webhook&address={}",
            encoded(address)
        );
        world.refused("schedule", &fields, expected).await;
    }
    let nul = "every=week&weekday=1&hour=8&to=webhook&address=https%3A%2F%2Fa.example%2F%00";
    world
        .refused("schedule", nul, "Write the address as in")
        .await;
    let forbidden = Sharing {
        allowed: false,
        origins: Vec::new(),
    };
    let store = world.served.store.clone();
    store.set_sharing(world.here, &forbidden).await.unwrap();
    let fields = format!(
        "every=week&weekday=1&hour=8&to=webhook&address={}",
        encoded(&world.program.url())
    );
    world
        .refused(
            "schedule",
            &fields,
            "Sharing is forbidden in this workspace",
        )
        .await;

    let mail = format!("period=1&condition=differs&to=mail&person={ada}");
    world.report = world
        .save("Features", ReportKind::Features, "?feature=worked")
        .await;
    world
        .refused(
            "alert",
            &mail,
            "There are alerts on retention and churn only.",
        )
        .await;
    let for_ever = "?active=worked&kind=on_or_after";
    world.report = world
        .save("For ever", ReportKind::Retention, for_ever)
        .await;
    world
        .refused("alert", &mail, "Later returns can raise every number")
        .await;
    world.report = 99_999;
    let gone = world
        .served
        .post(&format!("{}/alert", world.page()), &mail)
        .await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let gone = world.served.get(&world.page()).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.text.contains("There is no report at this address."));
}

/// Without a mail server the choice is there and can't be taken, and the page says who can change that.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_mail_nothing_pretends(pool: PgPool) {
    let world = world(pool.clone()).await;
    let session = world.served.owner().await.to_owned();
    let folder = tempfile::tempdir().unwrap();
    let without = Served::in_folder(world.served.store.clone(), folder).with_owner(session);
    let page = without.get(&world.page()).await.text;
    assert!(
        page.contains("Mail is not sent here yet: an operator has to set HOLDFAST_SMTP_URL"),
        "{page}"
    );
    let fields = format!("every=week&weekday=1&hour=8&to=mail&person={}", world.ada.0);
    let refused = without
        .post(&format!("{}/schedule", world.page()), &fields)
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("has to set HOLDFAST_SMTP_URL"),
        "{}",
        refused.text
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn names_do_no_harm_on_pages_and_viewers_only_look(pool: PgPool) {
    let mut world = world(pool).await;
    let name = "<script>alert(1)</script>\n\"x\"";
    world.report = world.save(name, ReportKind::Churn, "").await;
    let fields = format!("condition=differs&to=mail&person={}", world.ada.0);
    let made = world
        .served
        .post(&format!("{}/alert", world.page()), &fields)
        .await;
    assert_eq!(made.location(), world.page());
    let id = world.only().await;
    let owner = admin(&world.served).await;
    let viewer = join(
        &world.served.store,
        world.here,
        "vi@example.com",
        Role::Viewer,
        owner,
    )
    .await;
    for path in [world.page(), "/w/here/notices".to_owned()] {
        let mine = world.served.get(&path).await.text;
        assert!(!mine.contains("<script>alert"), "{mine}");
        assert!(mine.contains("&lt;script&gt;alert(1)"), "{mine}");
        assert!(mine.contains("Send it now"), "{mine}");
        let theirs = ask(&world.served, "GET", &path, &viewer, &Value::Null).await;
        assert_eq!(theirs.status, StatusCode::OK);
        assert!(theirs.text.contains("When churn of a"), "{}", theirs.text);
        assert!(!theirs.text.contains("<form"), "{}", theirs.text);
    }
    for what in ["send", "pause", "resume", "delete"] {
        let path = format!("/w/here/notices/{id}/{what}");
        let answer = ask(&world.served, "POST", &path, &viewer, &Value::Null).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{what}");
    }
}
