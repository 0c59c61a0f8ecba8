//! Files that come by a form, and what is then done with them: confirm, start again, drop, fetch what was rejected.
//!
//! Plain routes and not server functions: bodies of many gigabytes are streamed to disk, and the forms work without
//! any program in the browser.

mod receive;
mod refusal;
mod rejected;

use crate::imports::Queue;
use crate::router::Pages;
use crate::slug::{self, SLUGS};
use analysis::import::ImportPhase;
use analysis::period::WeekStart;
use app::api::imports::{Refused, answers};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use receive::{Form, receive};
use refusal::Refusal;
use store::{Import, ImportId, Mapping, NewWorkspace, Said, Store, StoreError, Workspace};

/// Longest query part of an address that answers are carried back in. Above it the form is asked anew.
const LONGEST_QUERY: usize = 32 * 1024;

/// What the handlers work with.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) store: Store,
    pub(crate) queue: Queue,
    pub(crate) pages: Pages,
}

/// The routes of this module.
pub(crate) fn routes(desk: Desk) -> Router {
    let files = Router::new()
        .route("/new", post(new))
        .route("/w/{workspace}/upload", post(upload))
        // They count for themselves; see `receive`.
        .layer(DefaultBodyLimit::disable());
    Router::new()
        .merge(files)
        .route("/w/{workspace}/import/{import}/confirm", post(confirm))
        .route("/w/{workspace}/import/{import}/again", post(again))
        .route("/w/{workspace}/import/{import}/discard", post(discard))
        .route("/w/{workspace}/import/{import}/rejected.csv", get(rejected))
        .with_state(desk)
}

/// `POST /w/{workspace}/upload`: a file for a workspace.
async fn upload(
    State(desk): State<Desk>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&slug).await?;
    let page = format!("/w/{slug}/upload");
    let taken = match receive(request, desk.queue.uploads(), &["file"]).await {
        Ok(form) => take(&desk, &workspace, form).await,
        Err(refusal) => Err(refusal),
    };
    Ok(match taken {
        Ok(id) => to_import(&slug, id),
        Err(refusal) => desk.refuse(&page, refusal, Refused::default()).await,
    })
}

/// `POST /new`: a workspace with its first file. When the file is no good, no workspace is made.
async fn new(State(desk): State<Desk>, request: Request) -> Response {
    let fields = ["name", "zone", "week_start", "file"];
    let form = match receive(request, desk.queue.uploads(), &fields).await {
        Ok(form) => form,
        Err(refusal) => return desk.refuse("/new", refusal, Refused::default()).await,
    };
    let given = Refused {
        sentence: String::new(),
        name: form.text("name").to_owned(),
        zone: form.text("zone").to_owned(),
        week_start: form.text("week_start").parse().unwrap_or_default(),
    };
    match make(&desk, form).await {
        Ok((slug, id)) => to_import(&slug, id),
        Err(refusal) => desk.refuse("/new", refusal, given).await,
    }
}

/// `POST …/confirm`: the columns are as they should be, or as said in the form.
async fn confirm(
    State(desk): State<Desk>,
    Path((slug, import)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&slug).await?;
    let import = desk.import(&workspace, &import).await?;
    let text = String::from_utf8_lossy(&body).into_owned();
    let (said, _) = answers(&text);
    let _turn = desk.queue.confirming().await;
    let phase = desk
        .store
        .import(workspace.id, import.id)
        .await?
        .progress
        .phase;
    if phase == ImportPhase::Uploaded {
        match desk.mapping(&workspace, import.id, said).await {
            Some(mapping) => {
                desk.store
                    .queue_import(workspace.id, import.id, &mapping)
                    .await?;
                desk.queue.wake();
            }
            // The page asks what is still open, with the answers so far.
            None => return Ok(ask_again(&slug, import.id, &text)),
        }
    }
    Ok(to_import(&slug, import.id))
}

/// `POST …/again`: once more, with the same columns.
async fn again(
    State(desk): State<Desk>,
    Path((slug, import)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&slug).await?;
    let id = desk.import(&workspace, &import).await?.id;
    let _turn = desk.queue.confirming().await;
    let import = desk.store.import(workspace.id, id).await?;
    if let Some(mapping) = &import.mapping
        && import.progress.phase == ImportPhase::Failed
        && desk.queue.uploads().holds(id)
    {
        desk.store.queue_import(workspace.id, id, mapping).await?;
        desk.queue.wake();
    }
    Ok(to_import(&slug, id))
}

