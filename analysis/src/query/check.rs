//! The limits of a question. They bound the work that one request can cause and keep answers readable.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use super::{
    AsOf, BeforeStart, Behaviour, Bracket, CohortRange, DEFAULT_BRACKETS, Days, EventFilter,
    MAX_MATERIAL, MAX_WINDOW, RetentionKind, RetentionQuery, StartRule, TraitFilter, TraitTest,
    Window,
};
use crate::words;

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

/// Why a question cannot be answered. `Display` is a plain sentence, [`QueryError::code`] is stable.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum QueryError {
    /// The number of cohorts is 0 or too large.
    #[error("The number of cohorts must be between 1 and {MAX_COHORTS}, not {given}.")]
    CohortCount {
        /// What was asked for.
        given: u32,
    },
    /// The range of cohorts ends before it begins.
    #[error("The range of cohorts ends on {}, before it begins on {}.", words::date(*.to), words::date(*.from))]
    RangeReversed {
        /// The range's beginning.
        from: Date,
        /// The range's end.
        to: Date,
    },
    /// The range of cohorts begins when nothing is visible any more.
    #[error("The first cohort begins on {}, not before as-of, {}.", words::date(*.from), words::date_time(*.as_of))]
    RangeAhead {
        /// First date of the first cohort.
        from: Date,
        /// The exclusive limit of what is visible, as a clock in the zone shows it.
        as_of: DateTime,
    },
    /// A date or an instant lies outside [`YEARS`].
    #[error("Dates must lie in the years {} to {}, not on {given}.", YEARS.start(), YEARS.end())]
    YearOutOfRange {
        /// What was asked for; for an instant, its date in UTC.
        given: Date,
    },
    /// The matrix would be too large.
    #[error(
        "From the first cohort to as-of there are {} {noun}; a report can show {}. Choose a later first cohort or \
         longer periods.",
        words::thousands(*.given),
        words::thousands(u64::from(MAX_PERIODS))
    )]
    TooManyPeriods {
        /// The number of periods.
        given: u64,
        /// Their name: "days".
        noun: &'static str,
    },
    /// *Brackets* without a span, or with too many.
    #[error("Brackets need between 1 and {MAX_BRACKETS} spans of periods, not {given}.")]
    BracketCount {
        /// How many were given.
        given: usize,
    },
    /// A span begins before period 1, ends before it begins, ends too late, or does not follow the one before.
    #[error(
        "The bracket {given} must lie between period 1 and period {MAX_PERIODS}, in order, and after the one before it."
    )]
    BracketOrder {
        /// The span.
        given: Bracket,
    },
    /// Spans for a kind of retention that has none.
    #[error("Only the kind “brackets” has spans of periods, not “{kind}”.")]
    BracketsKind {
        /// The kind that was asked for.
        kind: RetentionKind,
    },
    /// The horizon of equal follow-up is 0 or too far.
    #[error("Equal follow-up must end with a period from 1 to {MAX_PERIODS}, not {given}.")]
    FollowUp {
        /// What was asked for.
        given: u32,
    },
    /// Equal follow-up for a kind of retention that looks at no later period anyhow.
    #[error("Equal follow-up is for “on_or_after” and “brackets”, not for “{kind}”.")]
    FollowUpKind {
        /// The kind that was asked for.
        kind: RetentionKind,
    },
    /// Equal follow-up where the last bracket is closed already, or begins only after the horizon.
    #[error(
        "Equal follow-up up to period {given} needs a last bracket that has no end and begins by then, such as 1-."
    )]
    FollowUpBracket {
        /// The horizon that was asked for.
        given: u32,
    },
    /// Too many event names count as active.
    #[error("At most {MAX_EVENTS} events can count as active, not {given}.")]
    TooManyEvents {
        /// How many were given.
        given: usize,
    },
    /// Too many event names count as start.
    #[error("At most {MAX_EVENTS} events can count as start, not {given}.")]
    TooManyStartEvents {
        /// How many were given.
        given: usize,
    },
    /// Start events for cohorts that begin with the signup.
    #[error(
        "Cohorts by signup have no start events; choose “first_event” or “each_event” as the start."
    )]
    StartEventsSignup,
    /// Any event and named ones at once.
    #[error("Either any event counts as active or the named ones, not both.")]
    AnyWithNames,
    /// The number of events that make a period active is 0 or too large.
    #[error(
        "A period must need between 1 and {} events to be active, not {given}.",
        words::thousands(u64::from(MAX_MIN_COUNT))
    )]
    MinCount {
        /// What was asked for.
        given: u32,
    },
    /// Events before the start in periods that begin with it.
    #[error("Rolling periods begin with the start itself, so no event of theirs lies before it.")]
    BeforeStartRolling,
    /// A condition on a property of events that do not count.
    #[error("The condition on “{name}” is about “{event}”, which is not among the events.")]
    FilterEvent {
        /// The property.
        name: String,
        /// The event.
        event: String,
    },
    /// A condition on behaviour with a number or days that cannot be.
    #[error(
        "The condition on doing “{event}” needs a number from 1 to {} and days from 0 to {}, in order.",
        words::thousands(u64::from(MAX_MIN_COUNT)),
        words::thousands(u64::from(MAX_DAYS))
    )]
    Behaviour {
        /// The event.
        event: String,
    },
    /// Too many conditions of one sort.
    #[error("At most {MAX_FILTERS} filters can be set, not {given}.")]
    TooManyFilters {
        /// How many were given.
        given: usize,
    },
    /// A condition lists no values or too many.
    #[error("The filter on “{name}” needs between 1 and {MAX_VALUES} values, not {given}.")]
    ValueCount {
        /// The trait.
        name: String,
        /// How many were given.
        given: usize,
    },
    /// A name is empty.
    #[error("{what} is empty.")]
    Empty {
        /// Which text.
        what: &'static str,
    },
    /// A name or value is too long.
    #[error("{what} has {given} characters; at most {MAX_TEXT} are possible.")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// Its length in characters.
        given: usize,
    },
    /// A name or value contains the character U+0000, which no stored text can contain.
    #[error("{what} contains a zero character.")]
    ZeroCharacter {
        /// Which text.
        what: &'static str,
    },
    /// A numeric condition has no limit, an infinite one, or a smallest above its largest.
    #[error("The filter on “{name}” needs a smallest or a largest number, in that order.")]
    NumberRange {
        /// The trait.
        name: String,
    },
    /// Too many event names are the feature.
    #[error("At most {MAX_EVENTS} events can be one feature, not {given}.")]
    TooManyFeatureEvents {
        /// How many were given.
        given: usize,
    },
    /// An exposure or outcome window without periods, or with too many.
    #[error("A window must have between 1 and {MAX_WINDOW} periods, not {given}.")]
    WindowLength {
        /// What was asked for.
        given: u32,
    },
    /// A material difference of nothing, or of too much.
    #[error("The material difference must be between 1 and {MAX_MATERIAL} points, not {given}.")]
    Material {
        /// What was asked for, in points.
        given: u32,
    },
    /// The limit for small cohorts is too large.
    #[error(
        "The limit for small cohorts can be at most {}, not {}.",
        words::thousands(u64::from(MAX_SMALL)),
        words::thousands(u64::from(*.given))
    )]
    Small {
        /// What was asked for.
        given: u32,
    },
}

