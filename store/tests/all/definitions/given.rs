//! Definitions of all sorts, and customers to try them on.

use crate::world::{World, with_traits};
use analysis::query::{
    ActivityDefinition, ActivityEvent, ActivityRule, AsOf, CohortRange, RetentionQuery, TraitFilter,
};
use jiff::{SignedDuration, Timestamp};
use store::{SaveActivity, Store, Workspace};

pub fn event(name: &str, condition: &str) -> ActivityEvent {
    ActivityEvent {
        event: name.to_owned(),
        conditions: TraitFilter::parse(condition).into_iter().collect(),
    }
}

pub fn workflow(steps: Vec<ActivityEvent>, within: u32, at_least: u32) -> ActivityDefinition {
    ActivityDefinition {
        name: "A workflow".to_owned(),
        rule: ActivityRule::Workflow { steps, within },
        at_least,
    }
}

/// Definitions of all sorts.
pub fn definitions() -> [ActivityDefinition; 4] {
    const DAY: u32 = 86_400;
    let any = vec![event("visit", "size:between:1:9"), event("order", "")];
    [
        ActivityDefinition {
            name: "A visit of some size".to_owned(),
            rule: ActivityRule::AnyOf(any),
            at_least: 1,
        },
        workflow(vec![event("login", ""), event("visit", "")], 30 * DAY, 1),
        workflow(
            vec![
                event("order", ""),
                event("order", ""),
                event("visit", "size:set"),
            ],
            200 * DAY,
            1,
        ),
        workflow(
            vec![event("visit", ""), event("visit", "size:not:30")],
            DAY,
            2,
        ),
    ]
}

pub async fn save(
    store: &Store,
    workspace: &Workspace,
    slug: &str,
    definition: &ActivityDefinition,
) {
    let save = SaveActivity {
        definition: definition.clone(),
        slug: Some(slug.to_owned()),
        default: false,
    };
    let saved = store.save_activity(workspace.id, &save).await.unwrap();
    assert_eq!(saved, slug);
}

pub async fn keep(store: &Store, workspace: &Workspace) -> Workspace {
    store
        .keep_activities(workspace.id, |_, _| {})
        .await
        .unwrap();
    store.workspace(&workspace.slug).await.unwrap()
}

pub async fn nothing_doubtful(store: &Store, workspace: &Workspace) {
    let doubts = store.verify_activities(workspace.id, 1).await.unwrap();
    assert_eq!(doubts, []);
    let doubts = store
        .verify_activity(workspace.id, 1, |_, _| {})
        .await
        .unwrap();
    assert_eq!(doubts, []);
}

/// A hundred customers who visit and order in turn.
pub async fn hundred(store: &Store) -> (Workspace, World) {
    let names: Vec<String> = (0..100).map(|n| format!("customer {n}")).collect();
    let traits: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "{}")).collect();
    let mut world = with_traits(&traits);
    let start: Timestamp = "2024-02-01T08:00:00Z".parse().unwrap();
    for (number, customer) in (0_i64..).zip(&mut world.customers) {
        customer.signup_given = None;
        customer.events = (0..10)
            .map(|turn| {
                let at = start + SignedDuration::from_hours(turn * 31 + number % 7);
                let (name, size) = match turn % 2 {
                    0 => ("visit", serde_json::json!(turn * 10)),
                    _ => ("order", serde_json::json!(number)),
                };
                (name.to_owned(), at, Some(size))
            })
            .collect();
    }
    let workspace = world.store(store, "hundred").await;
    (workspace, world)
}

pub fn asked(slug: &str) -> RetentionQuery {
    RetentionQuery {
        activity: Some(slug.to_owned()),
        cohorts: CohortRange::Between {
            from: "2024-01-29".parse().unwrap(),
            to: None,
        },
        as_of: AsOf::Date("2024-06-01".parse().unwrap()),
        ..RetentionQuery::default()
    }
}
