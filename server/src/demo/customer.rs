//! Who the customers are: role, day of signup, and the habits that nobody can see but that show in their events.

use super::account::Account;
use super::calendar::{Calendar, instant};
use super::features::{AUTOMATION, ORDINARY};
use super::random::Random;
use super::truths;
use serde_json::{Map, Value};
use store::CustomerRecord;

/// How signups and sessions spread over Monday to Sunday.
pub(crate) const DAYS_OF_WEEK: [u32; 7] = [20, 23, 23, 21, 17, 3, 3];

const ROLES: [(&str, u32); 4] = [
    ("admin", 5),
    ("editor", 45),
    ("manager", 15),
    ("viewer", 35),
];

/// A customer before anything happened.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    /// External id.
    pub(crate) id: String,
    /// Day number of the signup.
    pub(crate) signup: i64,
    /// Second of that day.
    pub(crate) signup_second: u32,
    pub(crate) role: &'static str,
    /// Templates used in a usual week.
    pub(crate) templates: f64,
    /// Bulk e-mails sent in a usual week.
    pub(crate) bulk_emails: f64,
    /// Shortcuts per action.
    pub(crate) shortcuts: f64,
    /// Theme changes expected in the days after signup.
    pub(crate) themes: f64,
    /// Risk of leaving before anything the customer does.
    pub(crate) hazard: f64,
    /// Actions in a usual week, by feature of [`ORDINARY`].
    pub(crate) tastes: [f64; ORDINARY.len()],
}

impl Customer {
    /// Customer `member` of the account, drawn from the start of the customer's own stream.
    pub(crate) fn new(
        random: &mut Random,
        account: &Account,
        member: u32,
        calendar: &Calendar,
    ) -> Self {
        let role = if member == 0 {
            "admin"
        } else {
            random.choose(&ROLES)
        };
        let busy = match role {
            "viewer" => 0.75,
            "manager" => 1.1,
            _ => 1.15,
        };
        let uses_templates = random.chance(0.55);
        let templates = random.heavy(9.0) * random.wobble();
        let may_mail = account.feature_set.ends_with("email") && random.chance(0.7);
        let bulk_emails = random.heavy(9.0) * random.wobble();
        let pace = 0.95 * busy * random.heavy(12.0) * random.wobble();
        let shortcuts = if random.chance(truths::SHORTCUTS_KNOWN) {
            truths::shortcuts_per_action(pace)
        } else {
            0.0
        };
        let themes = if random.chance(truths::THEME_CHANGED) {
            1.3 * random.heavy(6.0)
        } else {
            0.0
        };
        Self {
            id: format!("user-{:05}-{member:03}", account.number),
            role,
            templates: if uses_templates { 0.3 * templates } else { 0.0 },
            bulk_emails: if may_mail { 0.3 * bulk_emails } else { 0.0 },
            shortcuts,
            themes,
            hazard: account.hazard() * random.choose(&truths::FRAILTY) * truths::pace_factor(pace),
            tastes: tastes(random, account, pace),
            signup_second: (7 + random.below(11)) * 3_600 + random.below(3_600),
            // last, since it draws more often near the holidays: all else is then the same for any end date
            signup: signup(random, account, member, calendar),
        }
    }

    /// The customer as stored.
    pub(crate) fn row(&self, account: &Account) -> CustomerRecord {
        let mut traits = Map::from_iter([
            ("channel".to_owned(), Value::from(account.channel)),
            ("country".to_owned(), Value::from(account.country)),
            ("feature_set".to_owned(), Value::from(account.feature_set)),
            ("plan".to_owned(), Value::from(account.plan)),
            ("role".to_owned(), Value::from(self.role)),
            ("seats".to_owned(), Value::from(account.seats)),
        ]);
        if account.organisation {
            traits.insert("industry".to_owned(), Value::from(account.industry));
        }
        CustomerRecord {
            customer: self.id.clone(),
            signup_at: Some(instant(self.signup, self.signup_second)),
            account: account.organisation.then(|| account.id()),
            traits,
        }
    }
}

/// The day of the signup, which may lie beyond the end. The first customer signs up with the account; small accounts
/// follow within days, large ones are rolled out over months.
fn signup(random: &mut Random, account: &Account, member: u32, calendar: &Calendar) -> i64 {
    if member == 0 {
        return account.start;
    }
    let (at_once, soon) = if account.seats > 20 {
        (15, 50)
    } else {
        (70, 22)
    };
    let later = match random.below(100) {
        share if account.campaign || share < at_once => random.below(4),
        share if share < at_once + soon => random.below(56),
        _ => random.below(182),
    };
    let mut day = account.start + i64::from(later);
    // nobody is invited over the holidays, and few on a weekend
    if day < calendar.until && calendar.weeks[calendar.week_of(day)].holiday && random.chance(0.93)
    {
        day += 14 + i64::from(random.below(28));
    }
    if (day - calendar.first_day()) % 7 >= 5 && random.chance(0.8) {
        day += 2;
    }
    day
}

/// How often the customer uses each ordinary feature: busy people use all of theirs more; everybody completes tasks.
fn tastes(random: &mut Random, account: &Account, pace: f64) -> [f64; ORDINARY.len()] {
    ORDINARY.map(|(name, weight, share)| {
        let liking = 0.5 + random.share();
        let uses = random.chance(share)
            && (name != AUTOMATION || account.feature_set.contains("automation"));
        if uses {
            pace * liking * f64::from(weight) / 100.0
        } else {
            0.0
        }
    })
}
