//! Segments by forms and by the interface for other programs: the real router and Postgres.

use crate::served::Served;
use analysis::period::WeekStart;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use store::{CustomerRecord, EventRecord, NewWorkspace, Store};

const SEGMENTS: &str = "/api/v1/workspaces/here/segments";

/// Three customers on two plans; a and b came in the first week of 2024, c in the second; only a came back.
pub(crate) async fn serve(pool: &PgPool) -> Served {
    let store = Store::new(pool.clone());
    let workspace = store
        .create_workspace(&NewWorkspace {
            slug: "here".to_owned(),
            name: "Here".to_owned(),
            zone: "UTC".to_owned(),
            week_start: WeekStart::Monday,
            currency: "EUR".to_owned(),
        })
        .await
        .unwrap();
    let people = [("a", "pro"), ("b", "pro"), ("c", "free")].map(|(id, plan)| CustomerRecord {
        customer: id.to_owned(),
        signup_at: None,
        account: None,
        traits: serde_json::from_value(json!({ "plan": plan })).unwrap(),
    });
    store.write_customers(workspace.id, &people).await.unwrap();
    let batch = store.open_batch(workspace.id, "test").await.unwrap();
    let days = [("a", 1), ("b", 2), ("a", 9), ("c", 10)];
    let events = days.map(|(customer, day)| EventRecord {
        customer: customer.into(),
        name: "worked".into(),
        at: format!("2024-01-{day:02}T12:00:00Z").parse().unwrap(),
        properties: None,
        key: Some([day; 16]),
    });
    store
        .write_events(workspace.id, batch, &events)
        .await
        .unwrap();
    Served::in_folder(store, tempfile::tempdir().unwrap())
}

