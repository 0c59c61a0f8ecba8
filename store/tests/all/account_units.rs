//! Accounts as those who are counted, and conditions on their traits, against the naive program on customers who are put
//! together by hand.

use crate::engines::agree;
use crate::retention::naive::{self, passes};
use crate::retention::{lists_match_cells, same};
use crate::world::{self, Customer, World, settings, worlds};
use analysis::period::Grain;
use analysis::query::{
    AsOf, CellRef, CohortRange, QueryError, RetentionKind, RetentionQuery, TraitFilter, Unit,
};
use analysis::words;
use jiff::Timestamp;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use std::collections::BTreeMap;
use store::{AccountRow, CustomerRecord, Store, StoreError, Workspace};

fn traits(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// The accounts of which something is known; of a third one only its customers are.
fn known() -> BTreeMap<&'static str, Map<String, Value>> {
    BTreeMap::from([
        ("acme", traits(json!({"plan": "pro", "seats": 12}))),
        ("blue", traits(json!({"plan": "free"}))),
    ])
}

/// The account of the customer with this place: one in four has none.
fn account(place: usize) -> Option<&'static str> {
    [None, Some("acme"), Some("blue"), Some("cyan")][place % 4]
}

async fn join(store: &Store, workspace: &Workspace, customers: &[Customer]) {
    let rows = known().into_iter().map(|(account, traits)| AccountRow {
        account: account.to_owned(),
        traits,
    });
    let rows: Vec<AccountRow> = rows.collect();
    store.write_accounts(workspace.id, &rows).await.unwrap();
    let records = customers
        .iter()
        .enumerate()
        .map(|(place, customer)| CustomerRecord {
            customer: customer.id.clone(),
            signup_at: None,
            account: account(place).map(str::to_owned),
            traits: Map::new(),
        });
    let records: Vec<CustomerRecord> = records.collect();
    store.write_customers(workspace.id, &records).await.unwrap();
}

/// The customers that a question is about, each with its account.
fn chosen(world: &World, query: &RetentionQuery) -> Vec<(Customer, Option<&'static str>)> {
    let known = known();
    let customers = world.customers.iter().enumerate();
    let with = customers.map(|(place, customer)| (customer.clone(), account(place)));
    let passing = with.filter(|(customer, account)| {
        let own = |filter: &TraitFilter| passes(customer.traits.get(&filter.name), &filter.test);
        let of = account.and_then(|account| known.get(account));
        let its = |filter: &TraitFilter| {
            passes(of.and_then(|traits| traits.get(&filter.name)), &filter.test)
        };
        query.filters.iter().all(own) && query.account_filters.iter().all(its)
    });
    passing.collect()
}

