//! People: sessions, links that lead in once, and roles.

mod programs;

use crate::role::limited;
use crate::writer::workspace;
use sqlx::PgPool;
use store::{
    Caller, Link, LinkFor, Password, PersonId, Role, Store, StoreError, WorkspaceId, token_hash,
};

const PASSWORD: &str = "kelp tide rope anchor";

fn password() -> Password {
    Password::new(PASSWORD)
}

/// The first owner, signed in: number and session.
async fn first(store: &Store) -> (PersonId, String) {
    let token = store.first_link().await.unwrap().unwrap();
    let link = alive(store, token.text()).await;
    let LinkFor::First(person) = &link.leads else {
        panic!("{link:?}");
    };
    let session = store.enter_first(&link, person.id, "").await.unwrap();
    (person.id, session.text().to_owned())
}

async fn alive(store: &Store, token: &str) -> Link {
    store.link(token).await.unwrap().expect("the link is alive")
}

async fn who(store: &Store, session: &str, slug: &str) -> Option<Caller> {
    store.caller(session, Some(slug)).await.unwrap()
}

/// Somebody invited as this, who joined: number and session.
async fn joined(
    store: &Store,
    workspace: WorkspaceId,
    email: &str,
    role: Role,
    by: PersonId,
) -> (PersonId, String) {
    let token = store.invite(workspace, email, role, by).await.unwrap();
    let link = alive(store, token.text()).await;
    let session = store.join_new(&link, "", password(), "").await.unwrap();
    let caller = store.caller(session.text(), None).await.unwrap().unwrap();
    (caller.person.id, session.text().to_owned())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_first_owner_comes_in_once_and_owns_what_is_and_what_comes(pool: PgPool) {
    let store = limited(pool.clone()).await;
    workspace(&store, "before").await;
    let old = store.first_link().await.unwrap().unwrap();
    let token = store.first_link().await.unwrap().unwrap();
    assert!(
        store.link(old.text()).await.unwrap().is_none(),
        "an old one is dead"
    );
    let link = alive(&store, token.text()).await;
    let LinkFor::First(person) = &link.leads else {
        panic!("{link:?}");
    };
    assert!(person.admin && !person.has_password && person.email.is_none());
    let session = store
        .enter_first(&link, person.id, "Firefox")
        .await
        .unwrap();
    let again = store.enter_first(&link, person.id, "").await;
    assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
    assert!(store.link(token.text()).await.unwrap().is_none());
    workspace(&store, "after").await;
    for slug in ["before", "after"] {
        let caller = who(&store, session.text(), slug).await.unwrap();
        assert!(caller.may(Role::Owner), "{slug}");
    }
    assert_eq!(
        who(&store, session.text(), "nowhere").await.unwrap().role,
        None
    );

    // He is in: there is no other link, until his session ends without a password.
    assert_eq!(store.first_link().await.unwrap(), None);
    store.sign_out(session.text()).await.unwrap();
    assert!(who(&store, session.text(), "before").await.is_none());
    let back = store.first_link().await.unwrap().unwrap();
    let link = alive(&store, back.text()).await;
    assert!(matches!(&link.leads, LinkFor::First(one) if one.id == person.id));
    store
        .set_person(person.id, "Ada", "ada@example.com")
        .await
        .unwrap();
    store.set_password(person.id, password(), "").await.unwrap();
    assert_eq!(store.first_link().await.unwrap(), None);

    // Nothing that opens anything is stored as it is.
    let hashes: Vec<Vec<u8>> =
        sqlx::query_scalar("select hash from session union select hash from one_time_link")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert!(hashes.contains(&token_hash(back.text()).to_vec()));
    assert!(
        hashes
            .iter()
            .all(|hash| hash.len() == 32 && hash != back.text().as_bytes())
    );
    let stored: String = sqlx::query_scalar("select password_hash from person")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=47104,t=1,p=1$") && !stored.contains(PASSWORD));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_session_is_new_at_each_sign_in_and_ends(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let acme = workspace(&store, "acme").await;
    let (ada, before) = first(&store).await;
    store
        .set_person(ada, "Ada", "ada@example.com")
        .await
        .unwrap();
    let session = store.set_password(ada, password(), "").await.unwrap();
    assert!(
        who(&store, &before, "acme").await.is_none(),
        "a password ends what was before"
    );

    // What the browser brought does not live on: whoever planted it has nothing.
    let planted = session.text();
    let sign_in = async |email: &str, typed: &str, old: Option<&str>| {
        store
            .sign_in(email, Password::new(typed), "", old)
            .await
            .unwrap()
    };
    let fresh = sign_in(" Ada@Example.com", PASSWORD, Some(planted))
        .await
        .unwrap();
    assert_ne!(fresh.text(), planted);
    assert!(who(&store, planted, "acme").await.is_none());
    assert!(who(&store, fresh.text(), "acme").await.is_some());
    for (email, typed) in [
        ("ada@example.com", "wrong"),
        ("ada@example.com", ""),
        ("nobody@example.com", PASSWORD),
        ("ada@example.com\0", "x"),
        ("", ""),
    ] {
        assert_eq!(sign_in(email, typed, None).await, None, "{email:?}");
    }
    for made_up in ["", "x", &fresh.text()[1..], &format!("{}x", fresh.text())] {
        assert!(who(&store, made_up, "acme").await.is_none(), "{made_up}");
    }

    // Idle, and old.
    let age = async |column: &str, days: i32| {
        let (seen, created) = match column {
            "seen" => (days, 0),
            _ => (0, days),
        };
        sqlx::query(
            "update session set seen_at = now() - make_interval(days => $1), created_at = now() - make_interval(days => $2)",
        )
        .bind(seen)
        .bind(created)
        .execute(&pool)
        .await
        .unwrap();
    };
    age("seen", 13).await;
    assert!(who(&store, fresh.text(), "acme").await.is_some());
    age("seen", 14).await;
    assert!(who(&store, fresh.text(), "acme").await.is_none());
    age("created", 59).await;
    assert!(who(&store, fresh.text(), "acme").await.is_some());
    age("created", 60).await;
    assert!(who(&store, fresh.text(), "acme").await.is_none());

    // Everywhere, and one of one's own only.
    let one = sign_in("ada@example.com", PASSWORD, None).await.unwrap();
    let other = sign_in("ada@example.com", PASSWORD, None).await.unwrap();
    let (bob, his) = joined(&store, acme, "bob@example.com", Role::Viewer, ada).await;
    let number = who(&store, one.text(), "acme").await.unwrap().session;
    store.end_sessions(bob, Some(number)).await.unwrap();
    assert!(
        who(&store, one.text(), "acme").await.is_some(),
        "another's can't be ended"
    );
    assert_eq!(store.sessions(ada).await.unwrap().len(), 2);
    store.end_sessions(ada, None).await.unwrap();
    for session in [&one, &other] {
        assert!(who(&store, session.text(), "acme").await.is_none());
    }
    assert!(who(&store, &his, "acme").await.is_some());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_invitation_puts_one_person_into_one_workspace(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let acme = workspace(&store, "acme").await;
    let (ada, _) = first(&store).await;
    let other = workspace(&store, "other").await;

    let dead = store
        .invite(acme, "bob@example.com", Role::Viewer, ada)
        .await
        .unwrap();
    let token = store
        .invite(acme, "bob@example.com", Role::Editor, ada)
        .await
        .unwrap();
    assert!(store.link(dead.text()).await.unwrap().is_none());
    let link = alive(&store, token.text()).await;
    let session = store.join_new(&link, "Bob", password(), "").await.unwrap();
    let bob = who(&store, session.text(), "acme").await.unwrap();
    assert_eq!(bob.role, Some((acme, Role::Editor)));
    assert!(!bob.person.admin);
    assert_eq!(
        who(&store, session.text(), "other").await.unwrap().role,
        None
    );
    let twice = store.join_new(&link, "", password(), "").await;
    assert!(matches!(twice, Err(StoreError::Refused(_))), "{twice:?}");
    let inside = store
        .invite(acme, "bob@example.com", Role::Owner, ada)
        .await;
    assert!(matches!(inside, Err(StoreError::Refused(_))), "{inside:?}");

    // Who has a password already needs it: the link alone signs nobody in.
    let token = store
        .invite(other, "bob@example.com", Role::Viewer, ada)
        .await
        .unwrap();
    let link = alive(&store, token.text()).await;
    assert!(
        matches!(&link.leads, LinkFor::Invite { known: Some(person), .. } if *person == bob.person.id)
    );
    let taken = store
        .join_new(&link, "", Password::new("another password"), "")
        .await;
    assert!(matches!(taken, Err(StoreError::Refused(_))), "{taken:?}");
    let stranger = store.join_as(&link, ada).await;
    assert!(
        matches!(stranger, Err(StoreError::NotFound)),
        "{stranger:?}"
    );
    store.join_as(&link, bob.person.id).await.unwrap();
    assert!(
        who(&store, session.text(), "other")
            .await
            .unwrap()
            .may(Role::Viewer)
    );

    // Taken back, and expired.
    store
        .invite(acme, "cy@example.com", Role::Viewer, ada)
        .await
        .unwrap();
    let token = store
        .invite(acme, "di@example.com", Role::Viewer, ada)
        .await
        .unwrap();
    let waiting = store.invitations(acme).await.unwrap();
    let emails: Vec<&str> = waiting.iter().map(|one| one.email.as_str()).collect();
    assert_eq!(emails, ["di@example.com", "cy@example.com"]);
    let foreign = store.withdraw_invitation(other, waiting[0].id, ada).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
    store
        .withdraw_invitation(acme, waiting[0].id, ada)
        .await
        .unwrap();
    assert!(store.link(token.text()).await.unwrap().is_none());
    let token = store
        .invite(acme, "ed@example.com", Role::Viewer, ada)
        .await
        .unwrap();
    let link = alive(&store, token.text()).await;
    sqlx::query("update one_time_link set expires_at = now()")
        .execute(&pool)
        .await
        .unwrap();
    assert!(store.link(token.text()).await.unwrap().is_none());
    let late = store.join_new(&link, "", password(), "").await;
    assert!(matches!(late, Err(StoreError::NotFound)), "{late:?}");
    let people = store.people().await.unwrap();
    assert!(
        people
            .iter()
            .all(|one| one.email.as_deref() != Some("ed@example.com")),
        "nobody was made"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_lost_password_is_set_once_by_a_link(pool: PgPool) {
    let store = limited(pool).await;
    let acme = workspace(&store, "acme").await;
    let (ada, _) = first(&store).await;
    let (bob, session) = joined(&store, acme, "bob@example.com", Role::Viewer, ada).await;
    let nobody = store.reset_link("nobody@example.com", 1).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)), "{nobody:?}");
    let old = store.reset_link("bob@example.com", 1).await.unwrap();
    let token = store.reset_link("bob@example.com", 1).await.unwrap();
    assert!(store.link(old.text()).await.unwrap().is_none());
    let link = alive(&store, token.text()).await;
    let new = || Password::new("salt wind over stones");
    let entered = store.reset_password(&link, bob, new(), "").await.unwrap();
    assert!(
        who(&store, &session, "acme").await.is_none(),
        "whoever had the old one is out"
    );
    assert!(who(&store, entered.text(), "acme").await.is_some());
    let again = store.reset_password(&link, bob, password(), "").await;
    assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
    assert!(store.knows_password(bob, new()).await.unwrap());
    assert!(!store.knows_password(bob, password()).await.unwrap());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn roles_change_at_once_and_an_owner_stays(pool: PgPool) {
    let store = limited(pool).await;
    let acme = workspace(&store, "acme").await;
    let (ada, hers) = first(&store).await;
    let (bob, his) = joined(&store, acme, "bob@example.com", Role::Viewer, ada).await;
    let other = workspace(&store, "other").await;

    for (person, change) in [
        (ada, store.change_role(acme, ada, Role::Editor, ada).await),
        (ada, store.remove_person(acme, ada, ada).await),
    ] {
        assert!(
            matches!(change, Err(StoreError::Refused(_))),
            "{person:?}: {change:?}"
        );
    }
    let role = async |session: &str| who(&store, session, "acme").await.unwrap().role;
    assert_eq!(role(&his).await, Some((acme, Role::Viewer)));
    store
        .change_role(acme, bob, Role::Owner, ada)
        .await
        .unwrap();
    assert_eq!(role(&his).await, Some((acme, Role::Owner)));
    let stranger = store.change_role(other, bob, Role::Owner, ada).await;
    assert!(
        matches!(stranger, Err(StoreError::NotFound)),
        "{stranger:?}"
    );

    // Two owners who remove each other at once: one of them stays.
    let (one, two) = tokio::join!(
        store.remove_person(acme, ada, bob),
        store.remove_person(acme, bob, ada)
    );
    assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
    assert_ne!(role(&hers).await.is_some(), role(&his).await.is_some());
    let left = store.people_of(acme).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].role, Role::Owner);
}