pub(crate) async fn ask(
    served: &Served,
    path: &str,
    question: Option<Value>,
) -> (StatusCode, Value) {
    let (request, body) = match question {
        Some(question) => {
            let request = Request::post(path).header(CONTENT_TYPE, "application/json");
            (request, Body::from(question.to_string()))
        }
        None => (Request::get(path), Body::empty()),
    };
    let request = request.header(HOST, "localhost").body(body).unwrap();
    let answer = served.ask(request).await;
    let text = serde_json::from_str(&answer.text).unwrap_or_default();
    (answer.status, text)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn for_other_programs(pool: PgPool) {
    let served = serve(&pool).await;
    let pro = json!({"trait": {"name": "plan", "test": {"is": ["pro"]}}});
    let count = json!({ "condition": pro });
    let (status, counted) = ask(&served, &format!("{SEGMENTS}/count"), Some(count)).await;
    assert_eq!(
        (status, counted),
        (StatusCode::OK, json!({"customers": 2, "of": 3}))
    );
    let save = json!({"name": "Wer zahlt: Käufer", "condition": pro, "frozen": true});
    let (status, saved) = ask(&served, SEGMENTS, Some(save.clone())).await;
    assert_eq!(status, StatusCode::OK, "{saved}");
    assert_eq!(saved["slug"], "wer-zahlt-kaufer");
    assert_eq!(
        (&saved["customers"], &saved["condition"]),
        (&json!(2), &pro)
    );
    assert!(saved["frozen_at"].is_string());
    let (status, all) = ask(&served, SEGMENTS, None).await;
    assert_eq!((status, all), (StatusCode::OK, json!([saved])));
    let (status, taken) = ask(&served, SEGMENTS, Some(save)).await;
    assert_eq!(
        (status, &taken["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("refused"))
    );
    let empty = json!({"condition": {"any": []}});
    let (status, refused) = ask(&served, &format!("{SEGMENTS}/count"), Some(empty)).await;
    assert_eq!(
        (status, &refused["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("empty_group"))
    );
    let question = |segment: &str| {
        json!({
            "active": ["worked"], "segments": [segment], "as_of": {"date": "2024-01-17"},
            "cohorts": {"between": {"from": "2024-01-01"}},
        })
    };
    let retention = "/api/v1/workspaces/here/reports/retention";
    let (status, report) = ask(&served, retention, Some(question("wer-zahlt-kaufer"))).await;
    assert_eq!((status, &report["customers"]), (StatusCode::OK, &json!(2)));
    let (status, unknown) = ask(&served, retention, Some(question("gone"))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(unknown["code"], "unknown_segment");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn by_forms(pool: PgPool) {
    let served = serve(&pool).await;
    let post =
        async |path: &str, form: &str| served.post(&format!("/w/here/segments/{path}"), form).await;
    let saved = post(
        "save",
        "condition=where%3Aplan%3Ais%3Apro&name=Pro&description=&state=living",
    )
    .await;
    assert_eq!(saved.location(), "/w/here/segments/saved/pro");
    let again = post(
        "save",
        "condition=where%3Aplan%3Ais%3Afree&name=Pro&state=frozen",
    )
    .await;
    assert_eq!(again.location(), "/w/here/segments/saved/pro-2");
    let page = served.get("/w/here/segments/saved/pro").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("2 of 3 customers"), "{}", page.text);
    let changed = post(
        "save",
        "condition=where%3Aplan%3Aset&name=All&state=living&segment=pro",
    )
    .await;
    assert_eq!(changed.location(), "/w/here/segments/saved/pro");
    let list = served.get("/w/here/segments/saved").await.text;
    assert!(list.contains("All") && list.contains("Frozen on"), "{list}");
    // refused: the builder again, with the condition and the reason
    let nameless = post("save", "condition=where%3Aplan%3Aset&name=++&state=living").await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nameless.text.contains("name is empty") && nameless.text.contains("where:plan:set"));
    let broken = post("save", "condition=any%28%29&name=x&state=living").await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);

    for (step, state) in [("freeze", "Frozen on"), ("thaw", "Living")] {
        let turned = post(&format!("saved/pro/{step}"), "").await;
        assert_eq!(turned.location(), "/w/here/segments/saved/pro");
        assert!(served.get(turned.location()).await.text.contains(state));
    }
    post("saved/pro/rename", "name=Named+anew&description=Why").await;
    assert!(
        served
            .get("/w/here/segments/saved/pro")
            .await
            .text
            .contains("Named anew")
    );
    assert_eq!(
        post("saved/pro/delete", "").await.location(),
        "/w/here/segments/saved"
    );
    assert_eq!(
        served.get("/w/here/segments/saved/pro").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        post("saved/pro/delete", "").await.status,
        StatusCode::NOT_FOUND
    );

    // whoever of the first week did not come back in the second
    let question = "from%3D2024-01-01%26as_of%3D2024-01-17%26active%3Dworked%26cell%3D2024-01-01.1";
    let form = format!("question={question}&retained=0&name=Gone");
    let picked = post("save-cell", &form).await;
    let page = served.get(picked.location()).await.text;
    assert!(
        page.contains("1 of 3 customers") && page.contains("<span>b<"),
        "{page}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_builder_adds_what_a_form_says(pool: PgPool) {
    let served = serve(&pool).await;
    let added = served
        .get("/w/here/segments/edit?trait=plan&test=is&value=pro")
        .await;
    assert_eq!(
        added.header("location"),
        "/w/here/segments/edit?condition=all%28where:plan:is:pro%29"
    );
    assert_eq!(added.status, StatusCode::FOUND);
    let page = served.get(added.header("location")).await;
    assert!(
        page.text.contains("2 of 3 customers") && page.text.contains("whose plan is pro"),
        "{}",
        page.text
    );
    let odd = served
        .get("/w/here/segments/edit?condition=x&segment=gone")
        .await;
    assert_eq!(odd.status, StatusCode::OK);
    assert!(odd.text.contains("3 of 3 customers") && odd.text.contains("was not understood"));
    let unknown = served
        .get("/w/here/retention?segment=gone&active=worked")
        .await;
    assert!(
        unknown.text.contains("“segment=gone” is ignored"),
        "{}",
        unknown.text
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_others_are_made_of_is_not_deleted(pool: PgPool) {
    let served = serve(&pool).await;
    let save = async |name: &str, condition: Value| {
        let segment = json!({ "name": name, "condition": condition });
        ask(&served, SEGMENTS, Some(segment)).await
    };
    let pro = json!({"trait": {"name": "plan", "test": {"is": ["pro"]}}});
    save("Pro", pro).await;
    let (status, others) = save("Others", json!({"not": {"segment": "pro"}})).await;
    assert_eq!((status, &others["customers"]), (StatusCode::OK, &json!(1)));
    let (status, circle) = save("Circle", json!({"segment": "circle"})).await;
    assert_eq!(
        (status, &circle["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("segment_cycle"))
    );
    let asked = served.get("/w/here/segments/saved/pro/delete").await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(
        asked.text.contains("“Others” is made of it"),
        "{}",
        asked.text
    );
    let refused = served.post("/w/here/segments/saved/pro/delete", "").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = "condition=segment%3Aothers&name=Pro&state=living&segment=pro";
    let circle = served.post("/w/here/segments/save", form).await;
    assert_eq!(circle.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        circle.text.contains("would be made of itself"),
        "{}",
        circle.text
    );
    for slug in ["others", "pro"] {
        let page = format!("/w/here/segments/saved/{slug}/delete");
        let asked = served.get(&page).await;
        assert!(asked.text.contains("Delete it"), "{}", asked.text);
        let deleted = served.post(&page, "").await;
        assert_eq!(deleted.location(), "/w/here/segments/saved");
    }
    let gone = served.get("/w/here/segments/saved/pro/delete").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}
