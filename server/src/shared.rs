//! `/s/{token}`: one answer for whoever has the link.
//!
//! Nothing that a request says reaches the answer but the token and how it is looked at. A session, if the browser has
//! one, is not looked at. Every token that does not answer is answered alike.

mod cache;
mod head;
mod lock;
mod views;

use crate::cookie;
use analysis::period::{Calendar, WeekStart};
use analysis::query::{RetentionView, split_url_query};
use analysis::saved::{Question, ReportKind};
use analysis::withhold::Shown;
use analysis::words;
use app::shared::{self as pages, Shared};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cache::{Cache, Key};
use exports::{Export, Origin, preview_png};
use jiff::Timestamp;
use lock::{Attempts, Lock};
use std::convert::Infallible;
use std::sync::Arc;
use store::{Opened, Store, StoreError};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use views::Views;

/// A page is packed once and sent often, but its first reader waits for it.
const BROTLI: i32 = 6;
/// Most bytes of a password's form.
const FORM: usize = 4 * 1024;

/// What the handlers work with.
#[derive(Clone)]
struct Desk {
    store: Store,
    /// The address of the style sheet.
    style: Arc<str>,
    /// What a link says that does not answer: made once, so that it is the same always.
    nothing: Bytes,
    cache: Arc<Cache>,
    attempts: Arc<Attempts>,
    views: Views,
    /// One question at a time: readers may be many, and nobody asked them in.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The routes of this module; `style` is the address of the style sheet.
pub(crate) fn routes(store: Store, style: &str) -> Router {
    let desk = Desk {
        views: Views::new(store.clone()),
        store,
        nothing: pages::nothing(style).into(),
        style: style.into(),
        cache: Arc::new(Cache::default()),
        attempts: Arc::new(Attempts::default()),
        turn: Arc::default(),
    };
    Router::new()
        .route("/s/{token}", get(show).post(lock::unlock))
        .route("/s", get(nothing).post(nothing))
        .route("/s/", get(nothing).post(nothing))
        .route("/s/{token}/preview.png", get(preview).post(nothing))
        .route("/s/{token}/", get(nothing).post(nothing))
        .route("/s/{token}/{*rest}", get(nothing).post(nothing))
        .layer(axum::extract::DefaultBodyLimit::max(FORM))
        .with_state(desk)
}

/// What a reader may choose of how an answer is looked at; nothing of it widens what he sees.
pub(crate) fn allowed(view: &RetentionView) -> RetentionView {
    RetentionView {
        show: view.show,
        intervals: view.intervals,
        ..RetentionView::default()
    }
}

async fn nothing(State(desk): State<Desk>) -> Response {
    desk.nothing()
}

/// `GET /s/{token}`.
async fn show(
    State(desk): State<Desk>,
    token: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Ok(Path(token)) = token else {
        return desk.nothing();
    };
    let now = Timestamp::now();
    let link = match desk.store.open_link(&token, now).await {
        Ok(Some(link)) => link,
        Ok(None) => return desk.nothing(),
        Err(error) => return desk.trouble(&error),
    };
    if let Some(lock) = Lock::of(&link)
        && !lock.is_opened_by(&headers, now)
    {
        return desk.locked(StatusCode::OK, None);
    }
    let address = address(&headers, &token);
    match desk
        .page(&link, query.as_deref(), (&headers, address), now)
        .await
    {
        Ok(page) => {
            desk.views.count(link.workspace, link.id, now);
            page
        }
        Err(error) => desk.trouble(&error),
    }
}

/// `GET /s/{token}/preview.png`: what chat tools show. A link with a password has none.
async fn preview(State(desk): State<Desk>, token: Result<Path<String>, PathRejection>) -> Response {
    let Ok(Path(token)) = token else {
        return desk.nothing();
    };
    let now = Timestamp::now();
    let link = match desk.store.open_link(&token, now).await {
        Ok(Some(link)) if link.password_hash.is_none() => link,
        Ok(_) => return desk.nothing(),
        Err(error) => return desk.trouble(&error),
    };
    match desk.preview(&link, now).await {
        Ok(picture) => {
            let mut response = Response::new(Body::from(picture));
            head::of_page(&mut response, &link);
            let png = HeaderValue::from_static("image/png");
            response.headers_mut().insert(CONTENT_TYPE, png);
            response
        }
        Err(error) => desk.trouble(&error),
    }
}

impl Desk {
    /// A link's answer as a picture, from memory if it is there.
    async fn preview(&self, link: &Opened, now: Timestamp) -> Result<Bytes, StoreError> {
        let view = RetentionView::default();
        let key = key(link, (view, Some("png")), String::new(), now);
        if let Some(picture) = self.cache.page(&key) {
            return Ok(picture);
        }
        let shared = self.shared(link, &key, view, now).await?;
        let _turn = self.turn.lock().await;
        let drawn = tokio::task::spawn_blocking(move || {
            let nowhere = Origin {
                workspace: "",
                address: "",
            };
            let mut export = match &shared.shown {
                Shown::Retention(report, _) => Export::retention(nowhere, report, view),
                Shown::Features(report, _) => Export::features(nowhere, report),
                Shown::Segments(report, _) => Export::segments(nowhere, report),
                Shown::Churn(report, _) => Export::churn(nowhere, report),
            };
            let found = words::shown_finding(&shared.shown);
            export.title = shared.name;
            export.sentence = found.sentence;
            export.evidence = found.evidence;
            export.method = words::shown_method(&shared.shown, shared.guarded);
            preview_png(&export)
        });
        match drawn.await {
            Ok(Ok(picture)) => {
                let picture = Bytes::from(picture);
                self.cache.keep_page(key, picture.clone());
                Ok(picture)
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "a preview can't be drawn");
                Err(StoreError::NotFound)
            }
            Err(_) => Err(StoreError::NotFound),
        }
    }