impl QueryError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            QueryError::CohortCount { .. } => "cohort_count",
            QueryError::RangeReversed { .. } => "range_reversed",
            QueryError::RangeAhead { .. } => "range_ahead",
            QueryError::YearOutOfRange { .. } => "year_out_of_range",
            QueryError::TooManyPeriods { .. } => "too_many_periods",
            QueryError::BracketCount { .. } => "bracket_count",
            QueryError::BracketOrder { .. } => "bracket_order",
            QueryError::BracketsKind { .. } => "brackets_kind",
            QueryError::FollowUp { .. } => "follow_up",
            QueryError::FollowUpKind { .. } => "follow_up_kind",
            QueryError::FollowUpBracket { .. } => "follow_up_bracket",
            QueryError::TooManyEvents { .. } => "too_many_events",
            QueryError::TooManyStartEvents { .. } => "too_many_start_events",
            QueryError::StartEventsSignup => "start_events_signup",
            QueryError::AnyWithNames => "any_with_names",
            QueryError::MinCount { .. } => "min_count",
            QueryError::BeforeStartRolling => "before_start_rolling",
            QueryError::FilterEvent { .. } => "filter_event",
            QueryError::Behaviour { .. } => "behaviour",
            QueryError::TooManyFilters { .. } => "too_many_filters",
            QueryError::ValueCount { .. } => "value_count",
            QueryError::Empty { .. } => "empty_text",
            QueryError::TooLong { .. } => "text_too_long",
            QueryError::ZeroCharacter { .. } => "zero_character",
            QueryError::NumberRange { .. } => "number_range",
            QueryError::TooManyFeatureEvents { .. } => "too_many_feature_events",
            QueryError::WindowLength { .. } => "window_length",
            QueryError::Material { .. } => "material_difference",
            QueryError::Small { .. } => "small_limit",
        }
    }
}

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
    pub(super) fn check(&self) -> Result<(), QueryError> {
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
    pub(super) fn check(&self) -> Result<(), QueryError> {
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

pub(super) fn check_year(given: Date) -> Result<(), QueryError> {
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

pub(super) fn check_name(what: &'static str, text: &str) -> Result<(), QueryError> {
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
