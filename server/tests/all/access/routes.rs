//! All routes of the program: those of pages and of server functions from Leptos's own lists, the others from the
//! program's text.

use app::App;
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::generate_route_list;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// "METHOD /path/{parameter}", each once.
pub fn all() -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for page in generate_route_list(App) {
        routes.insert(format!("GET {}", page.path()));
    }
    for (path, method) in server_fn_paths() {
        routes.insert(format!("{method} {path}"));
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut texts = Vec::new();
    read(&sources, &mut texts);
    for text in texts {
        let program = text.split("#[cfg(test)]").next().unwrap();
        for route in program.split(".route(").skip(1) {
            written(route, &mut routes);
        }
    }
    routes
}

fn read(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, texts);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// What follows `.route(`, up to its own closing bracket.
fn written(text: &str, routes: &mut BTreeSet<String>) {
    let mut open = 1;
    let end = text.find(|letter| {
        match letter {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        open == 0
    });
    let call = &text[..end.unwrap()];
    // Written by `format!`, its own brackets are doubled.
    let path = call.split('"').nth(1).unwrap();
    let path = path.replace("{{", "{").replace("}}", "}");
    // The routes for other programs are written without what all of them begin with.
    let path = match path.starts_with("/workspaces/") || path == "/openapi.json" {
        true => format!("/api/v1{path}"),
        false => path,
    };
    let (_, methods) = call.split_once(',').unwrap();
    let mut any = false;
    for method in ["get", "post", "put", "delete", "patch"] {
        let words = methods.split(|letter: char| {
            !letter.is_ascii_alphanumeric() && letter != '(' && letter != '_'
        });
        if words
            .into_iter()
            .any(|word| word.starts_with(&format!("{method}(")))
        {
            routes.insert(format!("{} {path}", method.to_uppercase()));
            any = true;
        }
    }
    assert!(any, "no method is read in {call}");
}

/// A path with something in the place of its parameters, and whether it names a thing that may not be there.
pub fn filled(path: &str, workspace: &str) -> (String, bool) {
    let path = path.replace("{workspace}", workspace);
    // A file of a page.
    let mut named = path.contains("{page}");
    let path = path.replace("{page}.{form}", "retention.csv");
    let parts = path.split('/').map(|part| match part.starts_with('{') {
        true => {
            named = true;
            "999999"
        }
        false => part,
    });
    let filled = parts.collect::<Vec<_>>().join("/");
    // Deleting or choosing a definition names it in the form.
    let named = named || path.contains("/activity/");
    (filled, named)
}
