//! Links and saved reports, by forms and by their readers: the real router and Postgres.

mod ended;
mod kinds;
mod looks;

use crate::scratch::until;
use crate::served::{Answer, Served};
use analysis::period::WeekStart;
use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, HOST};
use axum::http::{HeaderMap, Request, StatusCode};
use sqlx::PgPool;
use store::{EventRecord, NewWorkspace, Store, WorkspaceId};

/// Four cohorts by week; the first is large, the second has three customers, and three of the first return in week 2.
const QUESTION: &str =
    "%3Ffrom%3D2024-01-01%26to%3D2024-01-22%26active%3Dworked%26as_of%3D2024-02-12";

struct World {
    served: Served,
    workspace: WorkspaceId,
}

fn event(customer: &str, at: &str, key: u64) -> EventRecord {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&key.to_be_bytes());
    EventRecord {
        customer: customer.into(),
        name: "worked".into(),
        at: format!("{at}T12:00:00Z").parse().unwrap(),
        properties: None,
        key: Some(bytes),
    }
}

async fn write(store: &Store, workspace: WorkspaceId, events: &[EventRecord]) {
    let batch = store.open_batch(workspace, "test").await.unwrap();
    store.write_events(workspace, batch, events).await.unwrap();
}

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
    let mut events = Vec::new();
    let mut add = |customer: String, day: &str| {
        let key = u64::try_from(events.len()).unwrap();
        events.push(event(&customer, day, key));
    };
    for number in 0..40 {
        add(format!("secret-a{number}"), "2024-01-02");
        if number < 20 {
            add(format!("secret-a{number}"), "2024-01-09");
        }
        if number < 3 {
            add(format!("secret-a{number}"), "2024-01-16");
        }
    }
    for number in 0..3 {
        add(format!("secret-b{number}"), "2024-01-09");
        add(format!("secret-b{number}"), "2024-01-16");
    }
    for number in 0..30 {
        add(format!("secret-c{number}"), "2024-01-16");
        if number < 10 {
            add(format!("secret-c{number}"), "2024-01-23");
        }
    }
    write(&store, workspace, &events).await;
    World {
        served: Served::in_folder(store, tempfile::tempdir().unwrap()),
        workspace,
    }
}

impl World {
    /// Makes a link and gives the path of its address.
    async fn link(&self, more: &str) -> String {
        let form = format!("kind=retention&question={QUESTION}&name=For+the+board&days=90&{more}");
        let page = self.served.post("/w/here/links/make", &form).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        address(&page)
    }

    async fn read(&self, path: &str) -> Answer {
        self.served.read(path).await
    }

    async fn number(&self) -> i32 {
        let links = self.served.store.shared_links(self.workspace, None).await;
        links.unwrap()[0].id
    }

    async fn turn(&self, what: &str, form: &str) -> Answer {
        let number = self.number().await;
        self.served
            .post(&format!("/w/here/links/{number}/{what}"), form)
            .await
    }
}

/// The path of the address that a page tells once.
fn address(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("http://localhost/s/").unwrap();
    let end = rest.find('"').unwrap();
    format!("/s/{}", &rest[..end])
}

