//! Every planted truth with its size, in one place; `docs/DEMO.md` says in words what each means and what an analyst
//! should find. The probability that a customer leaves at the end of a week is the product of the factors here, plus
//! what the bad release adds in its week.

/// Weekly probability of leaving by weeks since signup: a quarter goes after the first week, the trial ends with the
/// fourth, and whoever is still there after half a year mostly stays.
pub(crate) fn base_hazard(age: usize) -> f64 {
    match age {
        0 => 0.29,
        1 => 0.12,
        2 => 0.08,
        3 => 0.22,
        4 => 0.16,
        5..=7 => 0.07,
        8..=12 => 0.055,
        13..=25 => 0.045,
        26..=51 => 0.026,
        _ => 0.016,
    }
}

/// What makes no two customers alike and nobody can see: early leavers are the frail ones, so hazards fall.
pub(crate) const FRAILTY: [(f64, u32); 3] = [(0.4, 30), (1.0, 40), (1.6, 30)];

/// Keeps people: the more templates used in the last four weeks, the less likely to leave. A habit forms at about two.
pub(crate) fn template_factor(uses: u32) -> f64 {
    1.0 - 0.95 * saturation(uses, 2.0)
}

/// Drives people away: those who send bulk e-mail often are up to four times as likely to leave.
pub(crate) fn bulk_email_factor(uses: u32) -> f64 {
    1.0 + 3.0 * saturation(uses, 3.0)
}

/// 0 for none, one half at `half` uses, towards 1 for many.
fn saturation(uses: u32, half: f64) -> f64 {
    let square = f64::from(uses) * f64::from(uses);
    square / (square + half * half)
}

/// Busy customers stay longer, whatever it is that they do; by actions in a usual week. This, and nothing of its own, is
/// why `keyboard_shortcut_used` looks good.
pub(crate) fn pace_factor(pace: f64) -> f64 {
    0.65 + 0.75 / (1.0 + pace * pace / 2.5)
}

/// Shortcuts used per action of any other kind, by those who know them: the busier, the more.
pub(crate) fn shortcuts_per_action(pace: f64) -> f64 {
    0.6 * pace / (1.0 + pace)
}

/// Share of customers who know the shortcuts, whoever they are.
pub(crate) const SHORTCUTS_KNOWN: f64 = 0.85;

/// Share of customers who change the theme, whoever they are; all of it in the days after signup.
pub(crate) const THEME_CHANGED: f64 = 0.85;

/// The affiliate channel's factor on leaving; all others lie between 0.85 and 1.1.
pub(crate) const AFFILIATE_HAZARD: f64 = 1.8;
/// One affiliate campaign brings people who hardly come back: their factor on top of the channel's.
pub(crate) const CAMPAIGN_HAZARD: f64 = 1.4;
/// Share of accounts that the campaign brought.
pub(crate) const CAMPAIGN_SHARE: f64 = 0.045;
/// When the campaign ran, in weeks before the running one.
pub(crate) const CAMPAIGN_WEEKS_AGO: usize = 20;

/// When the bad release was out, in weeks before the running one.
pub(crate) const RELEASE_WEEKS_AGO: usize = 11;
/// What was left of everybody's activity in that week.
pub(crate) const RELEASE_ACTIVITY: f64 = 0.45;
/// What the release added to everybody's probability of leaving at the end of that week.
pub(crate) const RELEASE_HAZARD: f64 = 0.1;

/// Share of those who leave who come back after a pause, and the pause in weeks: from, and how many more at most.
pub(crate) const RETURN_SHARE: f64 = 0.15;
/// Shortest pause of those who come back, in weeks.
pub(crate) const PAUSE_WEEKS: usize = 5;
/// Pauses are up to this many weeks longer.
pub(crate) const PAUSE_SPREAD: u32 = 16;
