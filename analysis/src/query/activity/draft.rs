//! A definition while it is made: the parameters of an address, so that it can be built with links and forms alone.
//!
//! `event1=open&event2=watched&where2=watched_seconds:between:60:&kind=workflow&within=1800`. A form adds a condition by
//! `property2`, `test2` and `value2`, and may say `unit=minutes` beside `within`.

use super::{ActivityDefinition, ActivityEvent, ActivityRule, MAX_WITHIN, is_slug};
use crate::query::check::{check_min_count, check_name};
use crate::query::problem::{ParamProblem, Params, whole};
use crate::query::{MAX_EVENTS, MAX_FILTERS, MAX_MIN_COUNT, MAX_TEXT, TraitFilter, TraitTest};
use crate::words;

/// Units of a time limit, longest first: name and length in seconds.
const UNITS: [(&str, u32); 4] = [
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
    ("second", 1),
];

/// The time in which a workflow has to be completed unless something else is said: half an hour.
const USUAL_WITHIN: u32 = 1_800;

/// What a form offers as a condition on a property: name and words.
pub const TESTS: [(&str, &str); 6] = [
    ("at_least", "is at least"),
    ("at_most", "is at most"),
    ("is", "is"),
    ("is_not", "is not"),
    ("set", "is set"),
    ("unset", "is not set"),
];

/// Parameters that lead to a draft's page without being part of it.
pub const SEARCHES: [&str; 2] = ["refused", "then"];

/// The longest unit that divides a time, with its length in seconds.
pub(crate) fn unit(seconds: u32) -> (&'static str, u32) {
    let fits = |(_, length): &&(&str, u32)| seconds > 0 && seconds.is_multiple_of(*length);
    UNITS.iter().find(fits).copied().unwrap_or(("second", 1))
}

/// A definition that may still be incomplete, and the saved one that it will replace.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    /// As far as it is made.
    pub definition: ActivityDefinition,
    /// The saved definition that is being changed; none for a new one.
    pub slug: Option<String>,
    /// Whether it is to become the workspace's own.
    pub default: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Draft::of(ActivityDefinition::of_events("", []), None)
    }
}

impl Draft {
    /// The draft that begins with a definition.
    pub fn of(definition: ActivityDefinition, slug: Option<String>) -> Self {
        Draft {
            definition,
            slug,
            default: false,
        }
    }

    /// Reads a draft from decoded parameters. Never fails: what is wrong is reported and left out.
    pub fn parse<'a>(
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<ParamProblem>) {
        let mut params = Params::new(params);
        let mut events = Vec::new();
        let mut conditions = 0;
        for place in 1..=MAX_EVENTS {
            let Some(event) = params.one(&format!("event{place}")) else {
                // What was said of an event that is not there (any more) goes with it.
                for about in ["where", "property", "test", "value"] {
                    params.all(&format!("{about}{place}"));
                }
                continue;
            };
            if check_name("An event name", event).is_err() {
                let expected = format!("an event name of at most {MAX_TEXT} characters");
                params.problem(&format!("event{place}"), event, &expected, "");
                continue;
            }
            let mut one = ActivityEvent {
                event: event.to_owned(),
                conditions: carried(&mut params, place),
            };
            one.conditions.extend(added(&mut params, place));
            conditions += one.conditions.len();
            if conditions > MAX_FILTERS {
                let expected = format!("at most {MAX_FILTERS} conditions");
                params.problem(&format!("where{place}"), "…", &expected, "");
                one.conditions.clear();
            }
            events.push(one);
        }
        let within = within(&mut params);
        let kind = params.parsed("kind", "events or workflow", "events", |text| match text {
            "events" => Some(false),
            "workflow" => Some(true),
            _ => None,
        });
        let rule = match kind {
            Some(true) => ActivityRule::Workflow {
                steps: events,
                within,
            },
            _ => ActivityRule::AnyOf(events),
        };
        let most = words::thousands(u64::from(MAX_MIN_COUNT));
        let at_least = params.parsed(
            "min",
            &format!("a whole number from 1 to {most}"),
            "1",
            |text| whole(text).filter(|min| check_min_count(*min).is_ok()),
        );
        let name = params.parsed(
            "name",
            &format!("a name of at most {MAX_TEXT} characters"),
            "",
            |text| {
                let text = text.trim();
                check_name("The definition’s name", text)
                    .ok()
                    .map(|()| text.to_owned())
            },
        );
        let slug = params.parsed("slug", "a saved definition’s name", "", |text| {
            is_slug(text).then(|| text.to_owned())
        });
        let default = params.switch("default").unwrap_or(false);
        params.report_unknown(&SEARCHES);
        let definition = ActivityDefinition {
            name: name.unwrap_or_default(),
            rule,
            at_least: at_least.unwrap_or(1),
        };
        let draft = Draft {
            definition,
            slug,
            default,
        };
        (draft, params.problems)
    }

    /// The parameters that it is read from.
    pub fn params(&self) -> Vec<(String, String)> {
        let mut params = Vec::new();
        let mut add = |name: &str, value: String| params.push((name.to_owned(), value));
        if let Some(slug) = &self.slug {
            add("slug", slug.clone());
        }
        if !self.definition.name.is_empty() {
            add("name", self.definition.name.clone());
        }
        if let ActivityRule::Workflow { within, .. } = &self.definition.rule {
            add("kind", "workflow".to_owned());
            add("within", within.to_string());
        }
        for (place, one) in (1..).zip(self.definition.rule.events()) {
            add(&format!("event{place}"), one.event.clone());
            for condition in &one.conditions {
                add(&format!("where{place}"), condition.to_string());
            }
        }
        if self.definition.at_least > 1 {
            add("min", self.definition.at_least.to_string());
        }
        if self.default {
            add("default", "1".to_owned());
        }
        params
    }

    /// The time limit as a form shows it: a number and the name of its unit; the usual one where there is none.
    pub fn limit(&self) -> (u32, &'static str) {
        let within = match self.definition.rule {
            ActivityRule::Workflow { within, .. } => within,
            ActivityRule::AnyOf(_) => USUAL_WITHIN,
        };
        let (name, length) = unit(within);
        (within / length, name)
    }

    /// Its events or steps.
    pub fn events_mut(&mut self) -> &mut Vec<ActivityEvent> {
        match &mut self.definition.rule {
            ActivityRule::AnyOf(events) => events,
            ActivityRule::Workflow { steps, .. } => steps,
        }
    }
}

