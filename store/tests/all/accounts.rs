//! Accounts and contracts against Postgres.

use crate::role::limited;
use analysis::period::WeekStart;
use serde_json::{Value, json};
use sqlx::PgPool;
use store::{AccountRow, ContractRow, NewWorkspace, Store, StoreError, WorkspaceId, Written};

async fn workspace(store: &Store) -> WorkspaceId {
    let new = NewWorkspace {
        slug: "here".to_owned(),
        name: "Here".to_owned(),
        zone: "UTC".to_owned(),
        week_start: WeekStart::Monday,
        currency: "EUR".to_owned(),
    };
    store.create_workspace(&new).await.unwrap().id
}

fn written(stored: u64, duplicates: u64) -> Written {
    Written {
        stored,
        duplicates,
        ..Written::default()
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn stores_accounts_and_their_contracts(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store).await;
    let account = |id: &str, traits: &Value| AccountRow {
        account: id.to_owned(),
        traits: traits.as_object().unwrap().clone(),
    };
    let rows = [
        account("acme", &json!({"size": 10})),
        account("bolt", &json!({})),
        account("acme", &json!({"industry": "music"})),
    ];
    assert_eq!(
        store.write_accounts(here, &rows).await.unwrap(),
        written(2, 1)
    );
    assert_eq!(
        store.write_accounts(here, &rows).await.unwrap(),
        written(0, 3)
    );
    let contract = |account: &str, id: &str, monthly| ContractRow {
        account: account.to_owned(),
        contract: id.to_owned(),
        starts_on: "2024-02-29".parse().unwrap(),
        ends_on: Some("2024-12-31".parse().unwrap()),
        cancelled_on: None,
        monthly_minor: monthly,
        plan: Some("pro".to_owned()),
    };
    let rows = [contract("acme", "c1", 100), contract("bolt", "c1b", 200)];
    assert_eq!(
        store.write_contracts(here, &rows).await.unwrap(),
        written(2, 0)
    );
    let changed = [contract("acme", "c1", 150), contract("bolt", "c1b", 200)];
    assert_eq!(
        store.write_contracts(here, &changed).await.unwrap(),
        written(1, 1)
    );
    let stored: Vec<(String, String, String, String, Option<String>, i64)> = sqlx::query_as(
        "select account_id, contract_id, starts_on::text, ends_on::text, cancelled_on::text, monthly_minor
         from contract order by 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let row = |account: &str, id: &str, monthly| {
        (
            account.into(),
            id.into(),
            "2024-02-29".into(),
            "2024-12-31".into(),
            None,
            monthly,
        )
    };
    assert_eq!(stored, [row("acme", "c1", 150), row("bolt", "c1b", 200)]);
    let orphan = [contract("nobody", "c9", 1)];
    assert!(matches!(
        store.write_contracts(here, &orphan).await,
        Err(StoreError::Conflict(_))
    ));
}
