//! The question as URL parameters, there and back.

use super::check::{
    check_as_of, check_brackets, check_min_count, check_name, check_range, check_small, check_year,
};
use super::problem::{ParamProblem, Params, date, whole};
use super::{
    AsOf, BeforeStart, Behaviour, Bracket, CohortRange, ColumnZero, DEFAULT_BRACKETS,
    DEFAULT_SMALL, EventFilter, MAX_COHORTS, MAX_EVENTS, MAX_FILTERS, MAX_MIN_COUNT, MAX_PERIODS,
    MAX_SMALL, MAX_TEXT, RetentionKind, RetentionQuery, RetentionView, StartRule, TraitFilter,
    Unit, Window, is_slug,
};
use crate::period::Grain;
use crate::segment::{MAX_SEGMENTS, check_segment_slugs};
use crate::words;

/// Parameters that belong to the view.
pub const VIEW_PARAMS: [&str; 6] = ["show", "intervals", "scale", "diagonal", "overall", "cell"];

/// What a parameter about start events expects.
const START_RULE: &str = "“start=first_event” or “start=each_event” beside it";

impl RetentionQuery {
    /// Reads the question from decoded URL parameters.
    ///
    /// Never fails: whatever is missing takes its default, whatever is wrong is reported and takes its default. The
    /// result always passes [`RetentionQuery::validate`]. Parameters of [`RetentionView`] and campaign marks (`utm_…`)
    /// are passed over, unknown ones reported.
    pub fn parse<'a>(
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<ParamProblem>) {
        let mut params = Params::new(params);
        let mut query = RetentionQuery::default();
        let unit = params.named("unit", &Unit::expected(), Unit::default());
        query.unit = unit.unwrap_or_default();
        if let Some(grain) = params.named("grain", &Grain::expected(), Grain::default()) {
            query.grain = grain;
        }
        let kinds = RetentionKind::expected();
        if let Some(kind) = params.named("kind", &kinds, RetentionKind::default()) {
            query.kind = kind;
        }
        brackets(&mut params, &mut query);
        let zeros = ColumnZero::expected();
        if let Some(zero) = params.named("zero", &zeros, ColumnZero::default()) {
            query.column_zero = zero;
        }
        follow_up(&mut params, &mut query);
        start(&mut params, &mut query);
        query.active = event_names(&mut params, "active");
        query.activity = activity(&mut params, &query.active);
        if params.switch("any") == Some(true) {
            if query.active.is_empty() && query.activity.is_none() {
                query.any_event = true;
            } else {
                params.problem("any", "1", "no “active” or “activity” beside it", "");
            }
        }
        let min = params.parsed(
            "min",
            &format!(
                "a whole number from 1 to {}",
                words::thousands(u64::from(MAX_MIN_COUNT))
            ),
            "1",
            |text| whole(text).filter(|min| check_min_count(*min).is_ok()),
        );
        query.min_count = min.unwrap_or(1);
        query.cohorts = cohorts(&mut params, query.grain, CohortRange::default());
        query.as_of = as_of(&mut params);
        query.filters = filters(&mut params, "where");
        query.account_filters = filters(&mut params, "account_where");
        query.start_where = event_filters(&mut params, "start_where", &query.start_events);
        if query.start == StartRule::Signup {
            for filter in std::mem::take(&mut query.start_where) {
                params.problem("start_where", &filter.to_string(), START_RULE, "");
            }
        }
        query.active_where = event_filters(&mut params, "active_where", &query.active);
        if query.activity.is_some() {
            for filter in std::mem::take(&mut query.active_where) {
                params.problem(
                    "active_where",
                    &filter.to_string(),
                    "no “activity” beside it",
                    "",
                );
            }
        }
        query.behaviours = conditions(
            &mut params,
            "behaviour",
            "a condition such as did:order:3 or not:order:1:0-7",
            Behaviour::parse,
        );
        if query.unit == Unit::Accounts {
            for one in std::mem::take(&mut query.behaviours) {
                params.problem(
                    "behaviour",
                    &one.to_string(),
                    "no “unit=accounts” beside it",
                    "",
                );
            }
        }
        query.segments = segments(&mut params);
        let most = words::thousands(u64::from(MAX_SMALL));
        let small = params.parsed(
            "small",
            &format!("a whole number from 0 to {most}"),
            &DEFAULT_SMALL.to_string(),
            |text| whole(text).filter(|small| check_small(*small).is_ok()),
        );
        query.small = small.unwrap_or(DEFAULT_SMALL);

        params.report_unknown(&VIEW_PARAMS);
        (query, params.problems)
    }

    /// The parameters that differ from the default, in a fixed order, not yet percent-encoded.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        let mut params = Vec::new();
        if self.unit != Unit::default() {
            params.push(("unit", self.unit.to_string()));
        }
        if self.grain != Grain::default() {
            params.push(("grain", self.grain.to_string()));
        }
        if self.kind != RetentionKind::default() {
            params.push(("kind", self.kind.to_string()));
        }
        // What a kind does not take is left out, so that a question can change its kind.
        if self.kind == RetentionKind::Brackets && self.brackets != DEFAULT_BRACKETS {
            params.push(("brackets", list_brackets(&self.brackets)));
        }
        if self.column_zero != ColumnZero::default() {
            params.push(("zero", self.column_zero.to_string()));
        }
        if let Some(last) = self.follow_up.filter(|_| self.kind.takes_follow_up()) {
            params.push(("follow_up", last.to_string()));
        }
        if self.window != Window::default() {
            params.push(("window", self.window.to_string()));
        }
        if self.start != StartRule::default() {
            params.push(("start", self.start.to_string()));
            let events = self.start_events.iter();
            params.extend(events.map(|event| ("start_event", event.clone())));
        }
        if self.before_start != BeforeStart::default() && self.window == Window::Calendar {
            params.push(("before", self.before_start.to_string()));
        }
        let activity = self.activity.iter();
        params.extend(activity.map(|slug| ("activity", slug.clone())));
        params.extend(self.active.iter().map(|event| ("active", event.clone())));
        if self.any_event && self.active.is_empty() {
            params.push(("any", "1".to_owned()));
        }
        if self.min_count != 1 {
            params.push(("min", self.min_count.to_string()));
        }
        if self.cohorts != CohortRange::default() {
            params.extend(cohort_params(self.cohorts));
        }
        params.extend(as_of_param(self.as_of));
        let filters = self.filters.iter();
        params.extend(filters.map(|filter| ("where", filter.to_string())));
        let filters = self.account_filters.iter();
        params.extend(filters.map(|filter| ("account_where", filter.to_string())));
        if self.start != StartRule::Signup {
            let filters = self.start_where.iter();
            params.extend(filters.map(|filter| ("start_where", filter.to_string())));
        }
        let filters = self.active_where.iter();
        params.extend(filters.map(|filter| ("active_where", filter.to_string())));
        let behaviours = self.behaviours.iter();
        params.extend(behaviours.map(|one| ("behaviour", one.to_string())));
        let segments = self.segments.iter();
        params.extend(segments.map(|slug| ("segment", slug.clone())));
        if self.small != DEFAULT_SMALL {
            params.push(("small", self.small.to_string()));
        }
        params
    }
}

