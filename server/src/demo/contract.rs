//! What accounts pay. A contract begins when the trial ends, is renewed with the seats in use, and ends some weeks after
//! the last customer of the account stopped: cancelled, not renewed, or because payment failed. An account that comes
//! back after a long pause gets a new contract.

use super::account::Account;
use super::calendar::{Calendar, date, day};
use super::random::{Random, Stream};
use jiff::Span;
use jiff::civil::Date;
use store::ContractRow;

/// The trial, in days.
const TRIAL: i64 = 28;
/// An account without any active customer for this many weeks is lost.
const LOST_AFTER: usize = 8;

/// The product asks for money.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bill {
    /// Day number.
    pub(crate) day: i64,
    /// The payment did not go through.
    pub(crate) failed: bool,
}

/// An unbroken time of use: first and last active week, and whether it still lasts.
struct TimeOfUse {
    first: usize,
    last: usize,
    lasts: bool,
}

/// How a contract is billed.
struct Terms {
    annual: bool,
    /// Minor units per seat and month.
    seat: i64,
}

/// The account's contracts in order, and its bills; `active` counts its active customers in each week.
pub(crate) fn contracts(
    seed: u64,
    account: &Account,
    active: &[u32],
    calendar: &Calendar,
) -> (Vec<ContractRow>, Vec<Bill>) {
    let mut random = Random::new(seed, Stream::Contract, account.number, 0);
    let mut chain = Chain {
        account,
        calendar,
        active,
        rows: Vec::new(),
        bills: Vec::new(),
        free_from: account.start + TRIAL,
    };
    let Some(seat) = seat_price(account.plan) else {
        return (chain.rows, chain.bills);
    };
    if !account.organisation {
        return (chain.rows, chain.bills);
    }
    let annual = random.chance(if account.seats > 20 { 0.75 } else { 0.3 });
    let terms = Terms {
        annual,
        // a year in advance is a sixth cheaper
        seat: if annual { seat * 5 / 6 } else { seat },
    };
    for span in spans(active) {
        chain.pay(&mut random, &terms, &span);
    }
    (chain.rows, chain.bills)
}

struct Chain<'a> {
    account: &'a Account,
    calendar: &'a Calendar,
    active: &'a [u32],
    rows: Vec<ContractRow>,
    bills: Vec<Bill>,
    /// No new contract before this day.
    free_from: i64,
}

impl Chain<'_> {
    /// The contracts of one time of use.
    fn pay(&mut self, random: &mut Random, terms: &Terms, span: &TimeOfUse) {
        let weeks = &self.calendar.weeks;
        let mut start = self.free_from.max(weeks[span.first].monday + 1);
        let end_of_use = weeks[span.last].monday + 7;
        // those who leave need some days to say so, and what lies at or after the end has not happened
        let lost = Some(end_of_use + i64::from(random.below(21)))
            .filter(|lost| !span.lasts && *lost < self.calendar.until);
        if start >= end_of_use.min(self.calendar.until) {
            return;
        }
        let failed = !terms.annual && random.chance(0.2);
        let cancels = random.chance(0.5);
        loop {
            let term = after(start, if terms.annual { 12 } else { 6 });
            let lost_now = lost.filter(|lost| *lost < term);
            let (ends, cancelled) = match (lost_now, terms.annual) {
                (Some(lost), true) => (Some(term), cancels.then_some(lost)),
                (Some(lost), false) => (Some(next_month(start, lost)), (!failed).then_some(lost)),
                (None, false) if term >= self.calendar.until => (None, None),
                (None, _) => (Some(term), None),
            };
            self.bill(start, ends, terms.annual, lost_now.filter(|_| failed));
            let number = self.rows.len() + 1;
            self.rows.push(ContractRow {
                account: self.account.id(),
                contract: format!("{}-{number}", self.account.id()),
                starts_on: date(start),
                ends_on: ends.map(date),
                cancelled_on: cancelled.map(date),
                monthly_minor: terms.seat * i64::from(self.seats_at(start)),
                plan: Some(self.account.plan.to_owned()),
            });
            self.free_from = ends.unwrap_or(self.calendar.until);
            if lost_now.is_some() || term >= self.calendar.until {
                return;
            }
            start = term;
        }
    }

    /// The most customers active in one week of the half-year up to this day.
    fn seats_at(&self, day: i64) -> u32 {
        let week = self.calendar.week_of(day);
        self.active[week.saturating_sub(25)..=week]
            .iter()
            .copied()
            .max()
            .unwrap_or(0)
            .max(1)
    }

    /// One bill a month, or a year; a failed payment is tried three times in the days before the contract ends.
    fn bill(&mut self, start: i64, ends: Option<i64>, annual: bool, failed: Option<i64>) {
        let limit = ends.unwrap_or(i64::MAX).min(self.calendar.until);
        let mut months = 0;
        loop {
            let day = after(start, months);
            if day >= limit || failed.is_some_and(|failed| day > failed) {
                break;
            }
            self.bills.push(Bill { day, failed: false });
            months += if annual { 12 } else { 1 };
        }
        for days_later in [0, 3, 7] {
            let tried = failed.map(|failed| failed + days_later);
            self.bills.extend(
                tried
                    .filter(|day| *day < limit)
                    .map(|day| Bill { day, failed: true }),
            );
        }
    }
}

/// Times of use, split where nobody was active for [`LOST_AFTER`] weeks.
fn spans(active: &[u32]) -> Vec<TimeOfUse> {
    let mut spans: Vec<TimeOfUse> = Vec::new();
    for (week, _) in active.iter().enumerate().filter(|(_, count)| **count > 0) {
        match spans.last_mut() {
            Some(span) if week - span.last <= LOST_AFTER => span.last = week,
            _ => spans.push(TimeOfUse {
                first: week,
                last: week,
                lasts: false,
            }),
        }
    }
    if let Some(span) = spans.last_mut() {
        span.lasts = active.len() - 1 - span.last < LOST_AFTER;
    }
    spans
}

/// Minor units per seat and month; none for the free plan.
fn seat_price(plan: &str) -> Option<i64> {
    match plan {
        "team" => Some(1_200),
        "business" => Some(2_400),
        "enterprise" => Some(3_900),
        _ => None,
    }
}

/// The same day of the month, some months later.
fn after(start: i64, months: i32) -> i64 {
    let start: Date = date(start);
    day(start.saturating_add(Span::new().months(months)))
}

/// The first monthly anniversary of `start` after `lost`.
fn next_month(start: i64, lost: i64) -> i64 {
    let mut months = 1;
    while after(start, months) <= lost {
        months += 1;
    }
    after(start, months)
}
