//! Forms that save segments and change saved ones.
//!
//! Plain routes and not server functions: the forms work without any program in the browser.

use crate::failure::Failure;
use crate::router::Pages;
use crate::slug::{self, SLUGS};
use analysis::quartiles::{Part, Wanted};
use analysis::query::{
    AsOf, QuartileQuery, RetentionQuery, RetentionView, append_params, pairs, split_url_query,
};
use analysis::segment::{
    Condition, Draft, Segment, check_description, check_segment_name, fitting,
};
use analysis::words;
use app::api::imports::Refused;
use app::words as labels;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use jiff::Timestamp;
use serde::Deserialize;
use store::{Members, NewSegment, Store, StoreError, Workspace};

/// What the handlers work with.
#[derive(Clone)]
struct Desk {
    store: Store,
    pages: Pages,
}

/// The routes of this module.
pub(crate) fn routes(store: Store, pages: Pages) -> Router {
    Router::new()
        .route("/w/{workspace}/segments/save", post(save))
        .route("/w/{workspace}/segments/save-cell", post(save_cell))
        .route("/w/{workspace}/segments/save-group", post(save_group))
        .route(
            "/w/{workspace}/segments/saved/{segment}/rename",
            post(rename),
        )
        .route(
            "/w/{workspace}/segments/saved/{segment}/freeze",
            post(freeze),
        )
        .route("/w/{workspace}/segments/saved/{segment}/thaw", post(thaw))
        .route(
            "/w/{workspace}/segments/saved/{segment}/delete",
            post(delete),
        )
        .with_state(Desk { store, pages })
}

/// Names a segment.
#[derive(Debug, Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    description: String,
}

impl Named {
    /// Without spaces around, or why it can't be.
    fn checked(self) -> Result<Self, String> {
        let named = Self {
            name: self.name.trim().to_owned(),
            description: self.description.trim().to_owned(),
        };
        let checked =
            check_segment_name(&named.name).and_then(|()| check_description(&named.description));
        checked.map(|()| named).map_err(|error| error.to_string())
    }
}

/// A condition from the builder.
#[derive(Debug, Deserialize)]
struct Built {
    #[serde(flatten)]
    named: Named,
    condition: String,
    /// The saved segment that is changed; none for a new one.
    #[serde(default)]
    segment: Option<String>,
    /// `living` or `frozen`.
    state: String,
}

/// Customers picked from an answer.
#[derive(Debug, Deserialize)]
struct Picked {
    name: String,
    /// The answer's question, as an address has it.
    question: String,
    /// `1` for those whom a cell counts, else for those whom it misses.
    #[serde(default)]
    retained: String,
    /// A group by usage.
    #[serde(default)]
    group: Option<Part>,
}

/// `POST …/segments/save`: the builder's condition under a name.
async fn save(
    State(desk): State<Desk>,
    Path(workspace): Path<String>,
    Form(built): Form<Built>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&workspace).await?;
    let name = built.named.name.clone();
    let condition = Condition::parse(&built.condition);
    let condition = condition.filter(|condition| condition.validate().is_ok());
    let (Some(condition), named) = (condition.clone(), built.named.checked()) else {
        let sentence = "The condition was not understood. Build it anew.".to_owned();
        return Ok(desk
            .refuse(&workspace, Draft::default(), sentence, name)
            .await);
    };
    let draft = Draft {
        condition: condition.clone(),
        group: Vec::new(),
        segment: built.segment.filter(|slug| !slug.is_empty()),
    };
    let named = match named {
        Ok(named) => named,
        Err(sentence) => return Ok(desk.refuse(&workspace, draft, sentence, name).await),
    };
    let slug = match draft.segment {
        Some(slug) => {
            let changed = desk
                .store
                .change_segment(workspace.id, &slug, &condition)
                .await;
            if let Err(StoreError::Query(why)) = changed {
                let draft = Draft {
                    segment: Some(slug),
                    ..draft
                };
                return Ok(desk
                    .refuse(&workspace, draft, why.to_string(), named.name)
                    .await);
            }
            changed?;
            let Named { name, description } = &named;
            desk.store
                .rename_segment(workspace.id, &slug, name, description)
                .await?;
            slug
        }
        None => {
            let new = |new: NewSegment| {
                let (desk, condition) = (desk.clone(), condition.clone());
                async move {
                    desk.store
                        .save_segment(workspace.id, &new, &condition)
                        .await
                }
            };
            numbered(named, new).await?.slug
        }
    };
    if built.state == "frozen" {
        desk.store
            .freeze_segment(&workspace, &slug, Timestamp::now())
            .await?;
    }
    Ok(to_segment(&workspace, &slug))
}