fn brackets(params: &mut Params<'_>, query: &mut RetentionQuery) {
    let expected = "spans of periods such as 1-3,4-6,7-";
    let used = list_brackets(&DEFAULT_BRACKETS);
    let given = params.parsed("brackets", expected, &used, |text| {
        let spans = text.split(',').map(str::parse::<Bracket>);
        let spans: Vec<Bracket> = spans.collect::<Result<_, _>>().ok()?;
        check_brackets(&spans).is_ok().then_some(spans)
    });
    let Some(given) = given else { return };
    if query.kind == RetentionKind::Brackets {
        query.brackets = given;
    } else {
        let text = list_brackets(&given);
        params.problem("brackets", &text, "“kind=brackets” beside it", "");
    }
}

fn list_brackets(brackets: &[Bracket]) -> String {
    let texts: Vec<String> = brackets.iter().map(ToString::to_string).collect();
    texts.join(",")
}

fn follow_up(params: &mut Params<'_>, query: &mut RetentionQuery) {
    let Some(text) = params.one("follow_up") else {
        return;
    };
    query.follow_up = whole(text);
    if query.follow_up.is_none() || query.check_follow_up().is_err() {
        query.follow_up = None;
        let expected = format!(
            "a period from 1 to {MAX_PERIODS} beside “kind=on_or_after” or a last bracket without end"
        );
        params.problem("follow_up", text, &expected, "");
    }
}

