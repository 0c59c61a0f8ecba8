//! Small worlds to ask questions of: random ones of the nastiest kind, real ones, and hand-made ones.

use analysis::period::WeekStart;
use analysis::query::{
    BeforeStart, Behaviour, Bracket, ColumnZero, EventFilter, RetentionKind, RetentionQuery,
    StartRule, TraitFilter, TraitTest, Window,
};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use store::{CustomerRecord, EventRecord, NewWorkspace, Store, Workspace};

/// An event's name, its instant, and its property `size`.
pub type Told = (String, Timestamp, Option<Value>);

#[derive(Clone, Debug)]
pub struct Customer {
    pub id: String,
    pub signup_given: Option<Timestamp>,
    pub traits: Map<String, Value>,
    pub events: Vec<Told>,
}

impl Customer {
    /// The signup trait, else the first event.
    pub fn signup(&self) -> Option<Timestamp> {
        self.signup_given
            .or_else(|| self.events.iter().map(|(_, at, _)| *at).min())
    }

    pub fn record(&self) -> CustomerRecord {
        CustomerRecord {
            customer: self.id.clone(),
            signup_at: self.signup_given,
            account: None,
            traits: self.traits.clone(),
        }
    }

    /// One of his events; its key is his and the number's, as a key from a file is.
    pub fn event(&self, number: usize, (name, at, size): &Told) -> EventRecord {
        let mut his = DefaultHasher::new();
        self.id.hash(&mut his);
        let key = u128::from(his.finish()) << 64 | u128::try_from(number).unwrap();
        EventRecord {
            customer: self.id.as_str().into(),
            name: name.as_str().into(),
            at: *at,
            properties: size
                .as_ref()
                .map(|size| Map::from_iter([("size".to_owned(), size.clone())])),
            key: Some(key.to_be_bytes()),
        }
    }

    /// His events, numbered by their places.
    pub fn event_records(&self) -> impl Iterator<Item = EventRecord> {
        let numbered = self.events.iter().enumerate();
        numbered.map(|(number, told)| self.event(number, told))
    }
}

#[derive(Clone, Debug)]
pub struct World {
    pub zone: String,
    pub week_start: WeekStart,
    pub customers: Vec<Customer>,
    pub filters: Vec<TraitFilter>,
    pub from: Date,
    pub as_of: Timestamp,
}

impl World {
    /// Writes everything into a workspace of its own.
    pub async fn store(&self, store: &Store, slug: &str) -> Workspace {
        let workspace = store
            .create_workspace(&NewWorkspace {
                slug: slug.to_owned(),
                name: slug.to_owned(),
                zone: self.zone.clone(),
                week_start: self.week_start,
                currency: "EUR".to_owned(),
            })
            .await
            .unwrap();
        let batch = store.open_batch(workspace.id, "test").await.unwrap();
        let customers: Vec<CustomerRecord> = self.customers.iter().map(Customer::record).collect();
        store
            .write_customers(workspace.id, &customers)
            .await
            .unwrap();
        let events = self.customers.iter().flat_map(Customer::event_records);
        let events: Vec<EventRecord> = events.collect();
        store
            .write_events(workspace.id, batch, &events)
            .await
            .unwrap();
        workspace
    }
}

/// Instants that are likely to hurt: around the nights in which clocks change, around year, leap day and week ends.
fn instants() -> impl Strategy<Value = Timestamp> {
    let hard = [
        "2024-02-29T00:00:00Z",
        "2024-03-10T09:59:59.999999Z",
        "2024-03-31T01:00:00Z",
        "2024-04-01T00:00:00Z",
        "2024-10-27T00:59:59Z",
        "2024-10-27T01:00:00Z",
        "2024-11-03T06:30:00Z",
        "2024-12-29T23:59:59.999999Z",
        "2024-12-30T00:00:00Z",
        "2024-12-31T23:00:00Z",
        "2025-01-01T00:00:00Z",
        "2025-01-05T18:15:00Z",
    ]
    .map(|text| text.parse::<Timestamp>().unwrap());
    let anchor = prop_oneof![
        select(hard.to_vec()),
        (0_i64..400).prop_map(|day| "2024-01-20T00:00:00Z".parse::<Timestamp>().unwrap()
            + SignedDuration::from_hours(day * 24)),
    ];
    // Postgres keeps microseconds, so finer ones would be lost on the way.
    let shift = prop_oneof![
        Just(0_i64),
        Just(-1),
        Just(1),
        (-14_i64..15).prop_map(|hours| hours * 3_600_000_000),
        (-96_i64..97).prop_map(|quarters| quarters * 900_000_000),
        -90_000_000_000_i64..90_000_000_000,
    ];
    (anchor, shift).prop_map(|(anchor, shift)| anchor + SignedDuration::from_micros(shift))
}

