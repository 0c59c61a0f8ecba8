//! A customer's life, week by week: how much he does, what it does to him, and when he leaves. Here the planted truths
//! act: usage of a week changes the risk of leaving at its end, nothing else connects the two.

use super::calendar::Calendar;
use super::customer::Customer;
use super::features::ORDINARY;
use super::random::Random;
use super::truths;

/// What a customer did in one calendar week.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WeekOfUse {
    /// Index in the calendar.
    pub(crate) week: usize,
    /// Ordinary actions by feature.
    pub(crate) actions: [u32; ORDINARY.len()],
    pub(crate) templates: u32,
    pub(crate) bulk_emails: u32,
    pub(crate) shortcuts: u32,
    pub(crate) themes: u32,
    /// Looked in without doing anything.
    pub(crate) idle_login: bool,
}

impl WeekOfUse {
    /// Whether anything of value was made.
    pub(crate) fn active(&self) -> bool {
        self.actions.iter().sum::<u32>() + self.templates + self.bulk_emails > 0
    }
}

/// What the customer is about to do.
enum Mood {
    /// Uses the product.
    Stays,
    /// Uses it less each week, then leaves; steps done.
    Fades(usize),
    /// Does nothing until this week.
    Pauses(usize),
}

/// Activity in the last weeks of those who fade out rather than stop.
const FADING: [f64; 3] = [0.6, 0.35, 0.15];
/// Younger customers stop at once: they never built a habit that could fade.
const FADES_FROM: usize = 6;

/// The weeks of a customer's life in which anything happened, from the signup's to the running one.
pub(crate) fn live(random: &Random, customer: &Customer, calendar: &Calendar) -> Vec<WeekOfUse> {
    let first = calendar.week_of(customer.signup);
    let mut lived = Vec::new();
    let mut last_four = [WeekOfUse::default(); 4];
    let mut mood = Mood::Stays;
    for (age, week) in (first..calendar.weeks.len()).enumerate() {
        let random = &mut random.step(age);
        let level = match mood {
            Mood::Stays => 1.0,
            Mood::Fades(step) => FADING[step],
            Mood::Pauses(until) if week < until => continue,
            Mood::Pauses(_) => {
                mood = Mood::Stays;
                1.0
            }
        };
        let use_of_week = use_of(random, customer, calendar, week, age, level);
        last_four[age % 4] = use_of_week;
        if use_of_week.active() || use_of_week.themes > 0 || use_of_week.idle_login {
            lived.push(use_of_week);
        }
        let leaves = match mood {
            Mood::Fades(step) if step + 1 < FADING.len() => {
                mood = Mood::Fades(step + 1);
                false
            }
            Mood::Fades(_) => true,
            _ => random.chance(hazard(customer, calendar, week, age, &last_four)),
        };
        if !leaves {
            continue;
        }
        match mood {
            Mood::Stays if age >= FADES_FROM && random.chance(0.5) => mood = Mood::Fades(0),
            _ if random.chance(truths::RETURN_SHARE) => {
                let pause = truths::PAUSE_WEEKS + weeks(random.below(truths::PAUSE_SPREAD));
                mood = Mood::Pauses(week + 1 + pause);
                last_four = Default::default();
            }
            _ => {
                lived.extend(last_look(random, week, calendar));
                break;
            }
        }
    }
    lived
}

/// What a customer who is there does in a week.
fn use_of(
    random: &mut Random,
    customer: &Customer,
    calendar: &Calendar,
    week: usize,
    age: usize,
    level: f64,
) -> WeekOfUse {
    let onboarding = match age {
        0 => 2.2,
        1 => 1.6,
        2..=3 => 1.6,
        _ => 1.0,
    };
    let away = age > 3 && random.chance(0.06);
    let level = if away {
        0.0
    } else {
        level * calendar.weeks[week].activity
    };
    let busy = random.wobble();
    // Poisson draws of their own, so that nothing but the customer's habits decides how often
    let actions = customer
        .tastes
        .map(|taste| random.poisson(taste * onboarding * level * busy));
    let total: u32 = actions.iter().sum();
    let templates = random.poisson(customer.templates * level);
    let bulk_emails = random.poisson(customer.bulk_emails * level);
    WeekOfUse {
        week,
        actions,
        templates,
        bulk_emails,
        shortcuts: random.poisson(customer.shortcuts * f64::from(total)),
        themes: if age == 0 {
            random.poisson(customer.themes)
        } else {
            0
        },
        idle_login: total + templates + bulk_emails == 0 && random.chance(0.35),
    }
}

/// The probability of leaving at the end of this week.
fn hazard(
    customer: &Customer,
    calendar: &Calendar,
    week: usize,
    age: usize,
    last_four: &[WeekOfUse; 4],
) -> f64 {
    let sum = |count: fn(&WeekOfUse) -> u32| last_four.iter().map(count).sum::<u32>();
    let hazard = truths::base_hazard(age)
        * customer.hazard
        * truths::template_factor(sum(|week| week.templates))
        * truths::bulk_email_factor(sum(|week| week.bulk_emails));
    (hazard + calendar.weeks[week].hazard).min(0.9)
}

/// Some of those who left log in once more, which is why logins flatter a product.
fn last_look(random: &mut Random, left: usize, calendar: &Calendar) -> Option<WeekOfUse> {
    let week = left + 1 + weeks(random.below(12));
    (random.chance(0.3) && week < calendar.weeks.len()).then(|| WeekOfUse {
        week,
        idle_login: true,
        ..WeekOfUse::default()
    })
}

fn weeks(n: u32) -> usize {
    usize::try_from(n).expect("few weeks")
}
