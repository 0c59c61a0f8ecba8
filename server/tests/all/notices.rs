//! Reports and alerts that are sent by themselves: by mail to a server for tests, by webhook to a program on this machine.

mod pages;
mod trouble;

use crate::access::{admin, join};
use crate::post::{PostOffice, Received};
use crate::served::Served;
use crate::webhook::{Program, into_this_machine};
use analysis::alert::{Alert, Condition};
use analysis::saved::{Label, ReportKind};
use analysis::schedule::{Day, Occasion, Schedule};
use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use server::notices::Courier;
use sqlx::PgPool;
use store::{
    CustomerRecord, EventRecord, NewNotice, NewReceiver, NewWorkspace, Notice, PersonId, Role,
    SigningSecret, Store, WorkspaceId,
};

const QUESTION: &str = "?active=worked&from=2024-01-01&to=2024-01-29";
const MONDAY: Occasion = Occasion::Schedule(Schedule {
    day: Day::Week(Weekday::Monday),
    hour: 8,
});

/// A workspace whose cohorts of 1 and 8 January have 200 customers; 100 and 40 of them came back in the week after.
struct World {
    served: Served,
    post: PostOffice,
    program: Program,
    secret: SigningSecret,
    here: WorkspaceId,
    report: i32,
    ada: PersonId,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn worked(customer: String, day: &str) -> EventRecord {
    EventRecord {
        customer: customer.into(),
        name: "worked".into(),
        at: at(&format!("2024-01-{day}T12:00:00Z")),
        properties: None,
        key: None,
    }
}

async fn write(store: &Store, workspace: WorkspaceId, events: &[EventRecord]) {
    let batch = store.open_batch(workspace, "test").await.unwrap();
    store.write_events(workspace, batch, events).await.unwrap();
}

async fn world(pool: PgPool) -> World {
    let post = PostOffice::open().await;
    let program = Program::listen().await;
    let mailer = post.mailer();
    let folder = tempfile::tempdir().unwrap();
    let served = Served::set(Store::new(pool), folder, |site| {
        site.origin = "https://holdfast.example".to_owned();
        site.mailer = Some(mailer);
        site.webhooks = into_this_machine();
    });
    let new = NewWorkspace {
        slug: "here".to_owned(),
        name: "Here & <there>".to_owned(),
        zone: "UTC".to_owned(),
        week_start: analysis::period::WeekStart::Monday,
        currency: "EUR".to_owned(),
    };
    let owner = admin(&served).await;
    let here = served.store.create_workspace(&new).await.unwrap().id;
    let mut events = Vec::new();
    for n in 0..200 {
        events.push(worked(format!("a{n}"), "02"));
        events.push(worked(format!("b{n}"), "09"));
        if n < 100 {
            events.push(worked(format!("a{n}"), "10"));
        }
        if n < 40 {
            events.push(worked(format!("b{n}"), "17"));
        }
    }
    write(&served.store, here, &events).await;
    let customers: Vec<CustomerRecord> = (0..200)
        .map(|n| CustomerRecord {
            customer: format!("a{n}"),
            signup_at: None,
            account: None,
            traits: Map::from_iter([("plan".to_owned(), ["pro", "free"][n % 2].into())]),
        })
        .collect();
    let written = served.store.write_customers(here, &customers);
    written.await.unwrap();
    served.store.refresh_summaries(here).await.unwrap();
    join(&served.store, here, "ada@example.com", Role::Editor, owner).await;
    let people = served.store.people_of(here).await.unwrap();
    let ada = people
        .iter()
        .find(|one| one.person.email.is_some())
        .unwrap()
        .person
        .id;
    let mut world = World {
        served,
        post,
        program,
        secret: SigningSecret::new(),
        here,
        report: 0,
        ada,
    };
    world.report = world.save("Weekly", ReportKind::Retention, QUESTION).await;
    world
}

impl World {
    async fn save(&self, name: &str, kind: ReportKind, question: &str) -> i32 {
        let label = Label {
            name: name.to_owned(),
            ..Label::default()
        };
        let question = kind.canonical(question);
        let saved = self
            .served
            .store
            .save_report(self.here, &label, (kind, &question), None);
        saved.await.unwrap()
    }

