//! Why a question cannot be answered.

use jiff::civil::{Date, DateTime};

use super::check::{
    MAX_BRACKETS, MAX_COHORTS, MAX_DAYS, MAX_EVENTS, MAX_FILTERS, MAX_MIN_COUNT, MAX_PERIODS,
    MAX_SMALL, MAX_TEXT, MAX_VALUES, YEARS,
};
use super::{
    Bracket, MAX_MATERIAL, MAX_SIDE_BY_SIDE, MAX_STEPS, MAX_STICKY_DAYS, MAX_THRESHOLD, MAX_WINDOW,
    RetentionKind,
};
use crate::period::Grain;
use crate::segment::{MAX_CONDITIONS, MAX_DEPTH, MAX_DESCRIPTION, MAX_SEGMENTS};
use crate::words;

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
    /// A saved definition's name that none can have.
    #[error("A saved definition’s name has small letters, digits and hyphens only.")]
    ActivitySlug,
    /// A saved definition and events at once.
    #[error("Either a saved definition says what counts as active or the question does, not both.")]
    ActivityWithNames,
    /// A definition of activity without an event.
    #[error("A definition of activity needs at least one event.")]
    ActivityEmpty,
    /// An event twice in a definition that asks for any of some.
    #[error("The definition names “{event}” twice; give its conditions together.")]
    ActivityTwice {
        /// The event.
        event: String,
    },
    /// A workflow with too few or too many steps.
    #[error("A workflow has between 2 and {MAX_STEPS} steps, not {given}.")]
    WorkflowSteps {
        /// How many were given.
        given: usize,
    },
    /// A workflow without time, or with too much.
    #[error("A workflow has to be completed within 1 second to 366 days, not {given} seconds.")]
    WorkflowLimit {
        /// What was asked for, in seconds.
        given: u32,
    },
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
    /// No saved segment, or too many.
    #[error("Between 1 and {MAX_SIDE_BY_SIDE} segments can stand side by side, not {given}.")]
    SegmentCount {
        /// How many were given.
        given: usize,
    },
    /// Nothing that makes segments, where no customer has a trait either.
    #[error("No customer here has traits that would make segments.")]
    NoSplit,
    /// A segment of more conditions than can be.
    #[error("A segment can have at most {MAX_CONDITIONS} conditions, not {given}.")]
    TooManyConditions {
        /// How many were given.
        given: usize,
    },
    /// Groups within groups within groups.
    #[error("Conditions can lie at most {MAX_DEPTH} deep within one another.")]
    ConditionTooDeep,
    /// A group of no conditions.
    #[error("A group of conditions is empty.")]
    EmptyGroup,
    /// A segment's description is too long.
    #[error(
        "A description can have at most {} characters, not {}.",
        words::thousands(u64::try_from(MAX_DESCRIPTION).unwrap_or(u64::MAX)),
        words::thousands(u64::try_from(*.given).unwrap_or(u64::MAX))
    )]
    DescriptionTooLong {
        /// Its length in characters.
        given: usize,
    },
    /// Too many segments in one question.
    #[error("A question can name at most {MAX_SEGMENTS} segments, not {given}.")]
    TooManySegments {
        /// How many were given.
        given: usize,
    },
    /// A segment that is not saved here.
    #[error("There is no segment called “{slug}”.")]
    UnknownSegment {
        /// What was asked for.
        slug: String,
    },
    /// A segment that would be made of itself.
    #[error("Segment “{slug}” would be made of itself.")]
    SegmentCycle {
        /// The segment.
        slug: String,
    },
    /// A segment that others are made of can't go.
    #[error("Segment “{slug}” can’t be deleted: “{by}” is made of it.")]
    SegmentInUse {
        /// The segment.
        slug: String,
        /// One of those that are made of it.
        by: String,
    },
    /// What accounts must have done.
    #[error(
        "Conditions on behaviour are asked of customers, not of accounts. A saved segment can hold such a condition."
    )]
    AccountBehaviour,
    /// Segments of accounts.
    #[error("Segments are compared by customers, not by accounts.")]
    AccountComparison,
    /// Accounts kept as a segment.
    #[error("A segment holds customers; these are accounts.")]
    AccountSegment,
    /// Events and a set of events as one feature.
    #[error("A feature is either the events that are named or a saved set of events.")]
    FeatureAndSet,
    /// A set of events that is not saved here.
    #[error("There is no saved feature called “{slug}”.")]
    UnknownFeatureSet {
        /// What was asked for.
        slug: String,
    },
    /// Churn by periods that are too short.
    #[error("Churn is counted by week, month, quarter or year, not by {given}.")]
    ChurnGrain {
        /// What was asked for.
        given: Grain,
    },
    /// An inactivity threshold of nothing, or of too many days.
    #[error("The inactivity threshold must be between 1 and {MAX_THRESHOLD} days, not {given}.")]
    Threshold {
        /// What was asked for, in days.
        given: u32,
    },
    /// Stickiness among too few or too many days.
    #[error("Active days are counted among 2 to {MAX_STICKY_DAYS} days, not among {given}.")]
    StickyDays {
        /// What was asked for.
        given: u32,
    },
    /// A share of a customer's own pace that is none.
    #[error("The share of a customer's own pace must be between 1 and 99 percent, not {given}.")]
    Pace {
        /// What was asked for, in percent.
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
            QueryError::ActivitySlug => "activity_slug",
            QueryError::ActivityWithNames => "activity_with_names",
            QueryError::ActivityEmpty => "activity_empty",
            QueryError::ActivityTwice { .. } => "activity_event_twice",
            QueryError::WorkflowSteps { .. } => "workflow_steps",
            QueryError::WorkflowLimit { .. } => "workflow_limit",
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
            QueryError::SegmentCount { .. } => "segment_count",
            QueryError::NoSplit => "no_split",
            QueryError::TooManyConditions { .. } => "too_many_conditions",
            QueryError::ConditionTooDeep => "condition_too_deep",
            QueryError::EmptyGroup => "empty_group",
            QueryError::DescriptionTooLong { .. } => "description_too_long",
            QueryError::TooManySegments { .. } => "too_many_segments",
            QueryError::UnknownSegment { .. } => "unknown_segment",
            QueryError::SegmentCycle { .. } => "segment_cycle",
            QueryError::SegmentInUse { .. } => "segment_in_use",
            QueryError::AccountBehaviour => "account_behaviour",
            QueryError::AccountComparison => "account_comparison",
            QueryError::AccountSegment => "account_segment",
            QueryError::FeatureAndSet => "feature_and_set",
            QueryError::UnknownFeatureSet { .. } => "unknown_feature",
            QueryError::ChurnGrain { .. } => "churn_grain",
            QueryError::Threshold { .. } => "inactivity_threshold",
            QueryError::StickyDays { .. } => "sticky_days",
            QueryError::Pace { .. } => "own_pace",
            QueryError::Small { .. } => "small_limit",
        }
    }
}
