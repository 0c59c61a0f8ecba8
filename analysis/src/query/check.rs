//! The limits of a question. They bound the work that one request can cause and keep answers readable.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use jiff::tz::Offset;

use super::{
    AsOf, BeforeStart, Behaviour, Bracket, CohortRange, DEFAULT_BRACKETS, Days, EventFilter,
    QueryError, RetentionKind, RetentionQuery, StartRule, TraitFilter, TraitTest, Unit, Window,
    is_slug,
};
use crate::segment::check_segment_slugs;

/// The most cohorts that can be asked for by number: ten years of weeks.
pub const MAX_COHORTS: u32 = 520;
/// The most periods in one report, from the first cohort to as-of: four years of days.
pub const MAX_PERIODS: u32 = 1_500;
/// The most columns of *brackets*.
pub const MAX_BRACKETS: usize = 50;
/// The most event names that can count as active.
pub const MAX_EVENTS: usize = 50;
/// The most events that a period can need to be active.
pub const MAX_MIN_COUNT: u32 = 1_000;
/// The latest day after the start that a condition on behaviour can look at.
pub const MAX_DAYS: u32 = 3_650;
/// The most conditions of one sort: on traits, on properties, on behaviour.
pub const MAX_FILTERS: usize = 20;
/// The most values in one condition.
pub const MAX_VALUES: usize = 50;
/// The longest name or value, in characters.
pub const MAX_TEXT: usize = 200;
/// The years in which dates and instants may lie: far enough from the ends of every calendar involved.
pub const YEARS: RangeInclusive<i16> = 1..=9998;
/// The largest limit for small cohorts.
pub const MAX_SMALL: u32 = 1_000_000;

impl RetentionQuery {
    /// Whether the question keeps all limits. What depends on the calendar is checked when the periods are cut.
    pub fn validate(&self) -> Result<(), QueryError> {
        check_range(self.cohorts)?;
        check_as_of(self.as_of)?;
        check_small(self.small)?;
        self.check_brackets()?;
        self.check_follow_up()?;
        if self.active.len() > MAX_EVENTS {
            return Err(QueryError::TooManyEvents {
                given: self.active.len(),
            });
        }
        if self.any_event && !self.active.is_empty() {
            return Err(QueryError::AnyWithNames);
        }
        if let Some(slug) = &self.activity {
            if !is_slug(slug) {
                return Err(QueryError::ActivitySlug);
            }
            if self.any_event || !self.active.is_empty() || !self.active_where.is_empty() {
                return Err(QueryError::ActivityWithNames);
            }
        }
        check_min_count(self.min_count)?;
        if self.start_events.len() > MAX_EVENTS {
            return Err(QueryError::TooManyStartEvents {
                given: self.start_events.len(),
            });
        }
        for event in self.active.iter().chain(&self.start_events) {
            check_name("An event name", event)?;
        }
        let starts = !self.start_events.is_empty() || !self.start_where.is_empty();
        if self.start == StartRule::Signup && starts {
            return Err(QueryError::StartEventsSignup);
        }
        if self.window == Window::Rolling && self.before_start == BeforeStart::Count {
            return Err(QueryError::BeforeStartRolling);
        }
        check_event_filters(&self.active_where, &self.active)?;
        check_event_filters(&self.start_where, &self.start_events)?;
        if self.behaviours.len() > MAX_FILTERS {
            let given = self.behaviours.len();
            return Err(QueryError::TooManyFilters { given });
        }
        self.behaviours.iter().try_for_each(Behaviour::check)?;
        if self.unit == Unit::Accounts && !self.behaviours.is_empty() {
            return Err(QueryError::AccountBehaviour);
        }
        check_segment_slugs(&self.segments)?;
        check_filters(&self.account_filters)?;
        check_filters(&self.filters)
    }
}

/// Conditions on the properties of the events `names`, of any when there is none.
fn check_event_filters(filters: &[EventFilter], names: &[String]) -> Result<(), QueryError> {
    if filters.len() > MAX_FILTERS {
        let given = filters.len();
        return Err(QueryError::TooManyFilters { given });
    }
    filters.iter().try_for_each(|filter| {
        filter.check()?;
        filter.check_event(names)
    })
}

impl EventFilter {
    /// Whether the condition keeps all limits.
    pub(super) fn check(&self) -> Result<(), QueryError> {
        if let Some(event) = &self.event {
            check_name("An event name", event)?;
        }
        self.property.check()
    }

    /// Whether it is about one of the events that count.
    pub(super) fn check_event(&self, names: &[String]) -> Result<(), QueryError> {
        match &self.event {
            Some(event) if !names.is_empty() && !names.contains(event) => {
                Err(QueryError::FilterEvent {
                    name: self.property.name.clone(),
                    event: event.clone(),
                })
            }
            _ => Ok(()),
        }
    }
}

impl Behaviour {
    /// Whether the condition keeps all limits.
    pub(crate) fn check(&self) -> Result<(), QueryError> {
        check_name("An event name", &self.event)?;
        let days = self.days.unwrap_or(Days { from: 0, to: 1 });
        let in_order = days.from < days.to && days.to <= MAX_DAYS;
        if !in_order || check_min_count(self.at_least).is_err() {
            let event = self.event.clone();
            return Err(QueryError::Behaviour { event });
        }
        Ok(())
    }
}

