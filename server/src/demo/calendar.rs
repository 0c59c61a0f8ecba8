//! The weeks of the demo: how busy each is, how many sign up, and which two are special. Days are numbered from
//! 1 January 1970, in UTC; everything happens between 04:00 and 21:00 UTC, so a UTC day is also a day in Berlin.

use super::truths;
use jiff::civil::Date;
use jiff::{Span, Timestamp};

/// Weeks of signups before the running one.
pub(crate) const FULL_WEEKS: i64 = 104;

/// One calendar week.
#[derive(Clone, Debug)]
pub(crate) struct Week {
    /// Day number of its Monday.
    pub(crate) monday: i64,
    /// How busy it is, 1 as usual.
    pub(crate) activity: f64,
    /// What it adds to the probability of leaving, 0 as usual.
    pub(crate) hazard: f64,
    /// Weight of new accounts.
    pub(crate) signups: u32,
    /// Around Christmas and New Year.
    pub(crate) holiday: bool,
}

/// All weeks, the running one last.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// Oldest first.
    pub(crate) weeks: Vec<Week>,
    /// Nothing happens on this day or later.
    pub(crate) until: i64,
    /// Index of the week of the bad release.
    pub(crate) release: usize,
    /// Index of the week of the affiliate campaign.
    pub(crate) campaign: usize,
}

impl Calendar {
    /// The weeks up to the day before `until`.
    pub(crate) fn new(until: Date) -> Self {
        let until = day(until);
        let running = monday(until - 1);
        let mut weeks: Vec<Week> = (0..=FULL_WEEKS)
            .map(|number| {
                let monday = running - 7 * (FULL_WEEKS - number);
                week(monday, number, (until - monday).min(7))
            })
            .collect();
        let release = ordinary(&weeks, truths::RELEASE_WEEKS_AGO);
        let campaign = ordinary(&weeks, truths::CAMPAIGN_WEEKS_AGO);
        weeks[release].activity *= truths::RELEASE_ACTIVITY;
        weeks[release].hazard += truths::RELEASE_HAZARD;
        Self {
            weeks,
            until,
            release,
            campaign,
        }
    }

    /// The first day on which somebody can sign up.
    pub(crate) fn first_day(&self) -> i64 {
        self.weeks[0].monday
    }

    /// The index of the week that holds this day, which lies within the calendar.
    pub(crate) fn week_of(&self, day: i64) -> usize {
        usize::try_from((day - self.first_day()) / 7).expect("a day of the calendar")
    }
}

/// How busy a week is by its season, and how many sign up in it; `days` of it lie before the end.
fn week(monday: i64, number: i64, days: i64) -> Week {
    let thursday = date(monday + 3);
    let (month, of_month) = (thursday.month(), thursday.day());
    // the weeks that hold 25 December and 1 January have their Thursday between these days
    let holiday = (month == 12 && of_month >= 22) || (month == 1 && of_month <= 4);
    let summer = (month == 7 && of_month >= 15) || month == 8;
    let (activity, season) = match (holiday, summer) {
        (true, _) => (0.35, 6),
        (_, true) => (0.85, 85),
        _ => (1.0, 100),
    };
    // from 100 at the start of the two years to 165 at their end
    let growth = 100 + number * 65 / FULL_WEEKS;
    Week {
        monday,
        activity,
        hazard: 0.0,
        signups: u32::try_from(growth * season * days / 7).expect("positive and small"),
        holiday,
    }
}

/// The week this many weeks before the running one, or an earlier one that is not near the holidays.
fn ordinary(weeks: &[Week], ago: usize) -> usize {
    let mut index = weeks.len() - 1 - ago;
    while weeks[index - 2..=index + 2].iter().any(|week| week.holiday) {
        index -= 1;
    }
    index
}

/// Day number of a date.
pub(crate) fn day(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

/// Date of a day number.
pub(crate) fn date(day: i64) -> Date {
    Date::constant(1970, 1, 1).saturating_add(Span::new().days(day))
}

/// The instant `second` seconds after the day's midnight.
pub(crate) fn instant(day: i64, second: u32) -> Timestamp {
    Timestamp::from_second(day * 86_400 + i64::from(second)).expect("within the calendar's years")
}

/// Day number of the Monday of a day's week.
fn monday(day: i64) -> i64 {
    // day 4, 5 January 1970, was a Monday
    (day - 4).div_euclid(7) * 7 + 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Weekday;

    #[test]
    fn days_and_dates_agree() {
        for (number, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (20_513, "2026-03-01"),
        ] {
            assert_eq!(date(number).to_string(), text);
            assert_eq!(day(date(number)), number);
        }
        assert!((0..100).all(|day| date(monday(day)).weekday() == Weekday::Monday));
    }

    #[test]
    fn the_running_week_holds_the_last_day() {
        for until in ["2026-11-22", "2026-11-23", "2026-11-24", "2024-03-01"] {
            let until: Date = until.parse().expect("a date");
            let calendar = Calendar::new(until);
            let last = calendar.weeks.last().expect("weeks").monday;
            assert!(last < day(until) && day(until) <= last + 7, "{until}");
            assert_eq!(calendar.weeks.len(), 105);
            assert_eq!(calendar.week_of(day(until) - 1), 104);
        }
    }

    #[test]
    fn special_weeks_keep_clear_of_the_holidays() {
        let first = "2026-01-01".parse().expect("a date");
        for offset in 0..371 {
            let calendar = Calendar::new(date(day(first) + offset));
            let holidays = calendar.weeks.iter().filter(|week| week.holiday).count();
            assert!((3..=5).contains(&holidays), "{holidays}");
            for special in [calendar.release, calendar.campaign] {
                assert!(!calendar.weeks[special].holiday);
            }
        }
    }
}
