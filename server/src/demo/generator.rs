//! Makes the demo's rows, account by account. An account depends on nothing but the seed, its number and the end date,
//! so memory stays constant for any size, and a larger demo begins with the smaller one.

use super::account::Account;
use super::calendar::{Calendar, date};
use super::contract::contracts;
use super::customer::Customer;
use super::event::events;
use super::life::live;
use super::random::{Random, Stream};
use jiff::civil::Date;
use store::{AccountRow, ContractRow, CustomerRecord, EventRecord};

/// All of one account.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountHistory {
    /// The account; none for a person without an organisation.
    pub account: Option<AccountRow>,
    /// Its contracts, oldest first, none of them overlapping.
    pub contracts: Vec<ContractRow>,
    /// Its customers, the first one first.
    pub customers: Vec<CustomerHistory>,
}

/// All of one customer.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerHistory {
    /// The customer with its traits.
    pub customer: CustomerRecord,
    /// Its events in order of time.
    pub events: Vec<EventRecord>,
}

/// An iterator over the demo's accounts, oldest number first, until enough customers were made.
#[derive(Clone, Debug)]
pub struct Generator {
    seed: u64,
    calendar: Calendar,
    next: u32,
    customers_left: usize,
}

impl Generator {
    /// A demo of exactly `customers` customers, nothing of which happens on the day `until` or later.
    pub fn new(customers: u32, seed: u64, until: Date) -> Self {
        Self {
            seed,
            calendar: Calendar::new(until),
            next: 0,
            customers_left: usize::try_from(customers).expect("fits"),
        }
    }

    /// The Monday of the week of the bad release.
    pub fn release_week(&self) -> Date {
        date(self.calendar.weeks[self.calendar.release].monday)
    }

    /// The Monday of the week of the affiliate campaign.
    pub fn campaign_week(&self) -> Date {
        date(self.calendar.weeks[self.calendar.campaign].monday)
    }

    /// The Mondays of all signup weeks, oldest first; the last week is the running one.
    pub fn weeks(&self) -> Vec<Date> {
        self.calendar
            .weeks
            .iter()
            .map(|week| date(week.monday))
            .collect()
    }

    /// Account `number` with at most `customers` of its customers.
    fn history(&self, number: u32, customers: usize) -> AccountHistory {
        let account = Account::new(self.seed, number, &self.calendar);
        let mut active = vec![0; self.calendar.weeks.len()];
        let lives: Vec<_> = (0..account.seats)
            .map(|member| {
                let mut random = Random::new(self.seed, Stream::Customer, number, member);
                let customer = Customer::new(&mut random, &account, member, &self.calendar);
                (random, customer)
            })
            // the other seats have yet to be filled
            .filter(|(_, customer)| customer.signup < self.calendar.until)
            .map(|(random, customer)| {
                let weeks = live(&random, &customer, &self.calendar);
                for week in weeks.iter().filter(|week| week.active()) {
                    active[week.week] += 1;
                }
                (random, customer, weeks)
            })
            .collect();
        let (contracts, mut bills) = contracts(self.seed, &account, &active, &self.calendar);
        let customers = lives
            .into_iter()
            // those left out lived as well: the contracts are the same for any number
            .take(customers)
            .map(|(mut random, customer, weeks)| CustomerHistory {
                customer: customer.row(&account),
                // the bills go to the first customer
                events: events(
                    &mut random,
                    &customer,
                    &account,
                    &weeks,
                    &std::mem::take(&mut bills),
                    &self.calendar,
                ),
            })
            .collect();
        AccountHistory {
            account: account.row(),
            contracts,
            customers,
        }
    }
}

impl Iterator for Generator {
    type Item = AccountHistory;

    fn next(&mut self) -> Option<AccountHistory> {
        if self.customers_left == 0 {
            return None;
        }
        let history = self.history(self.next, self.customers_left);
        self.next += 1;
        self.customers_left -= history.customers.len();
        Some(history)
    }
}