/// Each account as one customer who did whatever its customers did and came when the first of them did.
fn together(chosen: Vec<(Customer, Option<&'static str>)>) -> Vec<Customer> {
    let mut accounts: BTreeMap<&str, Customer> = BTreeMap::new();
    for (customer, account) in chosen {
        let Some(account) = account else { continue };
        let one = accounts.entry(account).or_insert_with(|| Customer {
            id: account.to_owned(),
            signup_given: None,
            traits: Map::new(),
            events: Vec::new(),
        });
        one.signup_given = match (one.signup_given, customer.signup()) {
            (Some(known), Some(new)) => Some(known.min(new)),
            (known, new) => known.or(new),
        };
        one.events.extend(customer.events);
    }
    accounts.into_values().collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn random_worlds_match_the_naive_program(pool: PgPool) {
    let store = Store::new(pool);
    let mut runner = TestRunner::deterministic();
    let conditions = [
        "",
        "plan:is:pro",
        "plan:not:pro",
        "seats:unset",
        "seats:between:5:20",
    ];
    let (mut round, mut counted) = (0_usize, 0);
    for _ in 0..8 {
        let world: World = worlds().new_tree(&mut runner).unwrap().current();
        let workspace = world.store(&store, &format!("round-{round}")).await;
        join(&store, &workspace, &world.customers).await;
        for grain in Grain::ALL {
            for kind in RetentionKind::ALL {
                round += 1;
                let unit = Unit::ALL[round % 2];
                let condition = TraitFilter::parse(conditions[round % conditions.len()]);
                let query = settings(kind).new_tree(&mut runner).unwrap().current();
                let query = RetentionQuery {
                    unit,
                    grain,
                    cohorts: CohortRange::Between {
                        from: world.from,
                        to: None,
                    },
                    as_of: AsOf::Instant(world.as_of),
                    filters: if round % 3 == 0 {
                        world.filters.clone()
                    } else {
                        Vec::new()
                    },
                    account_filters: condition.into_iter().collect(),
                    behaviours: Vec::new(),
                    ..query
                };
                let report = agree(&store, &workspace, &query).await;
                let chosen = chosen(&world, &query);
                let customers = match unit {
                    Unit::Accounts => together(chosen),
                    Unit::Customers => chosen.into_iter().map(|(customer, _)| customer).collect(),
                };
                let told = World {
                    customers,
                    filters: Vec::new(),
                    ..world.clone()
                };
                let plain = RetentionQuery {
                    unit: Unit::Customers,
                    filters: Vec::new(),
                    account_filters: Vec::new(),
                    ..query.clone()
                };
                let expected = naive::retention(&told, &plain);
                let context = || format!("round {round}: {query:#?} {world:#?}");
                same(&report, &expected, &context);
                lists_match_cells(&store, &workspace, &report, &expected, &context).await;
                counted += report.customers;
            }
        }
    }
    assert!(counted > 500, "{counted}");
}

/// Two people of one account, of whom one comes in week 1 and the other in week 2, are one account that stayed.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_account_is_its_customers_together(pool: PgPool) {
    let store = Store::new(pool);
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let mut world = world::with_traits(&[("alone", "{}"), ("a", "{}"), ("b", "{}")]);
    let visit = |day: &str| ("visit".to_owned(), at(&format!("{day}T12:00:00Z")), None);
    // Mondays: 6, 13 and 20 January
    for (customer, signup, visits) in [
        (0, "2025-01-06", vec!["2025-01-14"]),
        (1, "2025-01-07", vec!["2025-01-15"]),
        (2, "2025-01-14", vec!["2025-01-14", "2025-01-22"]),
    ] {
        let one = &mut world.customers[customer];
        one.signup_given = Some(at(&format!("{signup}T00:00:00Z")));
        one.events = visits.into_iter().map(visit).collect();
    }
    let workspace = world.store(&store, "one").await;
    let together = ["a", "b"].map(|id| CustomerRecord {
        customer: id.to_owned(),
        signup_at: None,
        account: Some("acme".to_owned()),
        traits: Map::new(),
    });
    store
        .write_customers(workspace.id, &together)
        .await
        .unwrap();
    let query = RetentionQuery {
        unit: Unit::Accounts,
        active: vec!["visit".to_owned()],
        cohorts: CohortRange::Between {
            from: "2025-01-06".parse().unwrap(),
            to: None,
        },
        as_of: AsOf::Date("2025-01-27".parse().unwrap()),
        ..RetentionQuery::default()
    };
    let report = agree(&store, &workspace, &query).await;
    assert_eq!(
        (report.customers, report.signup_given, report.left_out),
        (1, 1, 1)
    );
    let first = &report.cohorts[0];
    let retained: Vec<u32> = first.cells.iter().map(|cell| cell.retained).collect();
    assert_eq!((first.size, retained), (1, vec![1, 1, 1]));
    let method = words::method_line(&report);
    assert!(
        method.contains("accounts, each its customers together"),
        "{method}"
    );
    assert!(
        method.contains("1 customer without an account left out"),
        "{method}"
    );
    let cell = CellRef {
        cohort: Some(first.start),
        period: 1,
    };
    let now = Timestamp::MAX;
    let page = store.members(&workspace, &query, now, cell, true, (0, 10));
    let page = page.await.unwrap();
    let listed: Vec<(&str, u64)> = page
        .members
        .iter()
        .map(|member| (member.customer.as_str(), member.uses))
        .collect();
    assert_eq!(listed, [("acme", 2)]);
    let refused = store
        .cell_members(&workspace, &query, now, cell, true)
        .await;
    assert!(
        matches!(refused, Err(StoreError::Query(QueryError::AccountSegment))),
        "{refused:?}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn traits_of_accounts_are_offered(pool: PgPool) {
    let store = Store::new(pool);
    let world = world::with_traits(&[("a", "{}")]);
    let workspace = world.store(&store, "one").await;
    join(&store, &workspace, &world.customers).await;
    let none = store.account_trait_values(workspace.id).await.unwrap();
    assert!(none.is_empty());
    store.refresh_summaries(workspace.id).await.unwrap();
    let offered = store.account_trait_values(workspace.id).await.unwrap();
    let offered: Vec<(&str, &[(String, u64)])> = offered
        .iter()
        .map(|one| (one.name.as_str(), &one.values[..]))
        .collect();
    let value = |text: &str| (text.to_owned(), 1);
    assert_eq!(
        offered,
        [
            ("plan", &[value("free"), value("pro")][..]),
            ("seats", &[value("12")][..]),
        ]
    );
}