/// Everything but the day and the like, which no page sets.
fn told(answer: &Answer) -> (StatusCode, HeaderMap, String) {
    (answer.status, answer.headers.clone(), answer.text.clone())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn reports_are_saved_changed_and_deleted(pool: PgPool) {
    let world = world(&pool).await;
    let served = &world.served;
    let form =
        format!("kind=retention&question={QUESTION}%26nonsense%3D1&name=+By+week+&folder=Board");
    let saved = served.post("/w/here/reports/save", &form).await;
    let here = saved.location().to_owned();
    assert_eq!(here, "/w/here/reports/1");
    let list = served.get("/w/here/reports").await.text;
    let question = "/w/here/retention?active=worked&amp;from=2024-01-01&amp;to=2024-01-22&amp;as_of=2024-02-12";
    for part in ["1 saved report.", "Board", "By week", "Retention"] {
        assert!(list.contains(part), "{part}: {list}");
    }
    let opened = list
        .split("href=\"")
        .find(|rest| rest.starts_with("/w/here/retention?"))
        .unwrap();
    let opened = &opened[..opened.find('"').unwrap()];
    assert!(!opened.contains("nonsense"), "{opened}");
    for part in question.split('?').nth(1).unwrap().split("&amp;") {
        assert!(opened.contains(part), "{part}: {opened}");
    }
    assert_eq!(
        served.get(&opened.replace("&amp;", "&")).await.status,
        StatusCode::OK
    );

    served
        .post(
            &format!("{here}/label"),
            "name=Anew&description=Why&folder=",
        )
        .await;
    let page = served.get(&here).await.text;
    assert!(page.contains("Anew") && page.contains("Why"), "{page}");
    assert!(
        served
            .get("/w/here/reports")
            .await
            .text
            .contains("Without a folder")
    );
    let nameless = served
        .post(&format!("{here}/label"), "name=++&description=&folder=")
        .await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nameless.text.contains("A name is needed."));

    let changed = served
        .post(
            "/w/here/reports/change",
            "kind=retention&question=%3Fgrain%3Dmonth&report=1",
        )
        .await;
    assert_eq!(changed.location(), here);
    assert!(
        served
            .get("/w/here/reports")
            .await
            .text
            .contains("/w/here/retention?grain=month")
    );
    let other = served
        .post("/w/here/reports/change", "kind=churn&question=&report=1")
        .await;
    assert_eq!(
        other.status,
        StatusCode::NOT_FOUND,
        "a report keeps its kind"
    );

    // its links go with it, and the page that asks says which
    let path = world.link("state=live&withhold=1&report=1").await;
    let asks = served.get(&format!("{here}/delete")).await.text;
    assert!(
        asks.contains("With it ends a link") && asks.contains("For the board"),
        "{asks}"
    );
    assert_eq!(world.read(&path).await.status, StatusCode::OK);
    let gone = served.post(&format!("{here}/delete"), "").await;
    assert_eq!(gone.location(), "/w/here/reports");
    assert_eq!(world.read(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(served.get(&here).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        served.post(&format!("{here}/delete"), "").await.status,
        StatusCode::NOT_FOUND
    );
    for kind in ["features", "segments", "churn"] {
        let saved = served
            .post(
                "/w/here/reports/save",
                &format!("kind={kind}&question=&name=x"),
            )
            .await;
        assert_eq!(
            served.get(saved.location()).await.status,
            StatusCode::OK,
            "{kind}"
        );
        let refused = served
            .post(
                "/w/here/links/make",
                &format!("kind={kind}&question=&name=x&days=1&state=live"),
            )
            .await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{kind}: nothing was said to be activity"
        );
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_link_shows_its_answer_and_nothing_else(pool: PgPool) {
    let world = world(&pool).await;
    let path = world.link("state=pinned&withhold=1").await;
    let page = world.read(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "For the board",
        "Pinned on",
        "Data version",
        "these numbers stay as they are",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    // no customers, no ways into the workspace, no program, nothing from elsewhere
    for part in [
        "secret-",
        "/w/",
        "/api/",
        "<script",
        "src=",
        "data-hk",
        "leptos-island",
    ] {
        assert!(!page.text.contains(part), "{part}: {}", page.text);
    }
    for address in page.text.split("href=\"").skip(1) {
        let own = ["?", "/pkg/holdfast.3.css\"", "/icon.svg\""];
        assert!(own.iter().any(|own| address.starts_with(own)), "{address}");
    }
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("x-robots-tag"), "noindex, nofollow, noarchive");
    assert_eq!(page.header("cache-control"), "private, no-cache");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'; style-src 'self'")
            && policy.contains("frame-ancestors 'none'")
    );
    assert!(!policy.contains("script"), "{policy}");
    assert!(page.headers.get("set-cookie").is_none());

    // the token is kept nowhere
    let token = path.trim_start_matches("/s/").to_owned();
    assert!(token.len() >= 22, "at least 128 bits");
    let kept: i64 = sqlx::query_scalar(
        "select count(*) from link_token t join link l using (workspace_id, link_id)
         where t::text like '%' || $1 || '%' or l::text like '%' || $1 || '%'",
    )
    .bind(&token)
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(kept, 0);

    // what a reader may choose, and what he may not
    let percent = page.text;
    for same in [
        "?",
        "?show=percent",
        "?cell=overall.1",
        "?diagonal=1&scale=hundred&overall=mean",
        "?grain=day",
        "?from=2020-01-01&where=plan:is:x&segment=x&as_of=now&active=other&kind=streak",
        "?start=each_event",
    ] {
        assert_eq!(
            world.read(&format!("{path}{same}")).await.text,
            percent,
            "{same}"
        );
    }
    let count = world.read(&format!("{path}?show=count")).await.text;
    let attrition = world.read(&format!("{path}?show=attrition")).await.text;
    let intervals = world.read(&format!("{path}?intervals=1")).await.text;
    assert!(count != percent && attrition != percent && intervals != percent);
    for way in [&count, &attrition, &intervals] {
        assert!(!way.contains("secret-"), "{way}");
    }
    let picture = Request::get(format!("{path}/preview.png")).header(HOST, "localhost");
    let (parts, bytes) = world.served.raw(picture.body(Body::empty()).unwrap()).await;
    assert_eq!(parts.headers["content-type"], "image/png");
    assert!(parts.status == StatusCode::OK && bytes.starts_with(b"\x89PNG"));
    for path in ["/retention", "/", "/..%2f..%2fapi"] {
        let answer = world.read(&format!("/s/{token}{path}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// The numbers in a page's matrix: of each row its head and its cells.
fn matrix(page: &str) -> Vec<Vec<String>> {
    let (_, table) = page.split_once("<tbody>").unwrap();
    let (table, _) = table.split_once("</tbody>").unwrap();
    let text = |html: &str| {
        let mut out = String::new();
        let mut within = false;
        for letter in html.chars() {
            match letter {
                '<' => within = true,
                '>' => within = false,
                _ if !within => out.push(letter),
                _ => {}
            }
        }
        out
    };
    table
        .split("</tr>")
        .filter(|row| row.contains("<tr"))
        .map(|row| {
            let cells = row.split("</th>").flat_map(|part| part.split("</td>"));
            let mut cells: Vec<String> = cells.map(text).collect();
            cells.pop();
            cells
        })
        .collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn small_numbers_are_withheld_and_cannot_be_found(pool: PgPool) {
    let world = world(&pool).await;
    let guarded = world.link("state=pinned&withhold=1").await;
    let open = world.link("state=pinned").await;
    let count = async |path: &str| matrix(&world.read(&format!("{path}?show=count")).await.text);
    let (guarded_cells, open_cells) = (count(&guarded).await, count(&open).await);
    // week 1, 2, 3 of the overall row and of the cohorts from new to old
    assert!(
        open_cells[0][1..4]
            .iter()
            .map(String::as_str)
            .eq(["33", "3", "0"]),
        "{open_cells:?}"
    );
    assert!(
        guarded_cells[0][1..4]
            .iter()
            .map(String::as_str)
            .eq(["30", "0", "0"]),
        "{guarded_cells:?}"
    );
    let second = |cells: &[Vec<String>]| cells[3].clone();
    assert!(second(&open_cells)[0].contains('3'), "{open_cells:?}");
    assert!(
        second(&guarded_cells)[0].ends_with('*'),
        "{guarded_cells:?}"
    );
    assert!(
        second(&guarded_cells)[1..]
            .iter()
            .all(|cell| cell == "*" || cell.is_empty())
    );
    assert_eq!(guarded_cells[4][1..4], ["20", "*", "0"]);
    // what is shown adds up to the overall row: nothing is left to subtract
    for column in 1..4 {
        let number = |row: &Vec<String>| row.get(column).and_then(|cell| cell.parse::<u32>().ok());
        let sum: u32 = guarded_cells[1..].iter().filter_map(number).sum();
        assert_eq!(number(&guarded_cells[0]), Some(sum), "week {column}");
    }
    let page = world.read(&guarded).await.text;
    assert!(
        page.contains("withheld and left out of the overall row") && page.contains("70 customers")
    );
    assert!(
        !page.contains("73 customers"),
        "the sum would tell of the three"
    );
    let page = world.read(&open).await.text;
    assert!(page.contains("73 customers") && !page.contains("withheld"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn pinned_stays_and_live_follows(pool: PgPool) {
    let world = world(&pool).await;
    let pinned = world.link("state=pinned&withhold=1").await;
    let live = world.link("state=live&withhold=1").await;
    let before = (world.read(&pinned).await, world.read(&live).await);
    assert!(before.1.text.contains("Live: asked anew"));
    let quiet = world.served.get("/w/here/links/1/changes").await;
    assert!(quiet.text.contains("Nothing has changed"), "{}", quiet.text);

    let late: Vec<EventRecord> = (20..30)
        .map(|number| event(&format!("secret-a{number}"), "2024-01-10", 10_000 + number))
        .collect();
    write(&world.served.store, world.workspace, &late).await;
    let after = (world.read(&pinned).await, world.read(&live).await);
    assert_eq!(told(&before.0), told(&after.0));
    // a server that has nothing in memory says the same
    let fresh = Served::in_folder(Store::new(pool.clone()), tempfile::tempdir().unwrap());
    assert_eq!(told(&fresh.read(&pinned).await), told(&after.0));
    let rows = |page: &Answer| matrix(&page.text);
    assert_ne!(rows(&before.1), rows(&after.1));
    let count = matrix(&world.read(&format!("{live}?show=count")).await.text);
    assert_eq!(count[4][1], "30");

    let page = world.served.get("/w/here/links/1/changes").await;
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "2 cells have changed since.",
        "Late events: 1 batch",
        "week of 1 Jan 2024, week 1",
        "+10",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    assert_eq!(
        world.served.get("/w/here/links/2/changes").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world.read(&format!("{pinned}/changes")).await.status,
        StatusCode::NOT_FOUND
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn views_are_counted_and_pages_come_packed(pool: PgPool) {
    let world = world(&pool).await;
    let path = world.link("state=live").await;
    let plain = world.read(&path).await;
    let mut sizes = Vec::new();
    for packing in ["gzip", "br"] {
        let request = Request::get(&path)
            .header(HOST, "localhost")
            .header(ACCEPT_ENCODING, packing);
        let request = request.body(Body::empty()).unwrap();
        let (parts, body) = world.served.raw(request).await;
        assert_eq!(parts.headers["content-encoding"], packing);
        assert_eq!(parts.headers["vary"], "accept-encoding, cookie");
        sizes.push(body.len());
    }
    assert!(
        sizes.iter().all(|size| *size * 3 < plain.text.len()),
        "{sizes:?}"
    );
    until("three views are counted", async || {
        let links = world.served.store.shared_links(world.workspace, None).await;
        let link = links.unwrap().remove(0);
        link.views == 3 && link.last_view_at.is_some()
    })
    .await;
    let page = world.served.get("/w/here/links").await.text;
    assert!(
        page.contains("1 link is public.") && page.contains("3, last on"),
        "{page}"
    );
}

/// What a person or an event can fill is text on a shared page, nothing more.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn names_are_text(pool: PgPool) {
    let world = world(&pool).await;
    let name = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27";
    let form = format!("kind=retention&question={QUESTION}&name={name}&days=0&state=pinned");
    let page = world.served.post("/w/here/links/make", &form).await;
    let path = address(&page);
    let shared = world.read(&path).await.text;
    let links = world.served.get("/w/here/links").await.text;
    for text in [&page.text, &shared, &links] {
        assert!(!text.contains("<script>alert"), "{text}");
        assert!(text.contains("&lt;script&gt;alert(1)"), "{text}");
    }
    assert!(links.contains("without end"));
}
