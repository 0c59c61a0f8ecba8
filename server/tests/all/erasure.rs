//! Erasing a customer by its page.

use crate::access::join;
use crate::served::Served;
use axum::http::StatusCode;
use sqlx::PgPool;
use store::{EventRecord, Role};

fn event(customer: &str, day: u8) -> EventRecord {
    EventRecord {
        customer: customer.into(),
        name: "worked".into(),
        at: format!("2024-01-{day:02}T12:00:00Z").parse().unwrap(),
        properties: None,
        key: None,
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_owner_erases_after_a_look_at_what_goes(pool: PgPool) {
    let served = Served::over(pool.clone());
    let here = served.workspace("here").await;
    let batch = served.store.open_batch(here, "test").await.unwrap();
    let odd = r#"<b>"ann" & co</b>"#;
    let events = [event(odd, 2), event(odd, 9), event("bob", 3)];
    served
        .store
        .write_events(here, batch, &events)
        .await
        .unwrap();

    let asked = served.get("/w/here/erase").await;
    assert!(asked.text.contains("See what is stored"), "{}", asked.text);
    let nobody = served.get("/w/here/erase?customer=carol").await;
    assert!(nobody.text.contains("No customer is stored as “carol”."));
    let query = "customer=%3Cb%3E%22ann%22+%26+co%3C%2Fb%3E";
    let sure = served.get(&format!("/w/here/erase?{query}")).await;
    for part in [
        "Erase “&lt;b&gt;",
        "2 events from 2 Jan 2024 to 9 Jan 2024 and 0 traits are stored of him.",
        "Erase for good",
    ] {
        assert!(sure.text.contains(part), "{part}: {}", sure.text);
    }
    assert!(!sure.text.contains("<b>\"ann\""), "{}", sure.text);

    let gone = served.post("/w/here/erase", query).await;
    assert_eq!(gone.location(), "/w/here/erase?erased=1");
    let told = served.get(gone.location()).await.text;
    assert!(told.contains("Nothing is stored of this customer any more."));
    let left: Vec<(String,)> = sqlx::query_as("select external_id from customer")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(left, [("bob".to_owned(),)]);
    let twice = served.post("/w/here/erase", query).await;
    let nobody = served.get(twice.location()).await.text;
    assert!(nobody.contains("No customer is stored as “&lt;b&gt;"));

    // the log tells that it was done, and not to whom
    let log: Vec<(String, String, String)> =
        sqlx::query_as("select action, subject, details::text from audit")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert!(
        log.iter().any(|(_, subject, _)| subject == "erase"),
        "{log:?}"
    );
    assert!(!format!("{log:?}").contains("ann"), "{log:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nobody_else_is_offered_it(pool: PgPool) {
    let served = Served::over(pool);
    let here = served.workspace("here").await;
    let offered = async |served: &Served| {
        let page = served.get("/w/here/data").await;
        assert_eq!(page.status, StatusCode::OK);
        page.text.contains("/w/here/erase")
    };
    assert!(offered(&served).await);
    let admin = crate::access::admin(&served).await;
    let editor = join(&served.store, here, "ed@example.com", Role::Editor, admin).await;
    let folder = tempfile::tempdir().unwrap();
    let editors = Served::in_folder(served.store.clone(), folder).with_owner(editor);
    assert!(!offered(&editors).await);
}
