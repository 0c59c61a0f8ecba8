//! From weeks of use to events: each week's doings fall into a few sessions at office hours, mostly on working days.

use super::account::Account;
use super::calendar::{Calendar, instant};
use super::contract::Bill;
use super::customer::{Customer, DAYS_OF_WEEK};
use super::features::{
    BULK_EMAIL, INVOICE, LOGIN, ORDINARY, PAYMENT_FAILED, SHORTCUT, TEMPLATE, THEME,
};
use super::life::WeekOfUse;
use super::random::Random;
use jiff::Timestamp;
use serde_json::{Map, Value};
use store::EventRecord;

const TEMPLATES: [&str; 6] = [
    "board pack",
    "customer health",
    "monthly report",
    "project kick-off",
    "retrospective",
    "weekly review",
];

/// A customer's events in order of time, with keys that are the same on every run.
pub(crate) fn events(
    random: &mut Random,
    customer: &Customer,
    account: &Account,
    weeks: &[WeekOfUse],
    bills: &[Bill],
    calendar: &Calendar,
) -> Vec<EventRecord> {
    let mut rows = Rows {
        customer: &customer.id,
        until: instant(calendar.until, 0),
        rows: Vec::new(),
    };
    for week in weeks {
        rows.week(random, customer, account, week, calendar);
    }
    for bill in bills {
        let name = if bill.failed { PAYMENT_FAILED } else { INVOICE };
        rows.push(name, instant(bill.day, 5 * 3_600), None);
    }
    let mut rows = rows.rows;
    // stable: events of the same second stay in the order in which they were made
    rows.sort_by_key(|row| row.at);
    let own = random.bits().to_be_bytes();
    for (row, number) in rows.iter_mut().zip(0_u64..) {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&own);
        key[8..].copy_from_slice(&number.to_be_bytes());
        row.key = Some(key);
    }
    rows
}

struct Rows<'a> {
    customer: &'a str,
    until: Timestamp,
    rows: Vec<EventRecord>,
}

/// A stretch of work: its day and the second of the day on which it began.
#[derive(Clone, Copy)]
struct Session {
    day: i64,
    second: u32,
}

impl Rows<'_> {
    fn push(&mut self, name: &str, at: Timestamp, properties: Option<Map<String, Value>>) {
        if at < self.until {
            self.rows.push(EventRecord {
                customer: self.customer.into(),
                name: name.into(),
                at,
                properties,
                key: None,
            });
        }
    }

    fn week(
        &mut self,
        random: &mut Random,
        customer: &Customer,
        account: &Account,
        week: &WeekOfUse,
        calendar: &Calendar,
    ) {
        let monday = calendar.weeks[week.week].monday;
        let total = week.actions.iter().sum::<u32>() + week.templates + week.bulk_emails;
        let number = if total == 0 {
            1
        } else {
            1 + random.below(total.min(5))
        };
        let sessions: Vec<Session> = (0..number)
            .map(|index| session(random, customer, account, monday, index))
            .collect();
        if total > 0 || week.idle_login {
            for session in &sessions {
                // the rest are still logged in from the time before
                if week.idle_login || random.chance(0.6) {
                    self.push(LOGIN, instant(session.day, session.second), None);
                }
            }
        }
        for ((name, ..), count) in ORDINARY.iter().zip(week.actions) {
            for _ in 0..count {
                let properties = properties(random, name);
                self.during(random, &sessions, name, properties);
            }
        }
        for _ in 0..week.templates {
            let template = random.pick(&TEMPLATES);
            let properties = Map::from_iter([("template".to_owned(), Value::from(template))]);
            self.during(random, &sessions, TEMPLATE, Some(properties));
        }
        for (name, count) in [
            (BULK_EMAIL, week.bulk_emails),
            (SHORTCUT, week.shortcuts),
            (THEME, week.themes),
        ] {
            for _ in 0..count {
                self.during(random, &sessions, name, None);
            }
        }
    }

    /// One event in one of the sessions, within an hour and a half of its beginning.
    fn during(
        &mut self,
        random: &mut Random,
        sessions: &[Session],
        name: &str,
        properties: Option<Map<String, Value>>,
    ) {
        let session = random.pick(sessions);
        let second = session.second + 5 + random.below(5_400);
        self.push(name, instant(session.day, second), properties);
    }
}

/// When a session of the week begins; in the week of the signup the first one begins with it and none before.
fn session(
    random: &mut Random,
    customer: &Customer,
    account: &Account,
    monday: i64,
    index: u32,
) -> Session {
    let of_week = random.weighted(DAYS_OF_WEEK.into_iter());
    // the Americas work when it is afternoon in UTC
    let (from, spread) = match account.country {
        "US" | "BR" => (12, 7),
        _ => (5, 13),
    };
    let hour = from + (random.below(spread) + random.below(spread)) / 2;
    let drawn = Session {
        day: monday + i64::try_from(of_week).expect("a day of the week"),
        second: hour * 3_600 + random.below(3_600),
    };
    let signup = Session {
        day: customer.signup,
        second: customer.signup_second + 40,
    };
    let too_early =
        drawn.day < signup.day || (drawn.day == signup.day && drawn.second < signup.second);
    let onboarding = index == 0 && customer.signup - monday < 7 && customer.signup >= monday;
    if too_early || onboarding {
        signup
    } else {
        drawn
    }
}

/// Some events say more about themselves.
fn properties(random: &mut Random, name: &str) -> Option<Map<String, Value>> {
    let (property, value) = match name {
        "report_published" => ("pages", Value::from(1 + random.poisson(3.0))),
        "export_run" => (
            "format",
            Value::from(random.choose(&[("csv", 5), ("pdf", 3), ("xlsx", 4)])),
        ),
        _ => return None,
    };
    Some(Map::from_iter([(property.to_owned(), value)]))
}