    fn courier(&self) -> Courier {
        Courier::new(self.served.store.clone(), &self.served.site)
    }

    async fn deliver(&self, now: Timestamp) {
        self.courier().deliver_due(now).await;
    }

    /// Keeps a notice for Ada (by mail) or the program.
    async fn make(&self, occasion: Occasion, mail: bool, due: &str) -> i32 {
        let new = NewNotice {
            report: self.report,
            occasion,
            to: match mail {
                true => NewReceiver::Members(vec![self.ada]),
                false => NewReceiver::Webhook(self.program.url(), self.secret.clone()),
            },
            due_at: at(due),
            person: None,
        };
        let made = self.served.store.make_notice(self.here, &new).await;
        made.unwrap()
    }

    async fn notice(&self, id: i32) -> Notice {
        self.served.store.notice(self.here, id).await.unwrap()
    }

    async fn outcome(&self, id: i32) -> String {
        self.notice(id).await.outcome.unwrap()
    }

    /// Something is stored from after the weeks that are looked at.
    async fn later_data(&self, day: &str) {
        let one = worked("later".to_owned(), day);
        write(&self.served.store, self.here, &[one]).await;
    }
}

fn alert(condition: Condition) -> Occasion {
    Occasion::Alert(Alert {
        period: 1,
        condition,
    })
}

fn below(percent: &str) -> Occasion {
    alert(Condition::Below(percent.parse().unwrap()))
}

fn json(message: &crate::webhook::Received) -> Value {
    serde_json::from_str(&message.body).unwrap()
}

fn is_png(letter: &Received) -> bool {
    letter.picture.starts_with(b"\x89PNG\r\n\x1a\n")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_report_comes_by_mail_each_week_and_once(pool: PgPool) {
    let mut world = world(pool).await;
    let id = world.make(MONDAY, true, "2024-01-22T08:00:00Z").await;
    world.deliver(at("2024-01-22T07:59:59Z")).await;
    assert!(world.post.is_empty(), "not due");
    assert_eq!(world.notice(id).await.last_at, None);

    let (one, other) = (world.courier(), world.courier());
    let due = at("2024-01-22T08:00:10Z");
    tokio::join!(one.deliver_due(due), other.deliver_due(due));
    let letter = world.post.letter().await;
    assert!(world.post.is_empty(), "one of two servers sends it");
    assert_eq!(letter.to, "ada@example.com");
    // 140 of 400 in the only two cohorts that have finished week 1: too few for an answer.
    let finding = "Too little data yet: 400 customers in 2 cohorts finished week 1; an answer needs 100 in 3.";
    assert_eq!(letter.subject, format!("Weekly: {finding}"));
    let page = format!("https://holdfast.example/w/here/reports/{}", world.report);
    for part in [
        finding,
        "Counted up to 22 Jan 2024 08:00 (UTC).",
        &format!("The report: {page}\n"),
        "How this was counted: ",
        "You get this because somebody chose you for it in the workspace “Here & <there>”: the report “Weekly” is sent \
         every Monday at 08:00.",
        &format!("Editors of the workspace can end it: {page}/notices"),
    ] {
        assert!(letter.text.contains(part), "{part}: {}", letter.text);
    }
    for part in [
        finding,
        "<img src=\"cid:picture\"",
        &format!("<a href=\"{page}\">"),
        "Here &amp; &lt;there&gt;",
    ] {
        assert!(letter.html.contains(part), "{part}: {}", letter.html);
    }
    assert!(is_png(&letter));
    let notice = world.notice(id).await;
    assert_eq!(notice.due_at, at("2024-01-29T08:00:00Z"));
    assert_eq!(
        notice.outcome.unwrap(),
        format!("Sent to 1 member. {finding}")
    );

    world.deliver(at("2024-01-22T09:00:00Z")).await;
    assert!(world.post.is_empty(), "not again");
    // Down for three weeks: what was missed is sent once.
    world.deliver(at("2024-02-14T00:00:00Z")).await;
    world.post.letter().await;
    world.deliver(at("2024-02-14T00:01:00Z")).await;
    assert!(world.post.is_empty());
    assert_eq!(world.notice(id).await.due_at, at("2024-02-19T08:00:00Z"));
    world
        .served
        .store
        .pause_notice(world.here, id, (true, at("2024-02-19T08:00:00Z")))
        .await
        .unwrap();
    world.deliver(at("2024-02-20T08:00:00Z")).await;
    assert!(world.post.is_empty(), "it rests");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn reports_of_all_kinds_come_by_webhook(pool: PgPool) {
    let mut world = world(pool).await;
    let as_of = "as_of=2024-02-12";
    for (kind, question) in [
        (
            ReportKind::Retention,
            format!("{QUESTION}&{as_of}&show=attrition"),
        ),
        (
            ReportKind::Features,
            format!("?feature=worked&active=worked&{as_of}"),
        ),
        (ReportKind::Segments, format!("?active=worked&{as_of}")),
        (
            ReportKind::Churn,
            format!("?grain=week&active=worked&{as_of}"),
        ),
    ] {
        world.report = world.save(kind.title(), kind, &question).await;
        let id = world.make(MONDAY, false, "2024-02-12T08:00:00Z").await;
        world.deliver(at("2024-02-12T08:00:00Z")).await;
        let outcome = world.outcome(id).await;
        assert!(outcome.starts_with("Sent. "), "{kind}: {outcome}");
        let message = world.program.message();
        assert!(message.is_signed(&world.secret.text()));
        assert_eq!(message.header("webhook-timestamp"), "1707724800");
        assert!(message.header("webhook-id").starts_with("msg_"));
        let body = json(&message);
        let url = format!("https://holdfast.example/w/here/reports/{}", world.report);
        assert_eq!(body["type"], "report.scheduled");
        assert_eq!(body["workspace"], "here");
        assert_eq!(body["report"]["id"], world.report);
        assert_eq!(body["report"]["name"], kind.title());
        assert_eq!(body["report"]["kind"], kind.as_str());
        assert_eq!(body["report"]["url"], url);
        assert_eq!(body.get("alert"), None);
        for part in ["finding", "method", "as_of", "text"] {
            assert!(!body[part].as_str().unwrap().is_empty(), "{kind}: {part}");
        }
        let finding = body["finding"].as_str().unwrap();
        assert!(body["text"].as_str().unwrap().ends_with(&url), "{body}");
        assert!(outcome.contains(finding), "{outcome}: {finding}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_alert_is_told_once_and_not_by_chance(pool: PgPool) {
    let mut world = world(pool).await;
    let due = "2024-01-18T00:00:00Z";
    let clearly = world.make(below("30"), false, due).await;
    // 15 to 26 %: chance explains it.
    let chance = world.make(below("25"), false, due).await;
    let differs = world.make(alert(Condition::Differs), true, due).await;
    let all = [clearly, chance, differs];

    // The second cohort's week is running; in it 40 of 200 came back so far.
    world.deliver(at("2024-01-18T00:00:00Z")).await;
    assert!(world.program.is_empty() && world.post.is_empty());
    let outcome = world.outcome(clearly).await;
    assert!(
        outcome.starts_with("Nothing to tell. 50\u{a0}% retained in week 1, not clearly below 30\u{a0}%: 100 of 200 \
                             customers who signed up in the week of 1 Jan 2024"),
        "{outcome}"
    );
    assert_eq!(
        world.notice(clearly).await.due_at,
        at("2024-01-18T01:00:00Z")
    );
    // It has ended, but nothing is stored from after it: more of it may come in.
    world.deliver(at("2024-01-22T00:00:00Z")).await;
    assert!(world.program.is_empty() && world.post.is_empty());

    world.later_data("22").await;
    world.deliver(at("2024-01-22T13:00:00Z")).await;
    let body = json(&world.program.message());
    assert!(world.program.is_empty(), "the other one is silent");
    let finding = "20\u{a0}% retained in week 1, below 30\u{a0}%: 40 of 200 customers who signed up in the week of 8 Jan \
                   2024 (interval 15 to 26\u{a0}%).";
    assert_eq!(body["type"], "report.alert");
    assert_eq!(body["finding"], finding);
    assert_eq!(body["alert"]["condition"], "below");
    assert_eq!(body["alert"]["met"], true);
    assert_eq!(body["alert"]["value"], 0.2);
    assert_eq!(body["alert"]["threshold"], 0.3);
    assert_eq!(body["alert"]["cohort"], "2024-01-08");
    assert_eq!(body["alert"]["customers"], 200);
    // The rates from which 40 of 200 lie 1.96 standard errors away, found by bisection.
    for (end, expected) in [("low", 0.150_45), ("high", 0.260_86)] {
        let found = body["alert"][end].as_f64().unwrap();
        assert!((found - expected).abs() < 5e-5, "{end}: {found}");
    }
    let letter = world.post.letter().await;
    assert!(
        letter
            .subject
            .starts_with("Weekly: 20\u{a0}% retained in week 1, less than before: 40 of 200"),
        "{}",
        letter.subject
    );
    assert!(
        letter
            .text
            .contains("Before: 50\u{a0}%, 100 of 200 customers in 1 cohort."),
        "{}",
        letter.text
    );
    assert!(
        letter
            .text
            .contains("when retention in week 1 differs from the cohorts before")
    );
    assert!(is_png(&letter));
    let outcome = world.outcome(chance).await;
    assert!(
        outcome.starts_with("Nothing to tell. 20\u{a0}% retained in week 1, not clearly below 25"),
        "{outcome}"
    );

    for hour in 1..=30 {
        world
            .deliver(at("2024-01-22T13:00:00Z") + hours(hour))
            .await;
    }
    assert!(
        world.program.is_empty() && world.post.is_empty(),
        "once is enough"
    );
    for id in all {
        assert!(world.notice(id).await.last_at.unwrap() > at("2024-01-23T17:00:00Z"));
    }
    assert!(world.outcome(clearly).await.starts_with("Told before. 20"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_alert_on_churn_waits_for_the_end(pool: PgPool) {
    let mut world = world(pool).await;
    let question = "?grain=week&active=worked&threshold=7&from=2024-01-08";
    world.report = world.save("Leaving", ReportKind::Churn, question).await;
    let condition = Condition::Above("30".parse().unwrap());
    let id = world
        .make(alert(condition), false, "2024-01-18T00:00:00Z")
        .await;
    // In the week of 8 January 100 of 200 left; then 160 of 300.
    world.deliver(at("2024-01-18T00:00:00Z")).await;
    let body = json(&world.program.message());
    assert_eq!(body["alert"]["cohort"], "2024-01-08", "{body}");
    world.deliver(at("2024-01-22T08:00:00Z")).await;
    assert!(world.program.is_empty(), "{}", world.outcome(id).await);
    world.later_data("22").await;
    world.deliver(at("2024-01-22T13:00:00Z")).await;
    let body = json(&world.program.message());
    assert_eq!(body["alert"]["cohort"], "2024-01-15");
    let finding = body["finding"].as_str().unwrap();
    assert!(
        finding.contains("left in the week of 15 Jan 2024, above 30\u{a0}%: "),
        "{finding}"
    );
    world.deliver(at("2024-01-22T15:00:00Z")).await;
    assert!(world.program.is_empty());
}