fn customers() -> impl Strategy<Value = Vec<Customer>> {
    let names = select(vec!["visit", "order", "login"]).prop_map(str::to_owned);
    let traits = (
        option::of(select(vec![
            json!("pro"),
            json!("free"),
            json!(null),
            json!(true),
        ])),
        option::of(prop_oneof![
            (0_i64..40).prop_map(|seats| json!(seats)),
            Just(json!("many"))
        ]),
    )
        .prop_map(|(plan, seats)| {
            let pairs = [("plan", plan), ("seats", seats)];
            pairs
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect::<Map<String, Value>>()
        });
    let sizes = option::of(select(vec![
        json!("large"),
        json!(3),
        json!(30),
        json!(null),
    ]));
    let customer = (
        option::of(instants()),
        traits,
        vec((names, instants(), sizes), 0..12),
    );
    vec(customer, 0..25).prop_map(|list| {
        list.into_iter()
            .enumerate()
            .map(|(number, (signup_given, traits, events))| Customer {
                id: format!("customer {number}"),
                signup_given,
                traits,
                events,
            })
            .collect()
    })
}

fn filters() -> impl Strategy<Value = Vec<TraitFilter>> {
    let words = vec(
        select(vec!["pro", "free", "true"]).prop_map(str::to_owned),
        1..3,
    );
    let test = prop_oneof![
        words.clone().prop_map(TraitTest::Is),
        words.prop_map(TraitTest::IsNot),
        Just(TraitTest::Set),
        Just(TraitTest::Unset),
        (option::of(0.0..20.0), 20.0..40.0).prop_map(|(min, max)| TraitTest::Between {
            min,
            max: Some(max)
        }),
        (0.0..20.0).prop_map(|min| TraitTest::Between {
            min: Some(min),
            max: None
        }),
    ];
    let filter = (select(vec!["plan", "seats"]), test).prop_map(|(name, test)| TraitFilter {
        name: name.to_owned(),
        test,
    });
    // Mostly none: filters leave few people to count.
    prop_oneof![3 => Just(Vec::new()), 2 => vec(filter, 1..3)]
}

/// Random worlds.
pub fn worlds() -> impl Strategy<Value = World> {
    let zones = select(vec![
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/Los_Angeles",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "Pacific/Kiritimati",
        "America/Havana",
        "Australia/Lord_Howe",
    ]);
    let as_of = prop_oneof![Just("2025-03-01T00:00:00Z".parse().unwrap()), instants()];
    (
        zones,
        select(vec![WeekStart::Monday, WeekStart::Sunday]),
        customers(),
        filters(),
        as_of,
    )
        .prop_map(|(zone, week_start, customers, filters, as_of)| World {
            zone: zone.to_owned(),
            week_start,
            customers,
            filters,
            from: "2024-01-17".parse().unwrap(),
            as_of,
        })
}

