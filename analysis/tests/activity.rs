//! Definitions of activity: limits, texts, words, and when a workflow is completed.

use analysis::candidates::{Usage, candidates, left_out, no_value};
use analysis::query::{
    ActivityDefinition, ActivityEvent, ActivityRule, Draft, EventFilter, RetentionQuery,
    TraitFilter, TraitTest, split_url_query,
};
use analysis::words;
use analysis::workflow::{Moment, completions};
use proptest::collection::vec;
use proptest::prelude::*;

fn event(name: &str, conditions: &[TraitFilter]) -> ActivityEvent {
    ActivityEvent {
        event: name.to_owned(),
        conditions: conditions.to_vec(),
    }
}

fn a_minute() -> TraitFilter {
    TraitFilter {
        name: "watched_seconds".to_owned(),
        test: TraitTest::Between {
            min: Some(60.0),
            max: None,
        },
    }
}

fn workflow(steps: Vec<ActivityEvent>, within: u32) -> ActivityDefinition {
    ActivityDefinition {
        name: "Watched a recommendation".to_owned(),
        rule: ActivityRule::Workflow { steps, within },
        at_least: 1,
    }
}

fn recommended() -> ActivityDefinition {
    workflow(
        vec![
            event("recommendation_opened", &[]),
            event("watched", &[a_minute()]),
        ],
        1_800,
    )
}

#[test]
fn a_definition_is_one_json_value() {
    let json = serde_json::json!({
        "name": "Watched a recommendation",
        "rule": { "workflow": {
            "steps": [
                { "event": "recommendation_opened" },
                { "event": "watched", "where": [
                    { "name": "watched_seconds", "test": { "between": { "min": 60.0, "max": null } } } ] },
            ],
            "within": 1800,
        } },
        "at_least": 1,
    });
    assert_eq!(serde_json::to_value(recommended()).unwrap(), json);
    let read: ActivityDefinition = serde_json::from_value(json).unwrap();
    assert_eq!(read, recommended());
    let short = r#"{"name": "a", "rule": {"any_of": [{"event": "order"}]}}"#;
    let read: ActivityDefinition = serde_json::from_str(short).unwrap();
    assert_eq!((read.at_least, read.rule.is_plain()), (1, true));
    let unknown = r#"{"name": "a", "rule": {"any_of": [{"event": "order", "wher": []}]}}"#;
    assert!(serde_json::from_str::<ActivityDefinition>(unknown).is_err());
}

#[test]
fn limits_have_codes() {
    let plain = |events: &[&str]| {
        ActivityDefinition::of_events("a", events.iter().map(|&name| name.to_owned()))
    };
    let code =
        |definition: &ActivityDefinition| definition.validate().err().map(|error| error.code());
    assert_eq!(code(&plain(&["order"])), None);
    assert_eq!(code(&recommended()), None);
    assert_eq!(code(&plain(&[])), Some("activity_empty"));
    assert_eq!(code(&plain(&["a", "b", "a"])), Some("activity_event_twice"));
    assert_eq!(code(&plain(&[""])), Some("empty_text"));
    let one_step = workflow(vec![event("a", &[])], 60);
    assert_eq!(code(&one_step), Some("workflow_steps"));
    let same_step = workflow(vec![event("a", &[]), event("a", &[])], 60);
    assert_eq!(code(&same_step), None, "twice the same is a workflow");
    let no_time = workflow(same_step.rule.events().to_vec(), 0);
    assert_eq!(code(&no_time), Some("workflow_limit"));
    let too_long = workflow(same_step.rule.events().to_vec(), 367 * 86_400);
    assert_eq!(code(&too_long), Some("workflow_limit"));
    let never = ActivityDefinition {
        at_least: 0,
        ..plain(&["a"])
    };
    assert_eq!(code(&never), Some("min_count"));
    let nameless = ActivityDefinition {
        name: String::new(),
        ..plain(&["a"])
    };
    assert_eq!(code(&nameless), Some("empty_text"));
    let crowded = ActivityDefinition {
        rule: ActivityRule::AnyOf(vec![event("a", &vec![a_minute(); 21])]),
        ..plain(&[])
    };
    assert_eq!(code(&crowded), Some("too_many_filters"));
}

#[test]
fn a_question_names_a_definition_or_events() {
    let named = RetentionQuery {
        activity: Some("watched".to_owned()),
        ..RetentionQuery::default()
    };
    assert_eq!(named.validate(), Ok(()));
    let both = RetentionQuery {
        active: vec!["order".to_owned()],
        ..named.clone()
    };
    assert_eq!(both.validate().unwrap_err().code(), "activity_with_names");
    let wrong = RetentionQuery {
        activity: Some("No Slug".to_owned()),
        ..RetentionQuery::default()
    };
    assert_eq!(wrong.validate().unwrap_err().code(), "activity_slug");

    let params = named.params();
    assert_eq!(params, [("activity", "watched".to_owned())]);
    let pairs = params.iter().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(RetentionQuery::parse(pairs), (named, Vec::new()));
    let pairs = [("activity", "watched"), ("active", "order")];
    let (query, problems) = RetentionQuery::parse(pairs);
    assert_eq!((query.activity, problems.len()), (None, 1));
    let pairs = [
        ("activity", "watched"),
        ("any", "1"),
        ("active_where", ":size:set"),
    ];
    let (query, problems) = RetentionQuery::parse(pairs);
    assert!(query.validate().is_ok() && !query.any_event);
    assert_eq!(problems.len(), 2);
}