/// `POST …/segments/save-cell`: exactly the customers in the list behind a cell.
async fn save_cell(
    State(desk): State<Desk>,
    Path(workspace): Path<String>,
    Form(picked): Form<Picked>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&workspace).await?;
    let params = split_url_query(&picked.question);
    let (mut query, _) = RetentionQuery::parse(pairs(&params));
    let (view, _) = RetentionView::parse(pairs(&params));
    let cell = view.cell.ok_or(StoreError::NotFound)?;
    let retained = picked.retained == "1";
    let now = Timestamp::now();
    let report = desk.store.retention(&workspace, &query, now).await?;
    query.as_of = AsOf::Instant(report.as_of);
    let members = desk
        .store
        .cell_members(&workspace, &query, now, cell, retained)
        .await?;
    let which = if retained {
        "those who did"
    } else {
        "those who did not"
    };
    let description = format!(
        "{}, {which}. {}",
        labels::cell_title(&report, cell),
        words::method_line(&report)
    );
    desk.keep(&workspace, &picked.name, &description, &members, now)
        .await
}

/// `POST …/segments/save-group`: exactly the customers in a group by usage.
async fn save_group(
    State(desk): State<Desk>,
    Path(workspace): Path<String>,
    Form(picked): Form<Picked>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&workspace).await?;
    let params = split_url_query(&picked.question);
    let (mut query, _) = QuartileQuery::parse(pairs(&params));
    let part = picked.group.ok_or(StoreError::NotFound)?;
    let now = Timestamp::now();
    let report = desk
        .store
        .quartiles(&workspace, &query, Wanted::Feature, now)
        .await?;
    query.as_of = AsOf::Instant(report.as_of);
    let members = desk
        .store
        .group_members(&workspace, &query, now, part)
        .await?;
    let description = format!(
        "{} by use of {}. {}",
        labels::part_name(part),
        words::feature(&report),
        words::quartile_method(&report)
    );
    desk.keep(&workspace, &picked.name, &description, &members, now)
        .await
}

/// `POST …/rename`: another name and description.
async fn rename(
    State(desk): State<Desk>,
    Path((workspace, segment)): Path<(String, String)>,
    Form(named): Form<Named>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&workspace).await?;
    match named.checked() {
        Ok(Named { name, description }) => {
            desk.store
                .rename_segment(workspace.id, &segment, &name, &description)
                .await?;
            Ok(to_segment(&workspace, &segment))
        }
        Err(sentence) => {
            let page = format!("/w/{}/segments/saved/{segment}", workspace.slug);
            let refused = Refused {
                sentence,
                ..Refused::default()
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(desk.pages.refuse(&page, status, refused).await)
        }
    }
}

/// `POST …/freeze`: from now on the customers who belong to it now.
async fn freeze(
    State(desk): State<Desk>,
    Path((workspace, segment)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&workspace).await?;
    desk.store
        .freeze_segment(&workspace, &segment, Timestamp::now())
        .await?;
    Ok(to_segment(&workspace, &segment))
}

/// `POST …/thaw`: from now on its condition again.
async fn thaw(
    State(desk): State<Desk>,
    Path((workspace, segment)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&workspace).await?;
    desk.store.thaw_segment(workspace.id, &segment).await?;
    Ok(to_segment(&workspace, &segment))
}

/// `POST …/delete`.
async fn delete(
    State(desk): State<Desk>,
    Path((workspace, segment)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&workspace).await?;
    desk.store.delete_segment(workspace.id, &segment).await?;
    let all = format!("/w/{}/segments/saved", workspace.slug);
    Ok(Redirect::to(&all).into_response())
}

impl Desk {
    /// Saves customers under a name cut to what it can be, and leads to them.
    async fn keep(
        &self,
        workspace: &Workspace,
        name: &str,
        description: &str,
        members: &Members,
        now: Timestamp,
    ) -> Result<Response, Failure> {
        let (name, description) = fitting(name.trim(), description);
        let named = Named {
            name: if name.is_empty() {
                "Picked customers".to_owned()
            } else {
                name
            },
            description,
        };
        let new = |new: NewSegment| {
            let desk = self.clone();
            async move {
                desk.store
                    .save_members(workspace.id, &new, members, now)
                    .await
            }
        };
        let saved = numbered(named, new).await?;
        Ok(to_segment(workspace, &saved.slug))
    }

    /// The builder again, saying why.
    async fn refuse(
        &self,
        workspace: &Workspace,
        draft: Draft,
        sentence: String,
        name: String,
    ) -> Response {
        let mut page = format!("/w/{}/segments/edit", workspace.slug);
        let mut query = String::new();
        append_params(&mut query, draft.params());
        page.push_str(&query);
        let refused = Refused {
            sentence,
            name,
            ..Refused::default()
        };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        self.pages.refuse(&page, status, refused).await
    }
}

/// Saves a segment under its name's slug, or the next with a number that is free.
async fn numbered<F: Future<Output = Result<Segment, StoreError>>>(
    named: Named,
    save: impl Fn(NewSegment) -> F,
) -> Result<Segment, StoreError> {
    let base = slug::slug(&named.name, "segment");
    for number in 1..=SLUGS {
        let new = NewSegment {
            slug: slug::numbered(&base, number),
            name: named.name.clone(),
            description: named.description.clone(),
        };
        match save(new).await {
            // Taken: the next number.
            Err(StoreError::Conflict(_)) => {}
            saved => return saved,
        }
    }
    Err(StoreError::Conflict("segment".to_owned()))
}

fn to_segment(workspace: &Workspace, slug: &str) -> Response {
    Redirect::to(&format!("/w/{}/segments/saved/{slug}", workspace.slug)).into_response()
}