/// A question of a kind, with random settings that fit it.
pub fn settings(kind: RetentionKind) -> impl Strategy<Value = RetentionQuery> {
    let brackets = select(vec!["1-3,4-6,7-13", "1-1,3-", "2-5", "1-40", "6-"]).prop_map(|list| {
        let brackets = list.split(',').map(|text| text.parse::<Bracket>());
        brackets.collect::<Result<Vec<_>, _>>().unwrap()
    });
    let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
    let active = select(vec![names(&["visit"]), names(&["order", "visit"]), vec![]]);
    let start_events = select(vec![names(&["visit"]), names(&["login", "order"]), vec![]]);
    let conditions = || {
        let list = vec![
            "",
            "",
            ":size:is:large",
            "visit:size:between:1:9",
            ":size:not:30",
            "order:size:set",
        ];
        select(list).prop_map(|text| EventFilter::parse(text).into_iter().collect::<Vec<_>>())
    };
    let asked = vec![
        "",
        "",
        "",
        "did:visit:2",
        "not:order:1:0-7",
        "did:login:1:2-90",
    ];
    let behaviours = select(asked).prop_map(|text| Behaviour::parse(text).into_iter().collect());
    (
        (
            brackets,
            select(vec![None, None, Some(1), Some(2), Some(6), Some(30)]),
        ),
        select(ColumnZero::ALL.to_vec()),
        (active, select(vec![1, 1, 1, 2, 3])),
        select(Window::ALL.to_vec()),
        (select(StartRule::ALL.to_vec()), start_events),
        select(BeforeStart::ALL.to_vec()),
        (conditions(), conditions(), behaviours),
    )
        .prop_map(
            move |(
                (brackets, follow_up),
                column_zero,
                (active, min_count),
                window,
                start,
                before,
                conditions,
            )| {
                let (start, start_events): (StartRule, Vec<String>) = start;
                let active: Vec<String> = active;
                let (active_where, start_where, behaviours) = conditions;
                let about = |filters: Vec<EventFilter>, names: &[String]| -> Vec<EventFilter> {
                    let counts = |filter: &EventFilter| match &filter.event {
                        Some(event) => names.is_empty() || names.contains(event),
                        None => true,
                    };
                    filters.into_iter().filter(counts).collect()
                };
                let mut query = RetentionQuery {
                    kind,
                    column_zero,
                    follow_up,
                    any_event: active.is_empty(),
                    active_where: about(active_where, &active),
                    behaviours,
                    active,
                    min_count,
                    window,
                    start,
                    ..RetentionQuery::default()
                };
                if kind == RetentionKind::Brackets {
                    query.brackets = brackets;
                }
                if query.validate().is_err() {
                    query.follow_up = None;
                }
                if start != StartRule::Signup {
                    query.start_where = about(start_where, &start_events);
                    query.start_events = start_events;
                }
                if window == Window::Calendar {
                    query.before_start = before;
                }
                query
            },
        )
}

/// Customers who differ in nothing but their traits (as JSON); each visited once on 1 May 2025.
pub fn with_traits(list: &[(&str, &str)]) -> World {
    let day: Timestamp = "2025-05-01T12:00:00Z".parse().unwrap();
    World {
        zone: "UTC".to_owned(),
        week_start: WeekStart::Monday,
        customers: list
            .iter()
            .map(|(id, traits)| Customer {
                id: (*id).to_owned(),
                signup_given: None,
                traits: serde_json::from_str(traits).unwrap(),
                events: vec![("visit".to_owned(), day, None)],
            })
            .collect(),
        filters: Vec::new(),
        from: "2025-04-28".parse().unwrap(),
        as_of: "2025-05-05T00:00:00Z".parse().unwrap(),
    }
}

/// The real events, read in the plainest way.
pub fn contributors(folder: &Path) -> World {
    let open = |name: &str| csv_lines(&folder.join(name));
    let mut customers: Vec<Customer> = open("users.csv")
        .into_iter()
        .map(|fields| Customer {
            id: fields[0].clone(),
            signup_given: Some(fields[1].parse().unwrap()),
            traits: [("first_project", 2), ("mail_kind", 3)]
                .map(|(name, place)| (name.to_owned(), json!(fields[place])))
                .into_iter()
                .collect(),
            events: Vec::new(),
        })
        .collect();
    customers.sort_by(|a, b| a.id.cmp(&b.id));
    for fields in open("events.csv.gz") {
        let place = customers
            .binary_search_by(|customer| customer.id.cmp(&fields[0]))
            .unwrap();
        customers[place]
            .events
            .push((fields[1].clone(), fields[2].parse().unwrap(), None));
    }
    World {
        zone: "UTC".to_owned(),
        week_start: WeekStart::Monday,
        customers,
        filters: Vec::new(),
        from: "2016-01-01".parse().unwrap(),
        as_of: Timestamp::MAX,
    }
}

/// Fields without quotes, which these files have none of, below the header.
fn csv_lines(path: &Path) -> Vec<Vec<String>> {
    let bytes = std::process::Command::new("gzip")
        .arg("-dcf")
        .arg(path)
        .output()
        .unwrap()
        .stdout;
    String::from_utf8(bytes)
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}