#[test]
fn events_with_conditions_become_a_question() {
    let definition = ActivityDefinition {
        rule: ActivityRule::AnyOf(vec![event("watched", &[a_minute()]), event("liked", &[])]),
        at_least: 3,
        ..recommended()
    };
    let mut query = RetentionQuery::default();
    definition.ask_by_events(&mut query);
    assert_eq!(query.active, ["liked", "watched"]);
    let watched = EventFilter {
        event: Some("watched".to_owned()),
        property: a_minute(),
    };
    assert_eq!(
        (&query.active_where[..], query.min_count),
        (&[watched][..], 3)
    );
    assert_eq!(query.validate(), Ok(()));
    let before = query.clone();
    definition.ask_by_events(&mut query);
    assert_eq!(query, before, "asked twice is asked once");
}

#[test]
fn drafts_go_to_addresses_and_back() {
    for definition in [
        recommended(),
        ActivityDefinition::of_events("Orders & more", ["order".to_owned(), "a:b".to_owned()]),
    ] {
        let draft = Draft {
            default: true,
            ..Draft::of(definition, Some("watched".to_owned()))
        };
        let mut url = String::new();
        analysis::query::append_params(&mut url, draft.params());
        let pairs = split_url_query(&url);
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        assert_eq!(Draft::parse(pairs), (draft, Vec::new()), "{url}");
    }
}

#[test]
fn a_form_adds_conditions_and_passes_over_what_is_empty() {
    let form = "name=+Watching+&kind=workflow&event1=open&property1=&test1=at_least&value1=&event2=&property2=x&test2=set\
                &event3=watched&property3=watched_seconds&test3=at_least&value3=60&within=2&unit=hour&min=";
    let pairs = split_url_query(form);
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    // A test without a property is what an empty row of a form sends.
    let (draft, problems) = Draft::parse(pairs);
    assert_eq!(problems, []);
    let steps = vec![event("open", &[]), event("watched", &[a_minute()])];
    let expected = ActivityDefinition {
        name: "Watching".to_owned(),
        ..workflow(steps, 7_200)
    };
    assert_eq!(draft.definition, expected);
    assert_eq!(draft.limit(), (2, "hour"));

    let wrong = [
        ("event1", "watched"),
        ("property1", "seconds"),
        ("test1", "at_least"),
        ("value1", "many"),
        ("within", "0"),
        ("colour", "red"),
    ];
    let (draft, problems) = Draft::parse(wrong);
    assert_eq!(draft.definition.rule.events(), [event("watched", &[])]);
    let named: Vec<&str> = problems
        .iter()
        .map(|problem| problem.param.as_str())
        .collect();
    assert_eq!(named, ["value1", "within", "colour"]);
}

#[test]
fn definitions_read_as_language() {
    assert_eq!(
        words::definition(&recommended()),
        "recommendation_opened, then watched (watched_seconds is at least 60), within 30 minutes"
    );
    let mut plain = ActivityDefinition::of_events("a", ["order".to_owned()]);
    assert_eq!(words::definition(&plain), "order");
    plain.at_least = 3;
    assert_eq!(
        words::definition(&plain),
        "order, at least 3 times a period"
    );
    for (seconds, text) in [
        (1, "1 second"),
        (90, "90 seconds"),
        (3_600, "1 hour"),
        (604_800, "7 days"),
    ] {
        assert_eq!(words::duration(seconds), text);
    }
}

#[test]
fn signing_in_is_never_proposed_however_it_is_spelt() {
    for name in [
        "login",
        "Login",
        "log_in",
        "Logged In",
        "userLoggedIn",
        "USER_LOGGED_IN",
        "user.login",
        "userlogin",
        "sign-in",
        "SignIn",
        "signed_in",
        "sso_login",
        "Session Start",
        "$session_started",
        "logout",
        "signup",
        "Sign Up",
        "user_registered",
        "account_created",
        "$identify",
        "$pageview",
        "page_view",
        "Page Viewed",
        "Viewed Pricing Page",
        "ScreenView",
        "email_opened",
        "Opened Email",
        "newsletter_opened",
        "receipt_delivered",
        "push_received",
        "payment_failed",
        "JSError",
        "app_crashed",
        "exception",
        "invoice_sent",
        "subscription_cancelled",
    ] {
        assert!(no_value(name).is_some(), "{name}");
    }
    for name in [
        "task_completed",
        "comment_added",
        "report_published",
        "board_shared",
        "file_uploaded",
        "export_run",
        "automation_created",
        "guest_invited",
        "template_used",
        "bulk_email_sent",
        "order",
        "visit",
        "catalog_in_use",
        "plugin_added",
        "blog_indexed",
        "pages_exported",
        "video_watched",
        "campaign_created",
    ] {
        assert_eq!(no_value(name), None, "{name}");
    }
}