/// `POST …/discard`: the file was the wrong one.
async fn discard(
    State(desk): State<Desk>,
    Path((slug, import)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&slug).await?;
    let import = desk.import(&workspace, &import).await?;
    let _turn = desk.queue.confirming().await;
    desk.store.discard_import(workspace.id, import.id).await?;
    if let Err(error) = tokio::fs::remove_file(desk.queue.uploads().file(import.id)).await {
        tracing::warn!(import = import.id.0, %error, "a dropped file can't be removed");
    }
    Ok(Redirect::to(&format!("/w/{slug}/data")).into_response())
}

/// `GET …/rejected.csv`: all rows that could not be stored.
async fn rejected(
    State(desk): State<Desk>,
    Path((slug, import)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&slug).await?;
    let import = desk.import(&workspace, &import).await?;
    Ok(rejected::download(desk.store, workspace.id, import.id))
}

impl Desk {
    /// An import of a workspace, by its number in the address.
    async fn import(&self, workspace: &Workspace, number: &str) -> Result<Import, StoreError> {
        let id = ImportId(number.parse().map_err(|_| StoreError::NotFound)?);
        self.store.import(workspace.id, id).await
    }

    /// How the file is read with these answers; none while something is open.
    async fn mapping(&self, workspace: &Workspace, id: ImportId, said: Said) -> Option<Mapping> {
        let file = self.queue.uploads().file(id);
        store::look(file, workspace.zone.clone(), said)
            .await
            .ok()?
            .mapping
    }

    /// The form's page again, saying why.
    async fn refuse(&self, path: &str, refusal: Refusal, given: Refused) -> Response {
        refusal.log();
        let sentence = refusal.to_string();
        let refused = Refused { sentence, ..given };
        self.pages.refuse(path, refusal.status(), refused).await
    }
}

/// Makes an import of a file that was received.
async fn take(desk: &Desk, workspace: &Workspace, form: Form) -> Result<ImportId, Refusal> {
    let file = form.file.ok_or(Refusal::NoFile)?;
    let look = file.look(&workspace.zone).await?;
    let kind = look.preview.kind;
    let id = desk
        .store
        .create_import(workspace.id, &file.name, kind, file.bytes)
        .await?;
    if let Err(error) = file.keep(&desk.queue.uploads().file(id)) {
        desk.store.discard_import(workspace.id, id).await?;
        return Err(error.into());
    }
    Ok(id)
}

/// Makes a workspace for a file that was received.
async fn make(desk: &Desk, form: Form) -> Result<(String, ImportId), Refusal> {
    let name = form.text("name").trim().to_owned();
    if !(1..=200).contains(&name.chars().count()) || name.contains(char::is_control) {
        return Err(Refusal::Name);
    }
    let zone = form.text("zone").trim().to_owned();
    let week_start: WeekStart = form.text("week_start").parse().unwrap_or_default();
    if analysis::period::Calendar::new(&zone, week_start).is_err() {
        return Err(Refusal::Zone(zone.chars().take(60).collect()));
    }
    form.file
        .as_ref()
        .ok_or(Refusal::NoFile)?
        .look(&zone)
        .await?;
    let base = slug::slug(&name, "workspace");
    for number in 1..=SLUGS {
        let new = NewWorkspace {
            slug: slug::numbered(&base, number),
            name: name.clone(),
            zone: zone.clone(),
            week_start,
            currency: "EUR".to_owned(),
        };
        match desk.store.create_workspace(&new).await {
            Ok(workspace) => {
                let id = take(desk, &workspace, form).await?;
                return Ok((workspace.slug, id));
            }
            // Taken: the next number.
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Refusal::Name)
}

fn to_import(slug: &str, id: ImportId) -> Response {
    Redirect::to(&format!("/w/{slug}/import/{}", id.0)).into_response()
}

/// The import's page with the answers given so far. They come back as the browser wrote them, if they are an address.
fn ask_again(slug: &str, id: ImportId, given: &str) -> Response {
    let fits = given.len() <= LONGEST_QUERY && given.bytes().all(|byte| byte.is_ascii_graphic());
    let query = if fits { given } else { "" };
    Redirect::to(&format!("/w/{slug}/import/{}?{query}", id.0)).into_response()
}

/// What a handler without a page of its own answers when the store fails.
pub(crate) struct Failure(StoreError);

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, words) = match &self.0 {
            StoreError::NotFound => (StatusCode::NOT_FOUND, "There is nothing at this address.\n"),
            StoreError::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The data base can’t be reached just now. Nothing is lost; go back and try again.\n",
            ),
            error => {
                tracing::error!(%error, "request failed in the data base");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something went wrong on the server. Its log has the details.\n",
                )
            }
        };
        (status, words).into_response()
    }
}
