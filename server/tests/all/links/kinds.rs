//! Features, segments and leaving behind links.

use super::{address, event, told, write};
use crate::served::{Answer, Served};
use analysis::period::WeekStart;
use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Request, StatusCode};
use sqlx::PgPool;
use store::{CustomerRecord, EventRecord, NewWorkspace, Store, WorkspaceId};

/// What is asked of each kind of report, and what its page says.
struct Kind {
    name: &'static str,
    question: &'static str,
    /// On every page of it.
    always: &'static [&'static str],
    /// Where small numbers are withheld, and nowhere else.
    guarded: &'static [&'static str],
    /// Where they are not, and nowhere else.
    open: &'static [&'static str],
    /// On the page of what changed since.
    changed: &'static [&'static str],
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "features",
        question: "?feature=drew&from=2024-01-01&to=2024-01-15&exposure=2&outcome=2&active=worked&as_of=2024-03-04",
        always: &[
            "Groups by usage",
            "5 or more uses",
            "Still active in each week after",
            "Signed up in weeks from",
        ],
        guarded: &[
            "Whether using drew keeps customers is not told here",
            "<td colspan=\"3\">withheld: a number of it tells of fewer than 5 customers",
            "1 group and whatever rests on all groups",
        ],
        open: &[
            "Customers who use drew heavily leave less: 10\u{a0}%",
            "All features, by what remains",
            "How often it was used in the first 2 weeks",
            "Before a new feature launch",
        ],
        changed: &["Highly active, left", "\u{2212}3", "Late events: 1 batch"],
    },
    Kind {
        name: "segments",
        question: "?split=plan&from=2024-01-01&to=2024-01-15&active=worked&as_of=2024-03-04",
        always: &[
            "Segments by plan",
            "Matrices on one scale",
            ">free<",
            ">pro<",
            "differences Newcombe",
        ],
        guarded: &[
            "goes from",
            "1 segment with its name",
            "how long customers stayed, day by day, is never told",
        ],
        open: &["tiny", "Median lifetime", "customers still being watched"],
        changed: &["free, active in week 2", "+", "Late events: 1 batch"],
    },
    Kind {
        name: "churn",
        question: "?grain=week&from=2024-01-01&to=2024-02-26&threshold=7&active=worked&as_of=2024-03-04",
        always: &[
            "Churn by week",
            "Coming and going, by week",
            "gross churn = lost",
        ],
        guarded: &[
            "<td colspan=\"9\">withheld: a number of it tells of fewer than 5 customers",
            "returns, active days and how those lost faded, day by day, are never told",
        ],
        open: &[
            "How soon customers come back",
            "On how many of 28 days they are active",
        ],
        changed: &["week of 15 Jan 2024, left", "Late events: 1 batch"],
    },
];

struct World {
    served: Served,
    workspace: WorkspaceId,
}

/// Three weeks of forty customers each, who used “drew” never, once, twice or five times; of the heaviest users three left,
/// of all others many. Three more have a plan of their own and come back late.
async fn world(pool: &PgPool) -> World {
    let store = Store::new(pool.clone());
    let new = NewWorkspace {
        slug: "here".to_owned(),
        name: "Here".to_owned(),
        zone: "UTC".to_owned(),
        week_start: WeekStart::Monday,
        currency: "EUR".to_owned(),
    };
    let workspace = store.create_workspace(&new).await.unwrap().id;
    let mut events: Vec<EventRecord> = Vec::new();
    let mut customers = Vec::new();
    for number in 0_i64..123 {
        let id = format!("secret-{number}");
        let start = "2024-01-02".parse::<jiff::civil::Date>().unwrap();
        let start = start + jiff::Span::new().days(number % 3 * 7);
        let mut add = |name: &str, day: i64| {
            let key = u64::try_from(events.len()).unwrap();
            let at = (start + jiff::Span::new().days(day)).to_string();
            let mut one = event(&id, &at, key);
            one.name = name.into();
            events.push(one);
        };
        add("worked", 0);
        add("worked", 7);
        let group = if number < 120 { number / 3 % 4 } else { 0 };
        let place = number / 12;
        for day in 0..[0, 1, 2, 5][usize::try_from(group).unwrap()] {
            add("drew", day);
        }
        let left = match group {
            1 => place % 2 == 0,
            3 => place == 9,
            _ => place % 3 == 0,
        };
        if !left {
            add("worked", 15);
            add("worked", 22);
        }
        if number >= 120 {
            add("worked", 36);
        }
        let plan = match number {
            120.. => "tiny",
            _ if number % 2 == 0 => "pro",
            _ => "free",
        };
        customers.push(CustomerRecord {
            customer: id,
            signup_at: None,
            account: None,
            traits: serde_json::from_value(serde_json::json!({ "plan": plan })).unwrap(),
        });
    }
    write(&store, workspace, &events).await;
    store.write_customers(workspace, &customers).await.unwrap();
    World {
        served: Served::in_folder(store, tempfile::tempdir().unwrap()),
        workspace,
    }
}