#[test]
fn candidates_are_what_many_do_and_come_back_to() {
    let usage = |event: &str, customers: u64, regularity: f64| Usage {
        event: event.to_owned(),
        customers,
        of: 100,
        regularity,
    };
    let ranked = candidates(vec![
        usage("rare", 5, 0.9),
        usage("login", 100, 1.0),
        usage("once", 90, 0.05),
        usage("core", 60, 0.5),
        usage("unused", 0, 0.0),
    ]);
    let names: Vec<&str> = ranked.iter().map(|one| one.event.as_str()).collect();
    assert_eq!(names, ["core", "once", "rare"]);
    assert_eq!(
        ranked[0].words(),
        "60\u{a0}% of customers did it, in 50\u{a0}% of the weeks from their first time until they were last seen."
    );
    assert_eq!(
        left_out(["login", "core", "$pageview", "logout"]),
        "signing in or out (login and logout) and looking at a page ($pageview)"
    );
    let opened = |count: u32| (0..count).map(|page| format!("opened_page_{page}"));
    let told = |count| left_out(opened(count).collect::<Vec<_>>().iter().map(String::as_str));
    assert!(told(5).ends_with("opened_page_3 and opened_page_4)"));
    assert!(told(6).ends_with("opened_page_4 and one other)"));
    assert!(told(120).ends_with("opened_page_4 and 115 others)"));
}

#[test]
fn workflows_by_hand() {
    let moments = |told: &[(i64, u32)]| -> Vec<Moment> {
        told.iter()
            .map(|&(at, steps)| Moment { at, steps })
            .collect()
    };
    let check = |told: &[(i64, u32)], steps, limit, expected: &[i64]| {
        assert_eq!(
            completions(&moments(told), steps, limit),
            expected,
            "{told:?}"
        );
    };
    check(&[], 2, 10, &[]);
    check(&[(0, 1), (10, 2)], 2, 10, &[10]);
    check(&[(0, 1), (11, 2)], 2, 10, &[]);
    check(&[(0, 2), (1, 1)], 2, 10, &[]);
    // The later beginning lasts longer.
    check(&[(0, 1), (5, 1), (12, 2)], 2, 10, &[12]);
    // They don't overlap, and don't share an instant.
    check(
        &[(0, 1), (1, 1), (2, 2), (3, 2), (4, 1), (5, 2)],
        2,
        10,
        &[2, 5],
    );
    check(&[(7, 1), (7, 2), (7, 1), (7, 2)], 2, 0, &[7]);
    // One event does not serve two steps, two of an instant do.
    check(&[(7, 3)], 2, 10, &[]);
    check(&[(7, 3), (7, 1)], 2, 10, &[7]);
    check(&[(7, 3), (8, 3), (9, 3), (10, 3)], 2, 10, &[8, 10]);
    check(&[(0, 1), (1, 2), (2, 4)], 3, 1, &[]);
}

/// All ways to serve the steps, tried one by one.
fn can_end(moments: &[Moment], used: &mut Vec<usize>, steps: usize, limit: i64, end: i64) -> bool {
    let step = used.len();
    if step == steps {
        return moments[used[steps - 1]].at == end;
    }
    for place in 0..moments.len() {
        let Moment { at, steps: serves } = moments[place];
        let after = used.last().is_none_or(|&last| moments[last].at <= at);
        let in_time = used
            .first()
            .is_none_or(|&first| at - moments[first].at <= limit);
        if serves >> step & 1 == 1 && after && in_time && at <= end && !used.contains(&place) {
            used.push(place);
            if can_end(moments, used, steps, limit, end) {
                return true;
            }
            used.pop();
        }
    }
    false
}

fn naive(moments: &[Moment], steps: usize, limit: i64) -> Vec<i64> {
    let mut found: Vec<i64> = Vec::new();
    let mut rest = moments.to_vec();
    loop {
        let mut ends: Vec<i64> = rest.iter().map(|moment| moment.at).collect();
        ends.sort_unstable();
        let end = ends
            .into_iter()
            .find(|&end| can_end(&rest, &mut Vec::new(), steps, limit, end));
        let Some(end) = end else { return found };
        found.push(end);
        rest.retain(|moment| moment.at > end);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]
    #[test]
    fn workflows_as_all_ways_tried(
        mut told in vec((0_i64..12, 0_u32..16), 0..9),
        steps in 1_usize..5,
        limit in 0_i64..8,
    ) {
        told.sort_by_key(|(at, _)| *at);
        let moments: Vec<Moment> = told.iter().map(|&(at, steps)| Moment { at, steps }).collect();
        prop_assert_eq!(completions(&moments, steps, limit), naive(&moments, steps, limit));
    }
}
