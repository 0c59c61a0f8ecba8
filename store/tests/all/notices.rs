//! What is sent by itself, as it is kept and handed out.

use crate::role::limited;
use crate::writer::workspace;
use analysis::alert::{Alert, Condition, Threshold};
use analysis::saved::{Label, ReportKind};
use analysis::schedule::{Day, Occasion, Schedule};
use jiff::civil::{Weekday, date};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use store::{
    Closing, NewNotice, NewReceiver, Notice, PersonId, Receiver, Role, SigningSecret, Store,
    StoreError, Tried, WorkspaceId,
};

const MONDAY: Occasion = Occasion::Schedule(Schedule {
    day: Day::Week(Weekday::Monday),
    hour: 8,
});

async fn person(store: &Store, email: &str) -> PersonId {
    store.add_person(email, "", true).await.unwrap()
}

async fn report(store: &Store, workspace: WorkspaceId, name: &str) -> i32 {
    let label = Label {
        name: name.to_owned(),
        ..Label::default()
    };
    let question = (ReportKind::Retention, "?grain=month");
    let saved = store.save_report(workspace, &label, question, None);
    saved.await.unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn to(report: i32, people: &[PersonId]) -> NewNotice {
    NewNotice {
        report,
        occasion: MONDAY,
        to: NewReceiver::Members(people.to_vec()),
        due_at: at("2024-01-01T08:00:00Z"),
        person: None,
    }
}

fn webhook(report: i32, secret: &SigningSecret) -> NewNotice {
    let address = "https://hooks.example.com/x".to_owned();
    NewNotice {
        to: NewReceiver::Webhook(address, secret.clone()),
        ..to(report, &[])
    }
}

fn gone<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotFound)), "{result:?}");
}

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Refused(_))), "{result:?}");
}

