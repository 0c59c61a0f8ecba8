//! Saved reports and links against Postgres.

use crate::role::limited;
use analysis::saved::{Answer, Label, ReportKind};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use store::{
    EventRecord, NewSharedLink, Pinned, Sharing, Store, StoreError, Workspace, WorkspaceId,
};

async fn workspace(store: &Store, slug: &str) -> Workspace {
    crate::writer::workspace(store, slug).await;
    store.workspace(slug).await.unwrap()
}

fn label(name: &str, folder: &str) -> Label {
    Label {
        name: name.to_owned(),
        description: "Why".to_owned(),
        folder: folder.to_owned(),
    }
}

fn live(report: Option<i32>) -> NewSharedLink {
    NewSharedLink {
        report,
        name: "For the board".to_owned(),
        kind: ReportKind::Retention,
        question: "?grain=month".to_owned(),
        pinned: None,
        withhold: true,
        password_hash: None,
        expires_at: None,
        person: None,
    }
}

async fn write(store: &Store, workspace: WorkspaceId, day: u8) {
    let batch = store.open_batch(workspace, "test").await.unwrap();
    let event = EventRecord {
        customer: "a".into(),
        name: "worked".into(),
        at: format!("2024-01-{day:02}T12:00:00Z").parse().unwrap(),
        properties: None,
        key: Some([day; 16]),
    };
    store
        .write_events(workspace, batch, &[event])
        .await
        .unwrap();
}

