//! What each address asks of those who come: the one table of rights. Deny by default: an address that no rule names
//! needs somebody who is signed in, a method that no rule names changes something.

use axum::http::Method;
use store::Role;

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need<'a> {
    /// Nothing, and nobody is asked who he is: health, built files, shared links.
    Open,
    /// Nothing, but who is signed in is known: the ways in.
    Anyone,
    /// Somebody who is signed in.
    Person,
    /// Somebody who may make workspaces.
    Admin,
    /// A role in the workspace of this slug.
    In(&'a str, Role),
    /// A role in the workspace that the body names.
    Function(Role),
    /// There is nothing at this address.
    Nothing,
}

/// Server functions that name their workspace in their body, with the role they need.
const FUNCTIONS: [(&str, Role); 2] = [("members", Role::Viewer), ("set_activity", Role::Editor)];

/// Parts of a workspace that are its owners' business.
const OWNERS: [&str; 5] = ["people", "keys", "audit", "settings", "sharing"];

/// Where people and keys are: what changes there is noted by the change itself, in more detail.
const NOTED: [&str; 2] = ["people", "keys"];

/// Whether this is the interface for other programs.
pub(crate) fn is_api(path: &str) -> bool {
    path == "/api/v1" || path.starts_with("/api/v1/")
}

/// Whether this brings something in, as keys for writing may.
pub(crate) fn brings_in(method: &Method, path: &str) -> bool {
    let rest = path.strip_prefix("/api/v1/workspaces/").map(split);
    *method == Method::POST && rest.is_some_and(|(_, rest)| rest == "annotations")
}

/// What a request needs.
pub(crate) fn need<'a>(method: &Method, path: &'a str) -> Need<'a> {
    let Some(rest) = path.strip_prefix('/') else {
        return Need::Nothing;
    };
    // Leptos reads addresses as browsers do: it would go back over these to another page than the one asked about here.
    if rest.contains('\\') || rest.split('/').any(|part| matches!(part, "." | "..")) {
        return Need::Nothing;
    }
    // The routes of links take everything beneath them but this; what they don't know they answer in one way.
    if rest.starts_with("s//") {
        return Need::Nothing;
    }
    // What is told to everybody is told so whatever follows.
    if matches!(split(rest).0, "pkg" | "s") {
        return Need::Open;
    }
    // No other address needs either, and what one reader of addresses decodes or skips another may not.
    if rest.contains('%') || rest.contains("//") || rest.starts_with('/') {
        return Need::Nothing;
    }
    let (first, rest) = split(rest);
    match (first, rest) {
        ("healthz" | "readyz" | "icon.svg", "") => Need::Open,
        ("sign-in", "" | "forgotten" | "oidc" | "oidc/back") | ("welcome", _) => Need::Anyone,
        ("new", "") => Need::Admin,
        ("w", "") => Need::Person,
        ("w", _) => {
            let (slug, rest) = split(rest);
            Need::In(slug, on_pages(method, rest))
        }
        ("api", _) => match split(rest) {
            ("v1", rest) => match split(rest) {
                ("workspaces", rest) => {
                    let (slug, rest) = split(rest);
                    Need::In(slug, in_api(method, rest))
                }
                _ => Need::Person,
            },
            (name, "") => function(name),
            _ => Need::Nothing,
        },
        _ => Need::Person,
    }
}

/// What a request changes in its workspace, as the log calls it; none for what only reads or is noted otherwise.
pub(crate) fn changes(method: &Method, path: &str) -> Option<String> {
    if reads(method) {
        return None;
    }
    let subject = path
        .strip_prefix("/w/")
        .or_else(|| path.strip_prefix("/api/v1/workspaces/"))
        .map(|rest| split(rest).1)
        .or_else(|| path.strip_prefix("/api/"))?;
    let noted = NOTED.contains(&split(subject).0);
    (!noted).then(|| subject.to_owned())
}

fn on_pages(method: &Method, rest: &str) -> Role {
    // Without the kind of file, so that an export of a page is guarded like it.
    let page = split(rest).0.split('.').next().unwrap_or_default();
    match (OWNERS.contains(&page), reads(method)) {
        (true, _) => Role::Owner,
        (false, true) => Role::Viewer,
        (false, false) => Role::Editor,
    }
}