fn start(params: &mut Params<'_>, query: &mut RetentionQuery) {
    let windows = Window::expected();
    if let Some(window) = params.named("window", &windows, Window::default()) {
        query.window = window;
    }
    let rules = StartRule::expected();
    if let Some(start) = params.named("start", &rules, StartRule::default()) {
        query.start = start;
    }
    query.start_events = event_names(params, "start_event");
    if query.start == StartRule::Signup {
        for event in std::mem::take(&mut query.start_events) {
            params.problem("start_event", &event, START_RULE, "");
        }
    }
    let choices = BeforeStart::expected();
    let before = params.named("before", &choices, BeforeStart::default());
    match before {
        Some(BeforeStart::Count) if query.window == Window::Rolling => {
            params.problem("before", "count", "“window=calendar” beside it", "");
        }
        before => query.before_start = before.unwrap_or_default(),
    }
}

/// The limit of what is visible.
pub(super) fn as_of(params: &mut Params<'_>) -> AsOf {
    let as_of = params.parsed(
        "as_of",
        "a date such as 2025-01-31 or an instant such as 2025-01-31T12:00:00Z",
        "now",
        |text| {
            let instant = || text.parse().ok().map(AsOf::Instant);
            let as_of = date(text).map(AsOf::Date).or_else(instant)?;
            check_as_of(as_of).is_ok().then_some(as_of)
        },
    );
    as_of.unwrap_or_default()
}

/// An as-of as a parameter; none for now.
pub(super) fn as_of_param(as_of: AsOf) -> Option<(&'static str, String)> {
    let value = match as_of {
        AsOf::Now => return None,
        AsOf::Date(date) => date.to_string(),
        AsOf::Instant(at) => at.to_string(),
    };
    Some(("as_of", value))
}

/// A range of cohorts as parameters.
pub(super) fn cohort_params(range: CohortRange) -> Vec<(&'static str, String)> {
    match range {
        CohortRange::Last(count) => vec![("last", count.to_string())],
        CohortRange::Between { from, to } => {
            let to = to.map(|to| ("to", to.to_string()));
            [("from", from.to_string())].into_iter().chain(to).collect()
        }
    }
}

pub(super) fn event_names(params: &mut Params<'_>, param: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in params.all(param) {
        if check_name("An event name", name).is_err() {
            let expected = format!("an event name of at most {MAX_TEXT} characters");
            params.problem(param, name, &expected, "");
        } else if names.iter().all(|known| known != name) {
            if names.len() < MAX_EVENTS {
                names.push(name.to_owned());
            } else {
                params.problem(param, name, &format!("at most {MAX_EVENTS} events"), "");
            }
        }
    }
    names.sort();
    names
}

/// A saved definition of activity; the events named beside it come first.
pub(super) fn activity(params: &mut Params<'_>, active: &[String]) -> Option<String> {
    let expected = "a saved definition’s name";
    let slug = params.parsed("activity", expected, "the workspace’s own", |text| {
        is_slug(text).then(|| text.to_owned())
    })?;
    if active.is_empty() {
        return Some(slug);
    }
    params.problem("activity", &slug, "no “active” beside it", "");
    None
}