/// Whether a list of conditions keeps all limits.
pub fn check_filters(filters: &[TraitFilter]) -> Result<(), QueryError> {
    if filters.len() > MAX_FILTERS {
        let given = filters.len();
        return Err(QueryError::TooManyFilters { given });
    }
    filters.iter().try_for_each(TraitFilter::check)
}

impl RetentionQuery {
    fn check_brackets(&self) -> Result<(), QueryError> {
        match self.kind {
            RetentionKind::Brackets => check_brackets(&self.brackets),
            _ if self.brackets == DEFAULT_BRACKETS => Ok(()),
            kind => Err(QueryError::BracketsKind { kind }),
        }
    }

    pub(super) fn check_follow_up(&self) -> Result<(), QueryError> {
        let Some(given) = self.follow_up else {
            return Ok(());
        };
        if given == 0 || given > MAX_PERIODS {
            return Err(QueryError::FollowUp { given });
        }
        match (self.kind, self.brackets.last()) {
            (RetentionKind::OnOrAfter, _) => Ok(()),
            (RetentionKind::Brackets, Some(Bracket { from, to: None })) if *from <= given => Ok(()),
            (RetentionKind::Brackets, _) => Err(QueryError::FollowUpBracket { given }),
            (kind, _) => Err(QueryError::FollowUpKind { kind }),
        }
    }
}

impl TraitFilter {
    /// Whether the condition keeps all limits.
    pub(crate) fn check(&self) -> Result<(), QueryError> {
        check_name("A trait name", &self.name)?;
        match &self.test {
            TraitTest::Is(values) | TraitTest::IsNot(values) => {
                if values.is_empty() || values.len() > MAX_VALUES {
                    return Err(QueryError::ValueCount {
                        name: self.name.clone(),
                        given: values.len(),
                    });
                }
                values
                    .iter()
                    .try_for_each(|value| check_text("A filter value", value))
            }
            TraitTest::Between { min, max } => {
                let finite = min.iter().chain(max).all(|bound| bound.is_finite());
                let ordered = match (min, max) {
                    (None, None) => false,
                    (Some(min), Some(max)) => min <= max,
                    _ => true,
                };
                if finite && ordered {
                    Ok(())
                } else {
                    Err(QueryError::NumberRange {
                        name: self.name.clone(),
                    })
                }
            }
            TraitTest::Set | TraitTest::Unset => Ok(()),
        }
    }
}

pub(super) fn check_brackets(brackets: &[Bracket]) -> Result<(), QueryError> {
    if brackets.is_empty() || brackets.len() > MAX_BRACKETS {
        let given = brackets.len();
        return Err(QueryError::BracketCount { given });
    }
    let mut before = Some(0);
    for &given in brackets {
        let last = given.to.unwrap_or(MAX_PERIODS);
        let in_order = before.is_some_and(|before| before < given.from);
        if !in_order || given.from > last || last > MAX_PERIODS {
            return Err(QueryError::BracketOrder { given });
        }
        before = given.to;
    }
    Ok(())
}

pub(super) fn check_range(range: CohortRange) -> Result<(), QueryError> {
    match range {
        CohortRange::Last(given) if given == 0 || given > MAX_COHORTS => {
            Err(QueryError::CohortCount { given })
        }
        CohortRange::Last(_) => Ok(()),
        CohortRange::Between { from, to } => {
            check_year(from)?;
            match to {
                Some(to) if to < from => Err(QueryError::RangeReversed { from, to }),
                Some(to) => check_year(to),
                None => Ok(()),
            }
        }
    }
}

pub(super) fn check_as_of(as_of: AsOf) -> Result<(), QueryError> {
    match as_of {
        AsOf::Now => Ok(()),
        AsOf::Date(date) => check_year(date),
        AsOf::Instant(at) => check_year(Offset::UTC.to_datetime(at).date()),
    }
}

pub(crate) fn check_year(given: Date) -> Result<(), QueryError> {
    if YEARS.contains(&given.year()) {
        Ok(())
    } else {
        Err(QueryError::YearOutOfRange { given })
    }
}

pub(super) fn check_small(given: u32) -> Result<(), QueryError> {
    if given > MAX_SMALL {
        return Err(QueryError::Small { given });
    }
    Ok(())
}

pub(super) fn check_min_count(given: u32) -> Result<(), QueryError> {
    if given == 0 || given > MAX_MIN_COUNT {
        return Err(QueryError::MinCount { given });
    }
    Ok(())
}

pub(crate) fn check_name(what: &'static str, text: &str) -> Result<(), QueryError> {
    if text.is_empty() {
        return Err(QueryError::Empty { what });
    }
    check_text(what, text)
}

fn check_text(what: &'static str, text: &str) -> Result<(), QueryError> {
    let given = text.chars().count();
    if given > MAX_TEXT {
        return Err(QueryError::TooLong { what, given });
    }
    if text.contains('\0') {
        return Err(QueryError::ZeroCharacter { what });
    }
    Ok(())
}