fn carried(params: &mut Params<'_>, place: usize) -> Vec<TraitFilter> {
    let param = format!("where{place}");
    let mut conditions = Vec::new();
    for text in params.all(&param) {
        match TraitFilter::parse(text) {
            Some(condition) => conditions.push(condition),
            None => params.problem(
                &param,
                text,
                "a condition such as watched_seconds:between:60: or device:is:tv",
                "",
            ),
        }
    }
    conditions
}

/// The condition that a form adds.
fn added(params: &mut Params<'_>, place: usize) -> Option<TraitFilter> {
    let property = params.one(&format!("property{place}"));
    let test = params.one(&format!("test{place}"));
    let value = params.one(&format!("value{place}"));
    let name = property?.to_owned();
    let number = || value.and_then(|value| value.trim().parse::<f64>().ok());
    let texts = || value.map(|value| vec![value.to_owned()]);
    let test = match test.unwrap_or("set") {
        "at_least" => number().map(|min| TraitTest::Between {
            min: Some(min),
            max: None,
        }),
        "at_most" => number().map(|max| TraitTest::Between {
            min: None,
            max: Some(max),
        }),
        "is" => texts().map(TraitTest::Is),
        "is_not" => texts().map(TraitTest::IsNot),
        "set" => Some(TraitTest::Set),
        "unset" => Some(TraitTest::Unset),
        _ => None,
    };
    let condition = test.map(|test| TraitFilter { name, test });
    let condition = condition.filter(|condition| condition.check().is_ok());
    if condition.is_none() {
        params.problem(
            &format!("value{place}"),
            value.unwrap_or_default(),
            "a value that fits the condition: a number for “at least” and “at most”",
            "",
        );
    }
    condition
}

fn within(params: &mut Params<'_>) -> u32 {
    let names = UNITS.map(|(name, _)| name);
    let unit = params.parsed("unit", &words::list(&names, "or"), "second", |text| {
        let unit = UNITS.iter().find(|(name, _)| *name == text);
        unit.map(|(_, length)| *length)
    });
    let given = params.parsed(
        "within",
        "a time of at most 366 days",
        &words::duration(USUAL_WITHIN),
        |text| {
            let seconds = whole(text)?.checked_mul(unit.unwrap_or(1))?;
            (1..=MAX_WITHIN).contains(&seconds).then_some(seconds)
        },
    );
    given.unwrap_or(USUAL_WITHIN)
}
