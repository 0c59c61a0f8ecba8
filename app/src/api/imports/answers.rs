//! What a person says of a file, as the import page's form and address carry it.

use analysis::import::{ColumnRole, FileKind};
use analysis::query::{ParamProblem, split_url_query};
use store::Said;

/// Roles by their names in addresses and forms.
const ROLES: [(ColumnRole, &str); 8] = [
    (ColumnRole::Customer, "customer"),
    (ColumnRole::Event, "event"),
    (ColumnRole::Time, "time"),
    (ColumnRole::Key, "key"),
    (ColumnRole::SignedUp, "signed_up"),
    (ColumnRole::Account, "account"),
    (ColumnRole::Property, "property"),
    (ColumnRole::Ignored, "ignored"),
];

/// Characters of a value that are repeated when it was not understood.
const EXCERPT: usize = 60;

pub(super) fn role_name(role: ColumnRole) -> &'static str {
    ROLES
        .iter()
        .find_map(|(own, name)| (*own == role).then_some(*name))
        .unwrap_or("ignored")
}

/// Reads `kind=…&role=…&role=…&dates=…&event=…`, a role for each column in the order of the file. What is not
/// understood is named and left out.
pub fn answers(text: &str) -> (Said, Vec<ParamProblem>) {
    let mut said = Said::default();
    let mut problems = Vec::new();
    let mut refuse = |param: &str, given: &str, expected: &str| {
        problems.push(ParamProblem {
            param: param.chars().take(EXCERPT).collect(),
            given: given.chars().take(EXCERPT).collect(),
            expected: expected.to_owned(),
            used: String::new(),
        });
    };
    let mut roles = Some(Vec::new());
    for (name, value) in split_url_query(text) {
        match name.as_str() {
            "kind" => match value.as_str() {
                "events" => said.kind = Some(FileKind::Events),
                "customers" => said.kind = Some(FileKind::Customers),
                _ => refuse("kind", &value, "events or customers"),
            },
            "role" => match ROLES.iter().find(|(_, known)| *known == value) {
                Some((role, _)) => roles.iter_mut().for_each(|roles| roles.push(*role)),
                None => {
                    // With one missing, the others no longer stand for their columns.
                    roles = None;
                    refuse("role", &value, &ROLES.map(|(_, known)| known).join(", "));
                }
            },
            "dates" => match value.parse() {
                Ok(order) => said.dates = Some(order),
                Err(expected) => refuse("dates", &value, expected),
            },
            "event" => said.event = Some(value.trim().to_owned()).filter(|event| !event.is_empty()),
            _ => refuse(&name, &value, ""),
        }
    }
    said.roles = roles.unwrap_or_default();
    (said, problems)
}

#[cfg(test)]
mod tests {
    use super::{ROLES, answers, role_name};
    use analysis::import::{ColumnRole, FileKind};
    use store::{DateOrder, Said};

    #[test]
    fn reads_what_the_form_sends() {
        let (said, problems) = answers(
            "?kind=events&role=customer&role=ignored&dates=day-first&event=Order+placed%21",
        );
        assert_eq!(
            said,
            Said {
                kind: Some(FileKind::Events),
                roles: vec![ColumnRole::Customer, ColumnRole::Ignored],
                dates: Some(DateOrder::DayFirst),
                event: Some("Order placed!".to_owned()),
            }
        );
        assert_eq!(problems, []);
        assert_eq!(answers(""), (Said::default(), Vec::new()));
        assert_eq!(answers("event=+").0.event, None);
    }

    #[test]
    fn names_what_it_does_not_understand() {
        let (said, problems) = answers("kind=cats&role=customer&role=boss&dates=3&color=red");
        assert_eq!(said, Said::default());
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "“kind=cats” is ignored: expected events or customers.",
                "“role=boss” is ignored: expected customer, event, time, key, signed_up, account, property, ignored.",
                "“dates=3” is ignored: expected day-first or month-first.",
                "There is no setting “color”; it is ignored.",
            ]
        );
    }

    #[test]
    fn every_role_keeps_its_name() {
        for (role, name) in ROLES {
            assert_eq!(role_name(role), name);
            assert_eq!(answers(&format!("role={name}")).0.roles, [role]);
        }
    }
}
