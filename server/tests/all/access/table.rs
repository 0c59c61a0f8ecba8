//! What each route asks of those who come. A route that has no line here fails a test; a line may wait for its route.

use std::collections::BTreeMap;
use store::Role;

/// What a route asks of those who come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Nothing.
    Open,
    /// Somebody who is signed in.
    Person,
    /// Somebody who may make workspaces.
    Admin,
    /// A role in the workspace.
    In(Role),
}

const OPEN: Asks = Asks::Open;
const PERSON: Asks = Asks::Person;
const ADMIN: Asks = Asks::Admin;
const VIEWER: Asks = Asks::In(Role::Viewer);
const EDITOR: Asks = Asks::In(Role::Editor);
const OWNER: Asks = Asks::In(Role::Owner);

/// All routes, and what they ask. Beneath `W` is a workspace's own, beneath `A` the same for other programs.
const TABLE: &[(Asks, &[&str])] = &[
    (
        OPEN,
        &[
            "GET /healthz",
            "GET /readyz",
            "GET /sign-in",
            "POST /sign-in",
            "GET /sign-in/forgotten",
            "POST /sign-in/forgotten",
            "GET /sign-in/oidc",
            "GET /sign-in/oidc/back",
            "GET /welcome/{token}",
            "POST /welcome/{token}",
            "GET /s",
            "POST /s",
            "GET /s/",
            "POST /s/",
            "GET /s/{token}",
            "POST /s/{token}",
            "GET /s/{token}/",
            "POST /s/{token}/",
            "GET /s/{token}/preview.png",
            "POST /s/{token}/preview.png",
            "GET /s/{token}/{*rest}",
            "POST /s/{token}/{*rest}",
        ],
    ),
    (
        PERSON,
        &[
            "GET /",
            "GET /account",
            "POST /account/profile",
            "POST /account/password",
            "POST /account/sessions/{session}/end",
            "POST /account/sign-out-everywhere",
            "POST /sign-out",
            "GET /api/v1/openapi.json",
        ],
    ),
    (ADMIN, &["GET /new", "POST /new"]),
    (
        VIEWER,
        &[
            "GET W",
            "GET W/retention",
            "GET W/{page}.{form}",
            "GET W/features",
            "GET W/activity",
            "GET W/activity/edit",
            "GET W/segments",
            "GET W/segments/edit",
            "GET W/segments/saved",
            "GET W/segments/saved/{segment}",
            "GET W/segments/saved/{segment}/delete",
            "GET W/activity/delete",
            "GET W/features/delete",
            "GET W/churn",
            "GET W/churn/lost.csv",
            "GET W/churn/quiet.csv",
            "GET W/data",
            "GET W/upload",
            "GET W/import/{import}",
            "GET W/import/{import}/rejected.csv",
            "GET W/reports",
            "GET W/board",
            "GET W/annotations",
            "GET W/notices",
            "GET W/reports/{report}/notices",
            "GET W/reports/{report}",
            "GET W/reports/{report}/delete",
            "GET W/links",
            "GET W/links/{link}/changes",
            "POST /api/members",
            "POST A/reports/retention",
            "POST A/reports/quartiles",
            "POST A/reports/scan",
            "POST A/reports/segments",
            "POST A/reports/survival",
            "POST A/reports/churn",
            "POST A/reports/lifecycle",
            "POST A/reports/stickiness",
            "POST A/reports/lost",
            "POST A/reports/quiet",
            "POST A/segments/count",
            "GET A/segments",
            "GET A/features",
            "GET A/activities",
            "GET A/annotations",
        ],
    ),
    (
        EDITOR,
        &[
            "POST W/activity/save",
            "POST W/activity/own",
            "POST W/activity/delete",
            "POST W/features/save",
            "POST W/features/delete",
            "POST W/segments/save",
            "POST W/segments/save-cell",
            "POST W/segments/save-group",
            "POST W/segments/saved/{segment}/rename",
            "POST W/segments/saved/{segment}/freeze",
            "POST W/segments/saved/{segment}/thaw",
            "POST W/segments/saved/{segment}/delete",
            "POST W/upload",
            "POST W/import/{import}/confirm",
            "POST W/import/{import}/again",
            "POST W/import/{import}/discard",
            "POST W/reports/save",
            "POST W/reports/change",
            "POST W/reports/{report}/label",
            "POST W/reports/{report}/delete",
            "POST W/annotations/add",
            "POST W/reports/{report}/notices/schedule",
            "POST W/reports/{report}/notices/alert",
            "POST W/notices/{notice}/pause",
            "POST W/notices/{notice}/resume",
            "POST W/notices/{notice}/send",
            "POST W/notices/{notice}/delete",
            "POST W/annotations/{annotation}/delete",
            "POST W/links/make",
            "POST W/links/{link}/revoke",
            "POST W/links/{link}/rotate",
            "POST W/links/{link}/end-old",
            "POST W/links/{link}/password",
            "POST /api/set_activity",
            "POST A/segments",
            "POST A/features",
            "POST A/activities",
            "POST A/annotations",
        ],
    ),
    (
        OWNER,
        &[
            "GET W/people",
            "POST W/people/invite",
            "POST W/people/{person}/role",
            "POST W/people/{person}/remove",
            "POST W/people/invitations/{invitation}/withdraw",
            "GET W/keys",
            "POST W/keys/make",
            "POST W/keys/{key}/revoke",
            "GET W/audit",
            "GET W/erase",
            "POST W/erase",
            "POST W/sharing/allow",
            "POST W/sharing/origins",
        ],
    ),
];

pub fn table() -> BTreeMap<String, Asks> {
    let lines = TABLE
        .iter()
        .flat_map(|(asks, lines)| lines.iter().map(|line| (*line, *asks)));
    lines
        .map(|(line, asks)| {
            let (method, path) = line.split_once(' ').unwrap();
            let path = match (path.strip_prefix('W'), path.strip_prefix('A')) {
                (Some(rest), _) => format!("/w/{{workspace}}{rest}"),
                (_, Some(rest)) => format!("/api/v1/workspaces/{{workspace}}{rest}"),
                _ => path.to_owned(),
            };
            (format!("{method} {path}"), asks)
        })
        .collect()
}