fn names(notice: &Notice) -> Vec<&str> {
    match &notice.to {
        Receiver::Members(members) => members.iter().map(|one| one.name.as_str()).collect(),
        Receiver::Webhook { .. } => panic!("a webhook: {notice:?}"),
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn notices_are_kept_as_they_were_made(pool: PgPool) {
    let store = limited(pool).await;
    let ada = person(&store, "ada@example.com").await;
    let bob = person(&store, "bob@example.com").await;
    let here = workspace(&store, "here").await;
    let there = workspace(&store, "there").await;
    let b = report(&store, here, "b").await;
    let a = report(&store, here, "A").await;
    let threshold: Threshold = "37.5".parse().unwrap();
    let occasions = [
        MONDAY,
        Occasion::Schedule(Schedule {
            day: Day::Month(28),
            hour: 23,
        }),
        Occasion::Alert(Alert {
            period: 3,
            condition: Condition::Below(threshold),
        }),
        Occasion::Alert(Alert {
            period: 0,
            condition: Condition::Above(threshold),
        }),
        Occasion::Alert(Alert {
            period: 1_000,
            condition: Condition::Differs,
        }),
    ];
    for occasion in occasions {
        let new = NewNotice {
            occasion,
            person: Some(bob),
            ..to(b, &[bob, ada, bob])
        };
        store.make_notice(here, &new).await.unwrap();
    }
    let secret = SigningSecret::new();
    let last = store.make_notice(here, &webhook(a, &secret)).await.unwrap();
    let all = store.notices(here, None).await.unwrap();
    assert_eq!(all[0].id, last, "by the reports' names");
    let kept: Vec<Occasion> = all[1..].iter().map(|one| one.occasion).collect();
    assert_eq!(kept, occasions);
    assert_eq!(names(&all[1]), ["ada@example.com", "bob@example.com"]);
    assert_eq!(all[1].maker.as_deref(), Some("bob@example.com"));
    let Receiver::Webhook {
        address,
        secret: kept,
    } = &all[0].to
    else {
        panic!("{:?}", all[0]);
    };
    assert_eq!(
        (address.as_str(), kept),
        ("https://hooks.example.com/x", &secret)
    );
    let shown = format!("{:?}", all[0]);
    assert!(shown.contains("SigningSecret(…)"), "{shown}");
    assert_eq!(store.notices(here, Some(b)).await.unwrap().len(), 5);
    assert_eq!(store.notices(there, None).await.unwrap(), []);

    gone(store.notice(there, last).await);
    gone(
        store
            .pause_notice(there, last, (true, Timestamp::MAX))
            .await,
    );
    gone(store.delete_notice(there, last).await);
    gone(store.make_notice(there, &to(b, &[ada])).await);
    store.delete_notice(here, last).await.unwrap();
    gone(store.notice(here, last).await);
    // With its report goes what is sent of it.
    store.delete_report(here, b).await.unwrap();
    assert_eq!(store.notices(here, None).await.unwrap(), []);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_members_get_mail_and_only_so_much_is_sent(pool: PgPool) {
    let store = limited(pool).await;
    let ada = person(&store, "ada@example.com").await;
    let here = workspace(&store, "here").await;
    let report = report(&store, here, "r").await;
    let bob = store.add_person("bob@example.com", "Bob", false).await;
    let bob = bob.unwrap();
    refused(store.make_notice(here, &to(report, &[bob])).await);
    refused(store.make_notice(here, &to(report, &[ada, bob])).await);
    refused(
        store
            .make_notice(here, &to(report, &[PersonId(i32::MAX)]))
            .await,
    );
    refused(store.make_notice(here, &to(report, &[])).await);
    assert_eq!(
        store.notices(here, None).await.unwrap(),
        [],
        "nothing is left of those"
    );

    store.set_role(here, bob, Role::Viewer, None).await.unwrap();
    let both = store
        .make_notice(here, &to(report, &[ada, bob]))
        .await
        .unwrap();
    store.remove_person(here, bob, ada).await.unwrap();
    let notice = store.notice(here, both).await.unwrap();
    assert_eq!(names(&notice), ["ada@example.com"]);

    for _ in 1..100 {
        store.make_notice(here, &to(report, &[ada])).await.unwrap();
    }
    refused(store.make_notice(here, &to(report, &[ada])).await);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_notice_is_handed_out_once(pool: PgPool) {
    let store = limited(pool).await;
    let ada = person(&store, "ada@example.com").await;
    let here = workspace(&store, "here").await;
    let there = workspace(&store, "there").await;
    let report = report(&store, here, "r").await;
    let id = store.make_notice(here, &to(report, &[ada])).await.unwrap();
    let due = at("2024-01-01T08:00:00Z");
    let minutes = |minutes| due + SignedDuration::from_mins(minutes);
    let claim = async |at: Timestamp| {
        let until = at + SignedDuration::from_mins(10);
        let claimed = store.claim_due_notice(here, at, until).await.unwrap();
        claimed.map(|notice| notice.id)
    };
    assert_eq!(claim(minutes(-1)).await, None, "not due yet");
    assert_eq!(store.claim_due_notice(there, due, due).await.unwrap(), None);
    let (one, other) = tokio::join!(claim(due), claim(due));
    assert_eq!(one.or(other), Some(id));
    assert!(one.is_none() || other.is_none(), "both got it");
    assert_eq!(claim(minutes(9)).await, None);
    let by_hand = (due, minutes(9), minutes(19));
    refused(store.claim_notice(here, id, by_hand).await);
    assert_eq!(claim(minutes(10)).await, Some(id), "a server that is gone");

    let tried = |told| Tried {
        at: minutes(10),
        outcome: "x".repeat(3_000),
        told,
    };
    let closing = Closing {
        due_at: due,
        try_at: minutes(15),
        attempts: 1,
    };
    store.mark_sent(here, id, (ada, "msg_1")).await.unwrap();
    let told = Some(date(2024, 3, 1));
    let close = async |told, closing| {
        let tried = tried(told);
        store
            .close_notice(here, id, (&tried, closing))
            .await
            .unwrap();
    };
    close(told, Some(closing)).await;
    close(Some(date(2024, 1, 1)), None).await;
    let notice = store.notice(here, id).await.unwrap();
    assert_eq!(
        (notice.due_at, notice.try_at, notice.attempts),
        (due, minutes(15), 1)
    );
    assert_eq!(notice.told, told, "what was told stays told");
    assert_eq!(notice.last_at, Some(minutes(10)));
    assert_eq!(notice.outcome.map(|outcome| outcome.len()), Some(2_000));
    let Receiver::Members(members) = &notice.to else {
        panic!("{:?}", notice.to);
    };
    assert_eq!(members[0].sent.as_deref(), Some("msg_1"));
    assert_eq!(claim(minutes(14)).await, None);

    store
        .pause_notice(here, id, (true, minutes(15)))
        .await
        .unwrap();
    assert_eq!(claim(minutes(60)).await, None, "it rests");
    store
        .pause_notice(here, id, (false, minutes(90)))
        .await
        .unwrap();
    let woken = store.notice(here, id).await.unwrap();
    assert_eq!((woken.due_at, woken.attempts), (minutes(90), 0));
    assert_eq!(claim(minutes(89)).await, None, "what it missed is not sent");
    assert_eq!(claim(minutes(90)).await, Some(id));
    close(None, None).await;

    // By hand, at most once a minute.
    let (now, until) = (minutes(10), minutes(20));
    refused(store.claim_notice(here, id, (minutes(9), now, until)).await);
    let claimed = store
        .claim_notice(here, id, (minutes(10), now, until))
        .await;
    assert_eq!(claimed.unwrap().id, id);
    gone(store.claim_notice(there, id, (now, now, until)).await);
    // One that is deleted while it is sent.
    store.delete_notice(here, id).await.unwrap();
    close(None, None).await;
}