impl World {
    /// Makes a link and gives the path of its address.
    async fn link(&self, kind: &Kind, more: &str) -> String {
        let question = kind.question.replace('&', "%26").replace('=', "%3D");
        let form = format!(
            "kind={}&question={question}&name=For+the+board&days=90&{more}",
            kind.name
        );
        let page = self.served.post("/w/here/links/make", &form).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        address(&page)
    }

    async fn read(&self, path: &str) -> Answer {
        let page = self.served.read(path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        page
    }

    /// The heaviest users who had left come back, told late.
    async fn late(&self) {
        let late: Vec<EventRecord> = (0..3)
            .map(|week| {
                let number = 9 * 12 + 9 + week;
                let day = format!("2024-01-{:02}", 17 + 7 * week);
                event(&format!("secret-{number}"), &day, 100_000 + week)
            })
            .collect();
        write(&self.served.store, self.workspace, &late).await;
    }
}

/// The page without the marks that views put between texts.
fn plain(page: &Answer) -> String {
    page.text.replace("<!>", "")
}

fn has(page: &str, parts: &[&str], expected: bool) {
    for part in parts {
        assert_eq!(page.contains(part), expected, "{part}: {page}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_kind_shows_its_answer_and_nothing_else(pool: PgPool) {
    let world = world(&pool).await;
    for kind in &KINDS {
        let guarded = world.link(kind, "state=pinned&withhold=1").await;
        let open = world.link(kind, "state=pinned").await;
        for (path, here, absent) in [
            (&guarded, kind.guarded, kind.open),
            (&open, kind.open, kind.guarded),
        ] {
            let page = world.read(path).await;
            let text = plain(&page);
            has(&text, &["For the board", "Pinned on"], true);
            has(&text, kind.always, true);
            has(&text, here, true);
            has(&text, absent, false);
            // no customers, no ways into the workspace, no program, no question to ask
            let never = ["secret-", "/w/", "/api/", "<script", "<form", "data-hk"];
            has(&text, &never, false);
            for address in text.split("href=\"").skip(1) {
                let own = ["/pkg/holdfast.3.css\"", "/icon.svg\""];
                assert!(own.iter().any(|own| address.starts_with(own)), "{address}");
            }
            assert_eq!(page.header("referrer-policy"), "no-referrer");
            for same in [
                "?show=count&intervals=1",
                "?period=2024-01-08&baseline=free",
            ] {
                let other = world.read(&format!("{path}{same}")).await;
                assert_eq!(other.text, page.text, "{same}");
            }
            let picture = Request::get(format!("{path}/preview.png")).header(HOST, "localhost");
            let (parts, bytes) = world.served.raw(picture.body(Body::empty()).unwrap()).await;
            assert!(parts.status == StatusCode::OK && bytes.starts_with(b"\x89PNG"));
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_kind_stays_pinned_and_follows_live(pool: PgPool) {
    let world = world(&pool).await;
    let mut links = Vec::new();
    for kind in &KINDS {
        let pinned = world.link(kind, "state=pinned").await;
        let live = world.link(kind, "state=live").await;
        let page = world.read(&live).await;
        has(&page.text, &["Live: asked anew"], true);
        let number = links.len() * 2 + 1;
        let changes = format!("/w/here/links/{number}/changes");
        let quiet = world.served.get(&changes).await;
        has(&quiet.text, &["Nothing has changed"], true);
        links.push((
            kind,
            changes,
            (world.read(&pinned).await, pinned),
            (page, live),
        ));
    }
    world.late().await;
    let fresh = Served::in_folder(Store::new(pool.clone()), tempfile::tempdir().unwrap());
    for (kind, changes, (before, pinned), (page, live)) in links {
        assert_eq!(
            told(&world.read(&pinned).await),
            told(&before),
            "{}",
            kind.name
        );
        // a server that has nothing in memory reads what is kept
        assert_eq!(
            told(&fresh.read(&pinned).await),
            told(&before),
            "{}",
            kind.name
        );
        assert_ne!(world.read(&live).await.text, page.text, "{}", kind.name);
        let changes = world.served.get(&changes).await;
        assert_eq!(changes.status, StatusCode::OK);
        has(&plain(&changes), kind.changed, true);
        has(&plain(&changes), &["changed since."], true);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_kind_is_offered_and_can_ask_for_a_password(pool: PgPool) {
    let world = world(&pool).await;
    for kind in &KINDS {
        let page = format!("/w/here/{}{}", kind.name, kind.question);
        has(
            &world.served.get(&page).await.text,
            &["Share by a link"],
            true,
        );
        let question = kind.question.replace('&', "%26").replace('=', "%3D");
        let form = format!("kind={}&question={question}&name=x", kind.name);
        let saved = world.served.post("/w/here/reports/save", &form).await;
        let saved = world.served.get(saved.location()).await;
        has(&saved.text, &["Share by a link"], true);

        let more = "state=live&withhold=1&password=correct+horse";
        let locked = world.link(kind, more).await;
        let asks = world.read(&locked).await.text;
        has(&asks, &["This report asks for a password"], true);
        has(&asks, kind.always, false);
        let preview = world.served.read(&format!("{locked}/preview.png")).await;
        assert_eq!(preview.status, StatusCode::NOT_FOUND);
    }
}
