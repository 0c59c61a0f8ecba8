//! Keys of programs, and the log of what was done.

use super::{PASSWORD, alive, first, password, workspace};
use crate::role::limited;
use sqlx::PgPool;
use store::{KeyKind, KeyUse, NewKey, Password, Role, StoreError, token_hash};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn keys_open_their_own_workspace_until_they_are_revoked(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let acme = workspace(&store, "acme").await;
    let other = workspace(&store, "other").await;
    let key = async |kind| {
        let new = NewKey {
            kind,
            label: " for the report ".to_owned(),
            by: None,
        };
        store.make_key(acme, &new).await.unwrap().text().to_owned()
    };
    let (read, write) = (key(KeyKind::Read).await, key(KeyKind::Write).await);
    let opens = async |key: &str, slug: &str| store.key(key, Some(slug)).await.unwrap();
    let here = store.workspace("acme").await.unwrap();
    let used = |kind, here| Some(KeyUse { kind, here });
    let (read_here, write_here) = (Some(here.clone()), Some(here));
    assert_eq!(opens(&read, "acme").await, used(KeyKind::Read, read_here));
    assert_eq!(opens(&read, "other").await, used(KeyKind::Read, None));
    assert_eq!(
        opens(&write, "acme").await,
        used(KeyKind::Write, write_here)
    );
    let moved = read.replacen(&format!("_{}_", acme.0), &format!("_{}_", other.0), 1);
    let turned = read.replacen("rk_", "wk_", 1);
    for made_up in [
        "",
        "rk_",
        "rk_1_",
        "rk__x",
        "rk_x_y",
        "rk_99999999999_x",
        "wk_-1_x",
        "é",
        &moved,
        &turned,
    ] {
        assert_eq!(opens(made_up, "acme").await, None, "{made_up}");
    }

    let listed = store.keys(acme).await.unwrap();
    assert_eq!(listed.len(), 2);
    let shown = listed.iter().find(|key| key.kind == KeyKind::Read).unwrap();
    assert!(read.starts_with(&shown.prefix) && shown.prefix.len() < 20);
    assert_eq!(
        (shown.label.as_str(), shown.used.is_some()),
        ("for the report", true)
    );
    let foreign = store.revoke_key(other, shown.id, None).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
    store.revoke_key(acme, shown.id, None).await.unwrap();
    assert_eq!(opens(&read, "acme").await, None);
    let again = store.revoke_key(acme, shown.id, None).await;
    assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
    assert!(store.keys(other).await.unwrap().is_empty());
    let empty = NewKey {
        kind: KeyKind::Read,
        label: " ".to_owned(),
        by: None,
    };
    let refused = store.make_key(acme, &empty).await;
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
    let stored: Vec<Vec<u8>> = sqlx::query_scalar("select hash from api_key")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(stored.contains(&token_hash(&read).to_vec()));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_log_tells_a_workspaces_own_and_no_secret(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let acme = workspace(&store, "acme").await;
    let other = workspace(&store, "other").await;
    let (ada, _) = first(&store).await;
    store
        .set_person(ada, "Ada", "ada@example.com")
        .await
        .unwrap();
    store.set_password(ada, password(), "").await.unwrap();
    store
        .sign_in("ada@example.com", password(), "", None)
        .await
        .unwrap()
        .unwrap();
    let token = store
        .invite(acme, "bob@example.com", Role::Viewer, ada)
        .await
        .unwrap();
    let link = alive(&store, token.text()).await;
    store.join_new(&link, "", password(), "").await.unwrap();
    store
        .note_change(acme, ada, "segments/saved/loyal/delete")
        .await
        .unwrap();
    // Noted beside the answer.
    let wrong = Password::new("not the password");
    assert_eq!(
        store
            .sign_in("ada@example.com", wrong, "", None)
            .await
            .unwrap(),
        None
    );
    let noted = async || {
        let lines = store.audit(acme, None, 100).await.unwrap();
        lines.iter().any(|line| line.action == "failed_to_sign_in")
    };
    let waited = async {
        while !noted().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), waited)
        .await
        .expect("a failure is noted");

    let lines = store.audit(acme, None, 100).await.unwrap();
    let mut told: Vec<(&str, &str)> = lines
        .iter()
        .map(|line| (line.action.as_str(), line.subject.as_str()))
        .collect();
    told.retain(|(action, _)| *action != "failed_to_sign_in");
    told.reverse();
    assert_eq!(
        told,
        [
            ("signed_in", ""),
            ("changed_password", ""),
            ("signed_in", ""),
            ("invited", "bob@example.com"),
            ("joined", "bob@example.com"),
            ("changed", "segments/saved/loyal/delete"),
        ]
    );
    assert!(lines.iter().all(|line| line.who.is_some()));
    let apart = store.audit(other, None, 100).await.unwrap();
    assert!(
        apart.iter().all(|line| line.subject.is_empty()),
        "{apart:?}"
    );

    // In pages: each line once.
    let mut paged = Vec::new();
    let mut before = None;
    loop {
        let page = store.audit(acme, before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        paged.extend(page);
    }
    assert_eq!(paged, lines);

    let all: String = sqlx::query_scalar("select string_agg(audit::text, ' ') from audit")
        .fetch_one(&pool)
        .await
        .unwrap();
    for secret in [PASSWORD, "not the password", token.text()] {
        assert!(!all.contains(secret));
    }
}
