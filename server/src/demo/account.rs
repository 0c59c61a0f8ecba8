//! Who the accounts are: size, industry, country, plan, channel, and when they came.

use super::calendar::Calendar;
use super::random::{Random, Stream};
use super::truths;
use serde_json::{Map, Value};
use store::AccountRow;

/// An account before anything happened to it. One-seat accounts may be a single person without an organisation.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Its number, from 0.
    pub(crate) number: u32,
    /// Customers it will have.
    pub(crate) seats: u32,
    /// False for a person without an organisation: no account row, no contract.
    pub(crate) organisation: bool,
    /// Day number on which its first customer signs up.
    pub(crate) start: i64,
    /// Brought by the affiliate campaign.
    pub(crate) campaign: bool,
    pub(crate) industry: &'static str,
    pub(crate) country: &'static str,
    pub(crate) plan: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) feature_set: &'static str,
}

/// Seats from, up to how many more, and the weight of the class.
const SIZES: [((u32, u32), u32); 6] = [
    ((1, 1), 34),
    ((2, 4), 32),
    ((6, 15), 21),
    ((21, 40), 9),
    ((61, 60), 3),
    ((121, 120), 1),
];

const INDUSTRIES: [(&str, u32); 8] = [
    ("agency", 18),
    ("education", 9),
    ("finance", 12),
    ("healthcare", 8),
    ("manufacturing", 13),
    ("public sector", 6),
    ("retail", 12),
    ("software", 22),
];

const COUNTRIES: [(&str, u32); 8] = [
    ("AT", 8),
    ("BR", 5),
    ("CH", 9),
    ("DE", 36),
    ("FR", 12),
    ("GB", 12),
    ("NL", 8),
    ("US", 10),
];

const CHANNELS: [(&str, u32); 6] = [
    (AFFILIATE, 10),
    ("organic search", 34),
    ("paid search", 22),
    ("partner", 8),
    ("referral", 14),
    ("sales", 12),
];

/// The channel of people who leave.
pub(crate) const AFFILIATE: &str = "affiliate";

const FEATURE_SETS: [(&str, u32); 4] = [
    ("core", 15),
    ("core + automation", 20),
    ("core + email", 25),
    ("core + automation + email", 40),
];

const FIRST_WORDS: [&str; 24] = [
    "Amber", "Aspen", "Beacon", "Birch", "Bright", "Cedar", "Cobalt", "Copper", "Crown", "Delta",
    "Ember", "Granite", "Harbour", "Heron", "Indigo", "Juniper", "Kestrel", "Linden", "Maple",
    "Nordic", "Orchard", "Quartz", "Silver", "Willow",
];

const SECOND_WORDS: [&str; 16] = [
    "Analytics",
    "Brothers",
    "Clinic",
    "Collective",
    "Dynamics",
    "Foods",
    "Group",
    "Labs",
    "Logistics",
    "Media",
    "Optics",
    "Partners",
    "Studio",
    "Systems",
    "Textiles",
    "Works",
];

impl Account {
    /// Account `number`, which depends on nothing but the seed, its number and the calendar.
    pub(crate) fn new(seed: u64, number: u32, calendar: &Calendar) -> Self {
        let mut random = Random::new(seed, Stream::Account, number, 0);
        let campaign = random.chance(truths::CAMPAIGN_SHARE);
        let (from, spread) = random.choose(&SIZES);
        let seats = from + random.below(spread);
        // campaigns bring individuals and small teams
        let seats = if campaign { 1 + seats % 8 } else { seats };
        let channel = match random.choose(&CHANNELS) {
            _ if campaign => AFFILIATE,
            "sales" if seats < 3 => "organic search",
            channel => channel,
        };
        Self {
            number,
            seats,
            organisation: seats > 1 || random.chance(0.4),
            start: start(&mut random, calendar, campaign),
            campaign,
            industry: random.choose(&INDUSTRIES),
            country: random.choose(&COUNTRIES),
            plan: plan(&mut random, seats),
            channel,
            feature_set: random.choose(&FEATURE_SETS),
        }
    }

    /// External id.
    pub(crate) fn id(&self) -> String {
        format!("acc-{:05}", self.number)
    }

    /// The account as stored; none for a person without an organisation.
    pub(crate) fn row(&self) -> Option<AccountRow> {
        self.organisation.then(|| AccountRow {
            account: self.id(),
            traits: Map::from_iter([
                ("channel".to_owned(), Value::from(self.channel)),
                ("country".to_owned(), Value::from(self.country)),
                ("feature_set".to_owned(), Value::from(self.feature_set)),
                ("industry".to_owned(), Value::from(self.industry)),
                ("name".to_owned(), Value::from(self.name())),
                ("plan".to_owned(), Value::from(self.plan)),
                ("seats".to_owned(), Value::from(self.seats)),
            ]),
        })
    }

    /// How its plan and channel change the risk that a customer leaves.
    pub(crate) fn hazard(&self) -> f64 {
        let plan = match self.plan {
            "free" => 1.1,
            "team" => 1.0,
            "business" => 0.95,
            _ => 0.85,
        };
        let channel = match self.channel {
            AFFILIATE => truths::AFFILIATE_HAZARD,
            "paid search" => 1.1,
            "organic search" => 1.0,
            "referral" => 0.85,
            _ => 0.95,
        };
        let campaign = if self.campaign {
            truths::CAMPAIGN_HAZARD
        } else {
            1.0
        };
        plan * channel * campaign
    }

    fn name(&self) -> String {
        let mut words = Random::new(u64::from(self.number), Stream::Account, 0, 1);
        let (first, second) = (words.pick(&FIRST_WORDS), words.pick(&SECOND_WORDS));
        format!("{first} {second} {}", self.number)
    }
}

/// The day on which the account comes: a week by its weight, then mostly a working day of it.
fn start(random: &mut Random, calendar: &Calendar, campaign: bool) -> i64 {
    let drawn = random.weighted(calendar.weeks.iter().map(|week| week.signups));
    let week = &calendar.weeks[if campaign { calendar.campaign } else { drawn }];
    let of_week = random.weighted(super::customer::DAYS_OF_WEEK.into_iter());
    let day = week.monday + i64::try_from(of_week).expect("a day of the week");
    // in the running week there may be no such day yet
    if day < calendar.until {
        day
    } else {
        week.monday
    }
}

/// The plan chosen at signup: the larger the account, the larger the plan.
fn plan(random: &mut Random, seats: u32) -> &'static str {
    let weights: [(&str, u32); 4] = match seats {
        1..=2 => [
            ("free", 70),
            ("team", 25),
            ("business", 5),
            ("enterprise", 0),
        ],
        3..=10 => [
            ("free", 30),
            ("team", 50),
            ("business", 20),
            ("enterprise", 0),
        ],
        11..=60 => [
            ("free", 5),
            ("team", 40),
            ("business", 45),
            ("enterprise", 10),
        ],
        _ => [
            ("free", 0),
            ("team", 5),
            ("business", 40),
            ("enterprise", 55),
        ],
    };
    random.choose(&weights)
}