fn in_api(method: &Method, rest: &str) -> Role {
    let asks =
        *method == Method::POST && (rest.starts_with("reports/") || rest == "segments/count");
    match asks {
        true => Role::Viewer,
        false => on_pages(method, rest),
    }
}

fn function(name: &str) -> Need<'static> {
    let known = FUNCTIONS.iter().find(|(function, _)| *function == name);
    match known {
        Some((_, role)) => Need::Function(*role),
        None => Need::Nothing,
    }
}

fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// The first part of a path, and what follows its slash.
fn split(path: &str) -> (&str, &str) {
    path.split_once('/').unwrap_or((path, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_function_is_listed() {
        for (path, method) in leptos::server_fn::axum::server_fn_paths() {
            assert_ne!(
                need(&method, path),
                Need::Nothing,
                "{path} is in no list of need.rs"
            );
        }
    }

    #[test]
    fn what_is_not_named_is_denied() {
        fn get(path: &str) -> Need<'_> {
            need(&Method::GET, path)
        }
        fn post(path: &str) -> Need<'_> {
            need(&Method::POST, path)
        }
        let at = |role| Need::In("acme", role);
        assert_eq!(get("/"), Need::Person);
        assert_eq!(get("/anything"), Need::Person);
        assert_eq!(get("/healthz"), Need::Open);
        assert_eq!(get("/healthz/x"), Need::Person);
        for open in [
            "/s",
            "/s/token",
            "/s/token/%2e//x",
            "/s/%00",
            "/pkg/holdfast.js",
        ] {
            assert_eq!(get(open), Need::Open, "{open}");
        }
        assert_eq!(get("/sharing"), Need::Person);
        assert_eq!(get("/w/acme"), at(Role::Viewer));
        assert_eq!(get("/w/acme/retention"), at(Role::Viewer));
        assert_eq!(get("/w/acme/retention.csv"), at(Role::Viewer));
        assert_eq!(post("/w/acme/segments/save"), at(Role::Editor));
        assert_eq!(post("/w/acme/reports/save"), at(Role::Editor));
        assert_eq!(need(&Method::DELETE, "/w/acme/retention"), at(Role::Editor));
        for page in [
            "people",
            "people/3/role",
            "keys",
            "audit",
            "audit.csv",
            "settings",
            "sharing",
        ] {
            assert_eq!(get(&format!("/w/acme/{page}")), at(Role::Owner), "{page}");
        }
        let api = |path: &str| format!("/api/v1/workspaces/acme/{path}");
        assert_eq!(post(&api("reports/retention")), at(Role::Viewer));
        assert_eq!(post(&api("segments/count")), at(Role::Viewer));
        assert_eq!(post(&api("segments")), at(Role::Editor));
        assert_eq!(get(&api("segments")), at(Role::Viewer));
        assert_eq!(
            need(&Method::DELETE, &api("reports/retention")),
            at(Role::Editor)
        );
        assert_eq!(get("/api/v1/openapi.json"), Need::Person);
        assert_eq!(post("/api/members"), Need::Function(Role::Viewer));
        assert_eq!(post("/api/set_activity"), Need::Function(Role::Editor));
        assert_eq!(post("/api/no_such_function"), Need::Nothing);
        for trick in [
            "/s//%2e%2e/%2e%2e/w/acme/retention",
            "/s/../w/acme/retention",
            "/s/..",
            "/w/acme/../other/people",
            "/w/acme/./people",
            "/w/acme/import/..",
            "/w/acme/import/..\\..\\other",
            "/pkg/../w/acme",
            "//w/acme/retention",
            "/%77/acme/retention",
            "/w/acme//people",
            "/w/%61cme/people",
            "",
        ] {
            assert_eq!(get(trick), Need::Nothing, "{trick}");
        }
    }

    #[test]
    fn changes_are_named_without_their_workspace() {
        let post = |path| changes(&Method::POST, path);
        assert_eq!(
            post("/w/acme/segments/saved/loyal/delete").as_deref(),
            Some("segments/saved/loyal/delete")
        );
        assert_eq!(
            post("/api/v1/workspaces/acme/segments").as_deref(),
            Some("segments")
        );
        assert_eq!(post("/api/set_activity").as_deref(), Some("set_activity"));
        assert_eq!(post("/w/acme/people/invite"), None);
        assert_eq!(changes(&Method::GET, "/w/acme/data"), None);
    }
}