fn gone<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotFound)), "{result:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn reports_belong_to_one_workspace(pool: PgPool) {
    let store = limited(pool).await;
    let here = workspace(&store, "here").await.id;
    let there = workspace(&store, "there").await.id;
    let question = (ReportKind::Churn, "?grain=month");
    let save = async |name: &str, folder: &str| {
        let label = label(name, folder);
        store
            .save_report(here, &label, question, None)
            .await
            .unwrap()
    };
    let (b, a, loose) = (
        save("b", "Board").await,
        save("a", "board").await,
        save("z", "").await,
    );
    let all = store.reports(here).await.unwrap();
    let order: Vec<i32> = all.iter().map(|one| one.id).collect();
    assert_eq!(
        order,
        [loose, a, b],
        "by folder and name, whatever the case"
    );
    assert_eq!(all[0].kind, ReportKind::Churn);
    assert_eq!(
        (all[0].question.as_str(), all[0].links),
        ("?grain=month", 0)
    );
    assert_eq!(store.reports(there).await.unwrap(), []);

    gone(store.report(there, a).await);
    gone(store.label_report(there, a, &label("x", "")).await);
    gone(store.change_report(there, a, question).await);
    gone(store.delete_report(there, a).await);
    gone(
        store
            .change_report(here, a, (ReportKind::Retention, ""))
            .await,
    );

    store
        .label_report(here, a, &label("new", "New"))
        .await
        .unwrap();
    store
        .change_report(here, a, (ReportKind::Churn, "?grain=day"))
        .await
        .unwrap();
    let changed = store.report(here, a).await.unwrap();
    assert_eq!(
        (changed.label, changed.question.as_str()),
        (label("new", "New"), "?grain=day")
    );
    assert!(changed.changed_at > all[1].changed_at);

    let (_, token) = store.make_link(here, &live(Some(a))).await.unwrap();
    let (other, kept) = store.make_link(here, &live(None)).await.unwrap();
    let foreign = store.make_link(there, &live(Some(a))).await;
    assert!(
        matches!(foreign, Err(StoreError::Conflict(_))),
        "{foreign:?}"
    );
    assert_eq!(store.report(here, a).await.unwrap().links, 1);
    let open = async |token: &str| store.open_link(token, Timestamp::now()).await.unwrap();
    assert!(open(token.text()).await.is_some());
    store.delete_report(here, a).await.unwrap();
    assert_eq!(open(token.text()).await, None, "its links go with it");
    assert_eq!(open(kept.text()).await.map(|link| link.id), Some(other));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_opens_its_link_while_it_answers(pool: PgPool) {
    let store = limited(pool).await;
    let here = workspace(&store, "here").await.id;
    let there = workspace(&store, "there").await.id;
    let now = Timestamp::now();
    let hours = |hours: i64| now + SignedDuration::from_hours(hours);
    let new = NewSharedLink {
        expires_at: Some(hours(24)),
        password_hash: Some("$argon2id$…".to_owned()),
        ..live(None)
    };
    let (id, token) = store.make_link(here, &new).await.unwrap();
    let at = async |token: &str, at| store.open_link(token, at).await.unwrap();
    let opened = at(token.text(), now).await.unwrap();
    assert_eq!(
        (opened.workspace, opened.slug.as_str(), opened.id),
        (here, "here", id)
    );
    assert_eq!(
        (opened.kind, opened.question.as_str()),
        (ReportKind::Retention, "?grain=month")
    );
    assert_eq!(
        (opened.pinned, opened.withhold, opened.password_version),
        (false, true, 1)
    );
    assert_eq!(at(token.text(), hours(25)).await, None, "it has ended");
    for odd in [
        "",
        "x",
        "' or true --",
        "\0",
        &"x".repeat(101),
        &token.text()[1..],
    ] {
        assert_eq!(at(odd, now).await, None, "{odd}");
    }

    let second = store.rotate_link(here, id, hours(2)).await.unwrap();
    for (time, works) in [(1, true), (3, false)] {
        assert_eq!(at(token.text(), hours(time)).await.is_some(), works);
        assert!(at(second.text(), hours(time)).await.is_some());
    }
    let shown = store.shared_link(here, id).await.unwrap();
    assert_eq!(
        shown.old_until.map(|end| end.as_second()),
        Some(hours(2).as_second())
    );
    let third = store.rotate_link(here, id, hours(10)).await.unwrap();
    assert!(
        at(token.text(), hours(3)).await.is_none(),
        "its end is not put off"
    );
    store.end_old_addresses(here, id).await.unwrap();
    assert!(at(second.text(), now).await.is_none());
    assert!(at(third.text(), now).await.is_some());

    gone(store.shared_link(there, id).await);
    gone(store.revoke_link(there, id).await);
    gone(store.rotate_link(there, id, now).await);
    gone(store.set_link_password(there, id, None).await);
    store.end_old_addresses(there, id).await.unwrap();
    store.count_views(there, id, 7, now).await.unwrap();
    assert_eq!(store.shared_links(there, None).await.unwrap(), []);

    store.set_link_password(here, id, None).await.unwrap();
    let opened = at(third.text(), now).await.unwrap();
    assert_eq!((opened.password_hash, opened.password_version), (None, 2));
    store.count_views(here, id, 2, hours(1)).await.unwrap();
    store.count_views(here, id, 1, now).await.unwrap();
    let shown = store.shared_link(here, id).await.unwrap();
    assert_eq!(shown.views, 3);
    assert_eq!(
        shown.last_view_at.map(|at| at.as_second()),
        Some(hours(1).as_second())
    );

    let mut sharing = store.sharing(here).await.unwrap();
    assert_eq!((sharing.allowed, sharing.origins.len()), (true, 0));
    sharing = Sharing {
        allowed: false,
        origins: vec!["https://wiki.example.com".to_owned()],
    };
    store.set_sharing(here, &sharing).await.unwrap();
    assert_eq!(store.sharing(here).await.unwrap(), sharing);
    assert!(store.sharing(there).await.unwrap().allowed);
    assert_eq!(at(third.text(), now).await, None);
    sharing.allowed = true;
    store.set_sharing(here, &sharing).await.unwrap();
    assert_eq!(
        at(third.text(), now).await.unwrap().origins,
        sharing.origins
    );

    store.revoke_link(here, id).await.unwrap();
    assert_eq!(at(third.text(), now).await, None);
    gone(store.revoke_link(here, id).await);
    gone(store.rotate_link(here, id, now).await);
    assert!(!store.shared_link(here, id).await.unwrap().answers(now));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_pinned_answer_comes_back_as_it_was(pool: PgPool) {
    let store = limited(pool).await;
    let here = workspace(&store, "here").await;
    let there = workspace(&store, "there").await.id;
    write(&store, here.id, 1).await;
    let (data, batch) = store.data_version(here.id).await.unwrap();
    let query = analysis::query::RetentionQuery {
        active: vec!["worked".to_owned()],
        ..Default::default()
    };
    let report = store.retention(&here, &query, Timestamp::now()).await;
    let pinned = Pinned {
        at: "2026-01-02T03:04:05.678901Z".parse().unwrap(),
        data: data.clone(),
        batch,
        activity: Some(("active".to_owned(), 3)),
        answer: Answer::Retention(Box::new(report.unwrap())),
    };
    let new = NewSharedLink {
        pinned: Some(pinned.clone()),
        ..live(None)
    };
    let (id, token) = store.make_link(here.id, &new).await.unwrap();
    assert_eq!(store.pinned(here.id, id).await.unwrap(), pinned);
    gone(store.pinned(there, id).await);
    let shown = store.shared_link(here.id, id).await.unwrap();
    assert_eq!(shown.pinned_at, Some(pinned.at));
    assert!(
        store
            .open_link(token.text(), Timestamp::now())
            .await
            .unwrap()
            .unwrap()
            .pinned
    );
    let (id, _) = store.make_link(here.id, &live(None)).await.unwrap();
    gone(store.pinned(here.id, id).await);

    // what an answer follows from changes with rows, segments and settings of this workspace, and with nothing else
    let same = store.data_version(here.id).await.unwrap();
    assert_eq!(same, (data.clone(), batch));
    write(&store, there, 1).await;
    assert_eq!(store.data_version(here.id).await.unwrap(), same);
    let mut seen = vec![same.0];
    let now = Timestamp::now();
    write(&store, here.id, 2).await;
    seen.push(store.data_version(here.id).await.unwrap().0);
    store.set_active_events(here.id, &["worked"]).await.unwrap();
    seen.push(store.data_version(here.id).await.unwrap().0);
    let segment = store::NewSegment {
        slug: "all".to_owned(),
        name: "All".to_owned(),
        description: String::new(),
    };
    let everybody = analysis::segment::Condition::EVERYBODY;
    store
        .save_segment(here.id, &segment, &everybody)
        .await
        .unwrap();
    seen.push(store.data_version(here.id).await.unwrap().0);
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count, "{seen:?}");
    let since = store.written_since(here.id, batch, now).await.unwrap();
    assert_eq!((since.batches, since.segments), (1, 1));
    let since = store
        .written_since(there, i32::MAX, Timestamp::now())
        .await
        .unwrap();
    assert_eq!((since.batches, since.segments), (0, 0));
}