    /// The page of a link, from memory if it is there.
    async fn page(
        &self,
        link: &Opened,
        query: Option<&str>,
        (headers, address): (&HeaderMap, String),
        now: Timestamp,
    ) -> Result<Response, StoreError> {
        let pairs = split_url_query(query.unwrap_or_default());
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let view = match link.kind {
            ReportKind::Retention => allowed(&RetentionView::parse(pairs).0),
            // The other kinds are looked at in one way.
            ReportKind::Features | ReportKind::Segments | ReportKind::Churn => {
                RetentionView::default()
            }
        };
        let key = key(link, (view, packing(headers)), address, now);
        let page = match self.cache.page(&key) {
            Some(page) => page,
            None => {
                let mut shared = self.shared(link, &key, view, now).await?;
                shared.preview = format!("{}/preview.png", key.address);
                let style = self.style.clone();
                let html = tokio::task::spawn_blocking(move || pages::page(shared, &style));
                let html = html.await.map_err(|_| StoreError::NotFound)?;
                let page = pack(html, key.packing).await;
                self.cache.keep_page(key.clone(), page.clone());
                page
            }
        };
        let mut response = Response::new(Body::from(page));
        if let Some(packing) = key.packing {
            let value = HeaderValue::from_static(packing);
            response.headers_mut().insert(CONTENT_ENCODING, value);
        }
        head::of_page(&mut response, link);
        Ok(response)
    }

    /// What readers see of the answer.
    async fn shared(
        &self,
        link: &Opened,
        key: &Key,
        view: RetentionView,
        now: Timestamp,
    ) -> Result<Shared, StoreError> {
        let known = match self.cache.answer(key) {
            Some(known) => known,
            None => {
                let _turn = self.turn.lock().await;
                // Who has waited may find it done.
                match self.cache.answer(key) {
                    Some(known) => known,
                    None => {
                        let made = Arc::new(self.answer(link, now).await?);
                        self.cache.keep_answer(key, made.clone());
                        made
                    }
                }
            }
        };
        Ok(Shared {
            view,
            ..Shared::clone(&known)
        })
    }

