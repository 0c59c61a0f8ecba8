//! From active days to the whole answer.

use jiff::civil::Date;

use super::history::{Days, History};
use super::plan::{ChurnPlan, Span};
use super::{
    Churn, ChurnPeriod, ChurnReport, DEFAULT_THRESHOLD, EARLIER_DAYS, FADING_WEEKS, Fading,
    Lifecycle, MIN_PACE, Quietly, RECENT_DAYS, Returns, Stickiness, Week,
};
use crate::query::ChurnQuery;
use crate::shape::About;
use crate::stats::float;
use crate::words;

/// A customer lost in the picked period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// His place in the [`History`].
    pub place: usize,
    /// His last active day before the period's end.
    pub last_active: Date,
    /// His active days before the period's end.
    pub active_days: u32,
    /// The day on which he came back after all.
    pub back: Option<Date>,
}

/// A customer who is quietly leaving.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Quiet {
    /// His place in the [`History`].
    pub place: usize,
    /// His last active day.
    pub last_active: Date,
    /// Active days in the last [`RECENT_DAYS`].
    pub recent: u32,
    /// Active days in so many days before, at his own pace.
    pub pace: f64,
}

/// A report with the customers behind it.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The numbers.
    pub report: ChurnReport,
    /// Those lost in the picked period, who were active on most days first.
    pub lost: Vec<Lost>,
    /// Those who are quietly leaving, the fastest pace first.
    pub quiet: Vec<Quiet>,
}

/// Answers a question from its customers' active days. `query` names its activity.
pub fn answer(query: &ChurnQuery, plan: &ChurnPlan, history: &History, about: About) -> Answer {
    let first = history.iter().map(Days::first).min();
    let returns = returns(plan, history, first);
    let threshold = query.threshold.or_else(|| returns.proposal());
    let threshold = threshold.unwrap_or(DEFAULT_THRESHOLD);
    let mut periods = periods(query, plan, history, threshold);
    let begun = plan.spans[plan.asked.min(plan.spans.len())..]
        .iter()
        .filter(|span| first.is_some_and(|first| first < span.to));
    let begun = begun.count();
    periods.drain(..periods.len().saturating_sub(begun));
    let picked = picked(query, plan, &periods);
    let (fading, mut lost) = match picked {
        Some(span) => {
            let (fading, lost) = leaving(plan, history, span, threshold);
            (Some(fading), lost)
        }
        None => (None, Vec::new()),
    };
    lost.sort_by_key(|one| (std::cmp::Reverse(one.active_days), one.place));
    let (quietly, mut quiet) = quiet(query, plan, history, threshold);
    quiet.sort_by(|a, b| b.pace.total_cmp(&a.pace).then(a.place.cmp(&b.place)));
    let local = |at| plan.calendar.datetime(at);
    let report = ChurnReport {
        query: query.clone(),
        activity: words::activity(&query.population()),
        threshold,
        returns,
        zone: plan.calendar.zone_name().to_owned(),
        week_start: plan.calendar.week_start(),
        as_of: plan.as_of,
        as_of_local: local(plan.as_of),
        watermark: about.watermark,
        watermark_local: about.watermark.map(local),
        first: first.map(|day| plan.date(day)),
        customers: u64::try_from(history.len()).unwrap_or(u64::MAX),
        internal: about.internal,
        periods,
        picked: picked.map(|span| span.start),
        fading,
        quiet: quietly,
        annotations: Vec::new(),
    };
    Answer {
        report,
        lost,
        quiet,
    }
}

/// Every gap that could be followed for half of all days.
fn returns(plan: &ChurnPlan, history: &History, first: Option<u32>) -> Returns {
    let horizon = first.map_or(0, |first| plan.today.saturating_sub(first) / 2);
    let mut returns = Returns {
        horizon,
        after: vec![0; usize::try_from(horizon).unwrap_or(0)],
        ..Returns::default()
    };
    for customer in history.iter() {
        let nexts = customer.iter().skip(1).map(Some);
        for (day, next) in customer.iter().zip(nexts.chain([None])) {
            let gap = next.map(|next| next - day);
            // The day itself and all days of its horizon must be over.
            if day + horizon >= plan.today {
                returns.too_recent += 1;
                continue;
            }
            let place = gap.and_then(|gap| usize::try_from(gap - 1).ok());
            match place.and_then(|place| returns.after.get_mut(place)) {
                Some(count) => *count += 1,
                None => returns.open += 1,
            }
        }
    }
    returns
}

/// Whether a customer is active at the start of a day.
fn active_at(days: Days<'_>, day: u32, threshold: u32) -> bool {
    days.any(day.saturating_sub(threshold), day)
}