/// The range of cohorts, `usual` when none is asked for.
pub(super) fn cohorts(params: &mut Params<'_>, grain: Grain, usual: CohortRange) -> CohortRange {
    const DATE: &str = "a date such as 2025-01-31";
    let count = match usual {
        CohortRange::Last(count) => count.to_string(),
        CohortRange::Between { .. } => words::cohort_range(usual, grain),
    };
    let last = params.parsed(
        "last",
        &format!("a whole number from 1 to {MAX_COHORTS}"),
        &count,
        |text| {
            let range = CohortRange::Last(whole(text)?);
            check_range(range).is_ok().then_some(range)
        },
    );
    let otherwise = last.unwrap_or(usual);
    let day = |text: &str| date(text).filter(|date| check_year(*date).is_ok());
    let from = params.parsed("from", DATE, &words::cohort_range(otherwise, grain), day);
    let to = params.parsed("to", DATE, "the newest cohort", day);
    let Some(from) = from else {
        if let Some(to) = to {
            params.problem("to", &to.to_string(), "a “from” beside it", "");
        }
        return otherwise;
    };
    if let Some(CohortRange::Last(count)) = last {
        params.problem("last", &count.to_string(), "no “from” beside it", "");
    }
    let range = CohortRange::Between { from, to };
    if let (Some(to), Err(_)) = (to, check_range(range)) {
        let expected = format!("a date not before {from}");
        params.problem("to", &to.to_string(), &expected, "the newest cohort");
        return CohortRange::Between { from, to: None };
    }
    range
}

/// Conditions on traits.
pub(super) fn filters(params: &mut Params<'_>, param: &str) -> Vec<TraitFilter> {
    let expected =
        "a condition such as plan:is:pro:team, plan:not:free, seats:between:10:50 or plan:set";
    conditions(params, param, expected, TraitFilter::parse)
}

/// Saved segments, by their names in addresses.
pub(super) fn segments(params: &mut Params<'_>) -> Vec<String> {
    let mut slugs: Vec<String> = Vec::new();
    for slug in params.all("segment") {
        if check_segment_slugs(&[slug.to_owned()]).is_err() {
            params.problem("segment", slug, "the name of a saved segment", "");
        } else if slugs.iter().all(|known| known != slug) {
            if slugs.len() < MAX_SEGMENTS {
                slugs.push(slug.to_owned());
            } else {
                let expected = format!("at most {MAX_SEGMENTS} segments");
                params.problem("segment", slug, &expected, "");
            }
        }
    }
    slugs.sort();
    slugs
}

fn event_filters(params: &mut Params<'_>, param: &str, names: &[String]) -> Vec<EventFilter> {
    let expected =
        "a condition such as order:size:is:large or :size:set on one of the events that count";
    conditions(params, param, expected, |text| {
        EventFilter::parse(text).filter(|filter| filter.check_event(names).is_ok())
    })
}

/// A parameter that is repeated for every condition.
fn conditions<T>(
    params: &mut Params<'_>,
    param: &str,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Vec<T> {
    let mut conditions = Vec::new();
    for text in params.all(param) {
        let Some(condition) = parse(text) else {
            params.problem(param, text, expected, "");
            continue;
        };
        if conditions.len() < MAX_FILTERS {
            conditions.push(condition);
        } else {
            let expected = format!("at most {MAX_FILTERS} conditions");
            params.problem(param, text, &expected, "");
        }
    }
    conditions
}

/// The question and the view as the query part of a URL: "" for the defaults, else "?grain=day&…".
pub fn url_query(query: &RetentionQuery, view: &RetentionView) -> String {
    let mut url = String::new();
    append_params(&mut url, query.params());
    append_params(&mut url, view.params());
    url
}

/// Adds parameters to the query part of a URL, which is empty or begins with "?".
pub fn append_params(url: &mut String, params: Vec<(impl AsRef<str>, String)>) {
    for (name, value) in params {
        url.push(if url.is_empty() { '?' } else { '&' });
        url.push_str(name.as_ref());
        url.push('=');
        encode(&value, url);
    }
}

/// Splits the query part of a URL, with or without its "?", into decoded names and values.
///
/// Never fails: a `%` that begins no escape stands for itself, bytes that are not UTF-8 become U+FFFD.
pub fn split_url_query(text: &str) -> Vec<(String, String)> {
    let text = text.strip_prefix('?').unwrap_or(text);
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// Names and values as the questions' `parse` takes them.
pub fn pairs(split: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> + Clone {
    split
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
}

/// Percent-encodes a value. Spaces become `%20`, which every reader understands, unlike `+`.
fn encode(value: &str, url: &mut String) {
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b',' => {
                url.push(char::from(byte));
            }
            _ => {
                url.push('%');
                for digit in [byte >> 4, byte & 15] {
                    url.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
                }
            }
        }
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, beyond @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = beyond;
                }
                _ => bytes.push(byte),
            },
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}
