//! A segment on its way: the condition so far, as the builder's address has it, and what a form adds to it.

use super::change::Path;
use super::{Condition, check_segment_slugs};
use crate::query::{Behaviour, Days, ParamProblem, Params, TraitFilter, TraitTest, whole};

/// A condition that is being built.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Draft {
    /// The condition so far; groups may be empty.
    pub condition: Condition,
    /// The group to which more is added.
    pub group: Path,
    /// The saved segment that is changed, by its name in addresses; `None` for a new one.
    pub segment: Option<String>,
}

/// What an address of the builder says.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The condition with what was added.
    pub draft: Draft,
    /// Whether a condition is written in the address, or a form has added to it.
    pub written: bool,
    /// Whether a form has added something: the same draft has a shorter address.
    pub added: bool,
    /// What was not understood.
    pub problems: Vec<ParamProblem>,
}

impl Draft {
    /// Reads a draft from decoded URL parameters, and adds to it what a form says.
    ///
    /// Never fails: whatever is missing takes its default, whatever is wrong is reported. The condition without its empty
    /// groups always passes [`Condition::validate`].
    pub fn parse<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> Step {
        let mut params = Params::new(params);
        let example = "a condition such as all(where:plan:is:pro,behaviour:did:order:3)";
        let kept = params.parsed("condition", example, "everyone", |text| {
            Condition::parse(text).filter(fits)
        });
        let mut step = Step {
            written: kept.is_some(),
            added: false,
            draft: Draft {
                condition: kept.unwrap_or_default(),
                ..Draft::default()
            },
            problems: Vec::new(),
        };
        let draft = &mut step.draft;
        let group = params.parsed(
            "group",
            "a place such as 0.1",
            "the outermost group",
            |text| {
                let place = |text| whole(text).and_then(|place| usize::try_from(place).ok());
                let path: Path = text.split('.').map(place).collect::<Option<_>>()?;
                draft.condition.at(&path).map(|_| path)
            },
        );
        draft.group = group.unwrap_or_default();
        draft.segment = params.parsed("segment", "the name of a saved segment", "", |text| {
            let slug = text.to_owned();
            check_segment_slugs(std::slice::from_ref(&slug)).ok()?;
            Some(slug)
        });
        for part in [
            added_trait(&mut params),
            added_behaviour(&mut params),
            added_segment(&mut params),
        ] {
            let Some(part) = part else { continue };
            let text = part.to_string();
            let more = draft.condition.clone().with(&draft.group, part);
            if fits(&more) {
                draft.condition = more;
                step.added = true;
            } else {
                params.problem("condition", &text, "fewer conditions beside it", "");
            }
        }
        step.written |= step.added;
        params.report_unknown(&[]);
        step.problems = params.problems;
        step
    }

    /// The parameters that differ from the default, in a fixed order, not yet percent-encoded.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        let mut params = Vec::new();
        let segment = self.segment.iter();
        params.extend(segment.map(|slug| ("segment", slug.clone())));
        if self.condition != Condition::EVERYBODY || self.segment.is_some() {
            params.push(("condition", self.condition.to_string()));
        }
        if !self.group.is_empty() {
            let places: Vec<String> = self.group.iter().map(ToString::to_string).collect();
            params.push(("group", places.join(".")));
        }
        params
    }
}

/// Whether a condition keeps all limits once its empty groups are gone.
fn fits(condition: &Condition) -> bool {
    condition.clone().pruned().validate().is_ok()
}

/// The condition on a trait that a form holds: `trait`, `test`, and `value`s or `min` and `max`.
fn added_trait(params: &mut Params<'_>) -> Option<Condition> {
    let test = params.one("test");
    let values: Vec<String> = params.all("value").into_iter().map(str::to_owned).collect();
    let ends = [params.one("min"), params.one("max")];
    let name = params.one("trait")?;
    let end = |text: Option<&str>| match text.map(str::parse::<f64>) {
        None => Some(None),
        Some(Ok(number)) => Some(Some(number)),
        Some(Err(_)) => None,
    };
    let test = match test {
        Some("is") | None => Some(TraitTest::Is(values)),
        Some("not") => Some(TraitTest::IsNot(values)),
        Some("set") => Some(TraitTest::Set),
        Some("unset") => Some(TraitTest::Unset),
        Some("between") => {
            let [min, max] = ends.map(end);
            min.zip(max)
                .map(|(min, max)| TraitTest::Between { min, max })
        }
        Some(_) => None,
    };
    let filter = test.map(|test| TraitFilter {
        name: name.to_owned(),
        test,
    });
    let part = filter.map(Condition::Trait).filter(fits);
    if part.is_none() {
        params.problem("trait", name, "values or numbers beside it", "");
    }
    part
}

/// The condition on behaviour that a form holds: `event`, `did`, `times`, and days `from` and `to`.
fn added_behaviour(params: &mut Params<'_>) -> Option<Condition> {
    let did = params.one("did");
    let times = params.one("times");
    let ends = [params.one("from"), params.one("to")];
    let event = params.one("event")?;
    let days = match ends {
        [None, None] => Some(None),
        [from, Some(to)] => {
            let from = from.map_or(Some(0), whole);
            from.zip(whole(to))
                .map(|(from, to)| Some(Days { from, to }))
        }
        [Some(_), None] => None,
    };
    let did = match did {
        Some("did") | None => Some(true),
        Some("not") => Some(false),
        Some(_) => None,
    };
    let times = times.map_or(Some(1), whole);
    let behaviour = did
        .zip(times)
        .zip(days)
        .map(|((did, at_least), days)| Behaviour {
            event: event.to_owned(),
            did,
            at_least,
            days,
        });
    let part = behaviour.map(Condition::Behaviour).filter(fits);
    if part.is_none() {
        let expected = "a number of times and days in order beside it";
        params.problem("event", event, expected, "");
    }
    part
}

/// The saved segment that a form holds: `in`.
fn added_segment(params: &mut Params<'_>) -> Option<Condition> {
    let slug = params.one("in")?;
    let part = Some(Condition::Segment(slug.to_owned())).filter(fits);
    if part.is_none() {
        params.problem("in", slug, "the name of a saved segment", "");
    }
    part
}