    async fn answer(&self, link: &Opened, now: Timestamp) -> Result<Shared, StoreError> {
        let (answer, standing) = match link.pinned {
            true => {
                let pinned = self.store.pinned(link.workspace, link.id).await?;
                let zone = match pinned.answer.standing() {
                    Some(standing) => standing.zone.to_owned(),
                    None => self.store.workspace(&link.slug).await?.zone,
                };
                let calendar = Calendar::new(&zone, WeekStart::default())
                    .map_err(|_| StoreError::Zone(zone))?;
                let standing = words::pinned(calendar.datetime(pinned.at), &pinned.data);
                (pinned.answer, standing)
            }
            false => {
                let workspace = self.store.workspace(&link.slug).await?;
                let question = Question::parse(link.kind, &link.question);
                let answer = self.store.answer(&workspace, &question, now).await?;
                let standing = answer.standing();
                let standing = standing.map(|standing| words::live(standing.as_of_local));
                let standing = standing.unwrap_or_default();
                (answer, standing)
            }
        };
        Ok(Shared {
            name: link.name.clone(),
            shown: Shown::of(answer, link.withhold),
            guarded: link.withhold,
            view: RetentionView::default(),
            standing,
            open: link.password_hash.is_none(),
            preview: String::new(),
        })
    }

    /// The answer of every token that does not answer.
    fn nothing(&self) -> Response {
        let page = Body::from(self.nothing.clone());
        let mut response = (StatusCode::NOT_FOUND, page).into_response();
        head::of_nothing(&mut response);
        response
    }

    /// What asks for the password.
    fn locked(&self, status: StatusCode, wrong: Option<&str>) -> Response {
        let page = Body::from(pages::locked(wrong, &self.style));
        let mut response = (status, page).into_response();
        head::of_nothing(&mut response);
        response
    }

    /// A link whose answer can't be had just now. Its readers are told no more than that.
    fn trouble(&self, error: &StoreError) -> Response {
        let (status, why) = match error {
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "data base not available");
                (StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment.")
            }
            error => {
                tracing::warn!(%error, "a link has no answer");
                (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "Its question has no answer as it stands. Tell whoever sent the link.",
                )
            }
        };
        let page = Body::from(pages::trouble(why, &self.style));
        let mut response = (status, page).into_response();
        head::of_nothing(&mut response);
        response
    }
}

/// What a page or picture of a link depends on.
fn key(
    link: &Opened,
    (view, packing): (RetentionView, Option<&'static str>),
    address: String,
    now: Timestamp,
) -> Key {
    Key {
        workspace: link.workspace.0,
        link: link.id,
        version: match link.pinned {
            true => "pinned".to_owned(),
            // "Now" moves on, so an answer is kept for a minute at most.
            false => format!("{}@{}", link.data, now.as_second() / 60),
        },
        show: view.show,
        intervals: view.intervals,
        packing,
        address,
    }
}

/// A link's address as its reader has it.
fn address(headers: &HeaderMap, token: &str) -> String {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    let scheme = match cookie::is_https(headers) {
        true => "https",
        false => "http",
    };
    format!("{scheme}://{}/s/{token}", host.unwrap_or_default())
}

/// The packing that a browser takes and that is best.
fn packing(headers: &HeaderMap) -> Option<&'static str> {
    let accepted = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let takes = |name: &str| {
        accepted.split(',').any(|one| {
            let mut parts = one.split(';').map(str::trim);
            parts.next() == Some(name) && !parts.any(|quality| matches!(quality, "q=0" | "q=0.0"))
        })
    };
    ["br", "gzip"].into_iter().find(|name| takes(name))
}

/// A page's bytes as they are sent.
async fn pack(html: String, packing: Option<&'static str>) -> Bytes {
    let whole = Bytes::from(html);
    let Some(packing) = packing else {
        return whole;
    };
    let page = whole.clone();
    let plain = service_fn(move |_: Request| {
        let mut response = Response::new(Body::from(page.clone()));
        head::is_html(&mut response);
        async move { Ok::<_, Infallible>(response) }
    });
    let layer = CompressionLayer::new().quality(CompressionLevel::Precise(BROTLI));
    let mut request = Request::new(Body::empty());
    request
        .headers_mut()
        .insert(ACCEPT_ENCODING, HeaderValue::from_static(packing));
    let response = match layer.layer(plain).oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let body = Body::new(response.into_body());
    axum::body::to_bytes(body, usize::MAX)
        .await
        .expect("packing what is in memory does not fail")
}