/// The periods asked for.
fn periods(
    query: &ChurnQuery,
    plan: &ChurnPlan,
    history: &History,
    threshold: u32,
) -> Vec<ChurnPeriod> {
    let length = usize::try_from(query.sticky_days).unwrap_or(0);
    let spans = &plan.spans;
    let mut churn = vec![Churn::default(); spans.len()];
    let mut lifecycles = vec![Lifecycle::default(); spans.len()];
    let mut dormant = vec![0_u64; spans.len()];
    let mut sticky = vec![vec![0_u64; length]; spans.len()];
    for days in history.iter() {
        for (place, span) in spans.iter().enumerate() {
            let opening = active_at(days, span.from, threshold);
            churn[place].count(days, span, threshold, opening);
            let Some(before) = place.checked_sub(1).map(|before| spans[before]) else {
                continue;
            };
            let (was, is) = (
                days.any(before.from, before.to),
                days.any(span.from, span.to),
            );
            let lifecycle = &mut lifecycles[place];
            match (was, is) {
                (true, true) => lifecycle.retained += 1,
                (true, false) => dormant[place] += 1,
                (false, true) if days.first() >= span.from => lifecycle.new += 1,
                (false, true) => lifecycle.returned += 1,
                (false, false) => {}
            }
            let n = days.within(span.to.saturating_sub(query.sticky_days), span.to);
            let n = usize::try_from(n).ok().and_then(|n| n.checked_sub(1));
            if let Some(count) = n.and_then(|n| sticky[place].get_mut(n)) {
                *count += 1;
            }
        }
    }
    let year = plan.asked;
    (year..spans.len())
        .map(|place| {
            let span = spans[place];
            let before = churn[place - year];
            ChurnPeriod {
                start: span.start,
                last: span.last,
                opening: churn[place].opening,
                churn: span.ended.then_some(churn[place]),
                before: (span.ended && before.opening > 0).then_some(before),
                lifecycle: Lifecycle {
                    dormant: span.ended.then_some(dormant[place]),
                    ..lifecycles[place]
                },
                stickiness: span.ended.then(|| Stickiness {
                    days: std::mem::take(&mut sticky[place]),
                }),
            }
        })
        .collect()
}

impl Churn {
    /// Counts a customer in a period.
    fn count(&mut self, days: Days<'_>, span: &Span, threshold: u32, opening: bool) {
        let closing = span.ended && active_at(days, span.to, threshold);
        match (opening, closing) {
            (true, true) => self.opening += 1,
            (true, false) => {
                self.opening += 1;
                self.lost += u64::from(span.ended);
            }
            (false, true) if days.first() >= span.from => self.new += 1,
            (false, true) => self.returned += 1,
            (false, false) => {}
        }
    }
}

/// The period that is looked at: the one asked for, else the newest that has ended.
fn picked(query: &ChurnQuery, plan: &ChurnPlan, periods: &[ChurnPeriod]) -> Option<Span> {
    let ended = |start: Date| {
        let shown = periods.iter().any(|one| one.start == start);
        let span = plan.spans.iter().find(|span| span.start == start);
        span.filter(|span| shown && span.ended).copied()
    };
    let week_start = plan.calendar.week_start();
    let asked = query.period.map(|date| query.grain.floor(date, week_start));
    asked.and_then(ended).or_else(|| {
        let newest = periods.iter().rev().find(|one| one.churn.is_some())?;
        ended(newest.start)
    })
}

/// How the customers of a period were active before its end, and who was lost in it.
fn leaving(plan: &ChurnPlan, history: &History, span: Span, threshold: u32) -> (Fading, Vec<Lost>) {
    let weeks: Vec<(u32, u32)> = (1..=FADING_WEEKS)
        .rev()
        .map(|back| {
            (
                span.to.saturating_sub(7 * back),
                span.to.saturating_sub(7 * (back - 1)),
            )
        })
        .collect();
    let trail = || vec![Week::default(); weeks.len()];
    let mut fading = Fading {
        regular: trail(),
        new: trail(),
        lost: trail(),
    };
    let mut lost = Vec::new();
    for (place, days) in history.iter().enumerate() {
        let opening = active_at(days, span.from, threshold);
        let closing = active_at(days, span.to, threshold);
        let trail = match (opening, closing) {
            (true, true) => &mut fading.regular,
            (true, false) => &mut fading.lost,
            (false, true) if days.first() >= span.from => &mut fading.new,
            _ => continue,
        };
        for (week, (from, to)) in trail.iter_mut().zip(&weeks) {
            if days.first() < *to {
                week.customers += 1;
                week.days += u64::from(days.within(*from, *to));
            }
        }
        if opening && !closing {
            lost.push(Lost {
                place,
                last_active: days
                    .last_before(span.to)
                    .map_or(Date::MAX, |day| plan.date(day)),
                active_days: days.within(0, span.to),
                back: days.first_from(span.to).map(|day| plan.date(day)),
            });
        }
    }
    (fading, lost)
}

/// Who is still active at the start of as-of's day, but less than he used to be.
fn quiet(
    query: &ChurnQuery,
    plan: &ChurnPlan,
    history: &History,
    threshold: u32,
) -> (Quietly, Vec<Quiet>) {
    let mut quietly = Quietly::default();
    let mut quiet = Vec::new();
    let turn = plan.today.saturating_sub(RECENT_DAYS);
    for (place, days) in history.iter().enumerate() {
        let Some(last) = days.last_before(plan.today) else {
            continue;
        };
        // From his first day on, but no longer than the earlier days last.
        let from = days.first().max(turn.saturating_sub(EARLIER_DAYS));
        let observed = turn.saturating_sub(from);
        if !active_at(days, plan.today, threshold) || observed < RECENT_DAYS {
            continue;
        }
        let earlier = days.within(from, turn);
        if earlier * RECENT_DAYS < MIN_PACE * observed {
            continue;
        }
        quietly.known += 1;
        let recent = days.within(turn, plan.today);
        // recent / RECENT_DAYS < share of earlier / observed, in whole numbers
        if u64::from(recent) * u64::from(observed) * 100
            < u64::from(query.pace) * u64::from(earlier) * u64::from(RECENT_DAYS)
        {
            quietly.leaving += 1;
            quiet.push(Quiet {
                place,
                last_active: plan.date(last),
                recent,
                pace: float(u64::from(earlier) * u64::from(RECENT_DAYS)) / f64::from(observed),
            });
        }
    }
    (quietly, quiet)
}
