//! What an answer about leaving may tell to anybody.
//!
//! Periods hang together: who is active at the end of one is active at the start of the next, and those active in one are
//! the next one's retained and dormant customers. So a period is told whole or not at all. What its neighbours tell of a
//! period that is not told are its ends, which are sums; and a sum that is few has a part that is few, on both sides.

use jiff::civil::Date;

use super::{counted, few, few_of};
use crate::churn::{Churn, ChurnPeriod, ChurnReport, Lifecycle, Quietly, Returns};

/// The periods that were taken out of an answer about leaving.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WithheldPeriods {
    periods: Vec<Date>,
    quiet: bool,
}

impl WithheldPeriods {
    /// How many periods are not told.
    pub fn len(&self) -> usize {
        self.periods.len()
    }

    /// Whether all of them are told.
    pub fn is_empty(&self) -> bool {
        self.periods.is_empty()
    }

    /// Whether the period that begins on a date is not told.
    pub fn has(&self, start: Date) -> bool {
        self.periods.contains(&start)
    }

    /// Whether it is not told how many are quietly leaving.
    pub fn has_quiet(&self) -> bool {
        self.quiet
    }
}

/// The report without what tells of few customers, and what was taken out.
///
/// A period that was taken out has nothing but its dates. What is counted by single days (returns, active days, how those
/// lost faded) is not told at all, since single days mostly tell of few.
pub fn withhold_churn(report: &ChurnReport) -> (ChurnReport, WithheldPeriods) {
    let quiet = few_of(report.quiet.leaving, report.quiet.known);
    let told_of_few = report.periods.iter().filter(|period| tells_of_few(period));
    let withheld = WithheldPeriods {
        periods: told_of_few.map(|period| period.start).collect(),
        quiet,
    };
    let year = usize::try_from(report.query.periods_a_year()).unwrap_or(usize::MAX);
    let periods = report.periods.iter().enumerate().map(|(place, period)| {
        let earlier = place.checked_sub(year).map(|place| &report.periods[place]);
        let known = earlier.is_none_or(|earlier| !withheld.has(earlier.start));
        match withheld.has(period.start) {
            true => ChurnPeriod {
                start: period.start,
                last: period.last,
                opening: 0,
                churn: None,
                before: None,
                lifecycle: Lifecycle::default(),
                stickiness: None,
            },
            false => ChurnPeriod {
                before: period.before.filter(|_| known).and_then(before),
                stickiness: None,
                ..period.clone()
            },
        }
    });
    let shown = ChurnReport {
        returns: Returns::default(),
        // Nothing but whether there are any is asked of this number.
        customers: report.customers.min(1),
        internal: counted(report.internal),
        periods: periods.collect(),
        fading: None,
        quiet: match quiet {
            true => Quietly::default(),
            false => report.quiet,
        },
        annotations: Vec::new(),
        ..report.clone()
    };
    (shown, withheld)
}

/// What is told of the year before: only its rate.
fn before(churn: Churn) -> Option<Churn> {
    let told = Churn {
        opening: churn.opening,
        lost: churn.lost,
        ..Churn::default()
    };
    (!few_of(churn.lost, churn.opening)).then_some(told)
}

fn tells_of_few(period: &ChurnPeriod) -> bool {
    let cycle = period.lifecycle;
    let flows = period.churn.is_some_and(|churn| {
        few_of(churn.lost, churn.opening) || few(churn.new) || few(churn.returned)
    });
    let dormant = cycle.dormant.unwrap_or(0);
    let cycle = [cycle.new, cycle.retained, cycle.returned, dormant];
    flows || few(period.opening) || cycle.into_iter().any(few)
}
