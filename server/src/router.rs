//! Which request goes where.

use crate::access::{self, Access};
use crate::asker::Desk as PeopleDesk;
use crate::config::SiteConfig;
use crate::guard::{self, Names};
use crate::imports::Imports;
use crate::limits::Limits;
use crate::notices::Courier;
use crate::upload::{self, Desk};
use crate::{
    account, activities, annotations, api, entrance, erasure, features, health, links, notices,
    people, reports, segments, shared,
};
use anyhow::Context;
use app::api::imports::{Refused, Uploads};
use app::api::people::WaysIn;
use app::{App, Stopped, shell};
use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderValue, VARY};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use leptos::config::LeptosOptions;
use leptos::prelude::provide_context;
use leptos_axum::{
    AxumRouteListing, LeptosRoutes, file_and_error_handler_with_context,
    generate_route_list_with_exclusions, render_app_async_with_context,
};
use std::net::SocketAddr;
use store::Store;
use tokio::net::TcpListener;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::trace::TraceLayer;

/// Brotli's level for pages made on the fly: above it, time grows faster than size shrinks.
const PAGE_BROTLI: i32 = 5;

/// Serves, and runs queued imports, until `stop` completes; then lets running requests end.
///
/// # Errors
/// The built site is missing, or the listener broke.
pub async fn serve(
    store: Store,
    site: SiteConfig,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let imports = Imports::start(store.clone(), Uploads::new(site.uploads.clone()));
    let router = router(store, &site, &imports)?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop)
        .await
        .context("serving ended")
}

/// What pages are made with.
#[derive(Clone)]
pub(crate) struct Pages {
    options: LeptosOptions,
    store: Store,
    uploads: Uploads,
    ways_in: WaysIn,
}

impl Pages {
    fn provide(&self) {
        provide_context(self.store.clone());
        provide_context(self.uploads.clone());
        provide_context(self.ways_in.clone());
    }

    /// The page at a path as the answer to a form that was refused.
    pub(crate) async fn refuse(
        &self,
        path: &str,
        status: StatusCode,
        refused: Refused,
    ) -> Response {
        self.show(path, status, refused).await
    }

    /// The page at a path, told something more: as the answer to a form, or in the place of another page. It sees who
    /// asked.
    pub(crate) async fn show<T: Clone + Send + Sync + 'static>(
        &self,
        path: &str,
        status: StatusCode,
        told: T,
    ) -> Response {
        let mut request = Request::new(Body::empty());
        match path.parse() {
            Ok(path) => *request.uri_mut() = path,
            Err(_) => return status.into_response(),
        }
        if let Some(caller) = access::caller() {
            request.extensions_mut().insert(caller);
        }
        let pages = self.clone();
        let provide = move || {
            pages.provide();
            provide_context(told.clone());
        };
        let options = self.options.clone();
        let page = render_app_async_with_context(provide, move || shell(options.clone()));
        let mut response = page(request).await;
        // A page that fails itself says so.
        if response.status() == StatusCode::OK {
            *response.status_mut() = status;
        }
        response
    }
}

/// All routes. `imports` runs what they queue.
///
/// # Errors
/// The built site is missing.
pub fn router(store: Store, site: &SiteConfig, imports: &Imports) -> anyhow::Result<Router> {
    let options = options(site)?;
    let made_with = Pages {
        options: options.clone(),
        store: store.clone(),
        uploads: imports.queue().uploads().clone(),
        ways_in: WaysIn {
            by_mail: site.mailer.is_some(),
            elsewhere: site
                .elsewhere
                .as_ref()
                .map(|provider| provider.name().to_owned()),
        },
    };
    let courier = Courier::new(store.clone(), site);
    let provide = {
        let made_with = made_with.clone();
        move || made_with.provide()
    };
    // Whatever no route answers for is no page either, however Leptos would read its address.
    let lost = {
        let provide = provide.clone();
        move || {
            provide();
            provide_context(Stopped::NothingThere);
        }
    };
    let access = Access {
        store: store.clone(),
        pages: made_with.clone(),
    };
    let desk = PeopleDesk {
        store: store.clone(),
        pages: made_with.clone(),
        limits: Limits::new(),
        mailer: site.mailer.clone(),
        elsewhere: site.elsewhere.clone(),
        origin: site.origin.clone(),
    };
    let kept = segments::routes(store.clone(), made_with.clone())
        .merge(reports::routes(store.clone(), made_with.clone()))
        .merge(annotations::routes(store.clone(), made_with.clone()))
        .merge(erasure::routes(store.clone(), made_with.clone()))
        .merge(links::routes(store.clone(), made_with.clone()))
        .merge(notices::routes(courier, made_with.clone()));
    let public = shared::routes(store.clone(), &style(&options)?);
    let files = upload::routes(Desk {
        store: store.clone(),
        queue: imports.queue(),
        pages: made_with,
    });
    let pages = Router::new()
        .leptos_routes_with_context(&options, page_routes(), provide, {
            let options = options.clone();
            move || shell(options.clone())
        })
        .fallback(file_and_error_handler_with_context(lost, shell))
        .with_state(options);
    // Their names change with their contents, so they may be kept for ever.
    let built = Router::new()
        .fallback_service(
            ServeDir::new(site.site_root.join("pkg"))
                .precompressed_br()
                .precompressed_gzip(),
        )
        .layer(map_response(keep));
    let icon = Router::new()
        .route_service("/icon.svg", ServeFile::new(site.site_root.join("icon.svg")))
        .layer(map_response(keep_a_day));
    let health = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .with_state(store.clone());
    Ok(sheltered(
        Router::new()
            .merge(pages)
            .merge(api::files(store.clone()))
            .nest("/pkg", built)
            .nest("/api/v1", api::routes(store.clone()))
            .merge(icon)
            .layer(CompressionLayer::new().quality(CompressionLevel::Precise(PAGE_BROTLI)))
            .merge(files)
            .merge(kept)
            .merge(public)
            .merge(activities::routes(store.clone()))
            .merge(features::routes(store.clone()))
            .merge(entrance::routes(desk.clone()))
            .merge(account::routes(desk.clone()))
            .merge(people::routes(desk))
            .merge(health)
            .layer(from_fn_with_state(access, access::check)),
        Names::new(&site.hosts),
    ))
}

/// The pages that Leptos answers for. Links that lead in once are looked at before there is a page.
fn page_routes() -> Vec<AxumRouteListing> {
    generate_route_list_with_exclusions(App, Some(vec!["/welcome/{token}".to_owned()]))
}

/// What every request passes through, whatever it asks for.
fn sheltered(routes: Router, names: Names) -> Router {
    routes
        .layer(from_fn_with_state(names, guard::guard))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TraceLayer::new_for_http().make_span_with(span))
}

fn options(site: &SiteConfig) -> anyhow::Result<LeptosOptions> {
    let hashes = site
        .site_root
        .join("hash.txt")
        .canonicalize()
        .with_context(|| {
            format!(
                "there is no built site in {}. Build it with `make site`, or name its folder with --site-root",
                site.site_root.display()
            )
        })?;
    Ok(LeptosOptions::builder()
        .output_name("holdfast")
        .site_root(site.site_root.to_string_lossy().into_owned())
        .site_pkg_dir("pkg")
        .site_addr(site.address)
        .hash_files(true)
        .hash_file(hashes.to_string_lossy().into_owned().into())
        .build())
}

/// The address of the style sheet, which has its hash in it.
fn style(options: &LeptosOptions) -> anyhow::Result<String> {
    let file: &str = &options.hash_file;
    let hashes = std::fs::read_to_string(file).with_context(|| format!("{file} can't be read"))?;
    let hash = hashes
        .lines()
        .find_map(|line| line.strip_prefix("css:"))
        .with_context(|| format!("{file} names no style sheet"))?;
    Ok(format!(
        "/{}/{}.{}.css",
        options.site_pkg_dir,
        options.output_name,
        hash.trim()
    ))
}

/// Lets browsers and proxies keep a built file for a year; not a 404, which may be a file that is still to come.
async fn keep(mut response: Response) -> Response {
    if response.status() != StatusCode::NOT_FOUND {
        let headers = response.headers_mut();
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        );
        // the same address packed and unpacked
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// Lets browsers keep a file whose name does not change.
async fn keep_a_day(mut response: Response) -> Response {
    response.headers_mut().insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=86400"),
    );
    response
}

/// A panic ends its request, not the server; its message goes to the log, not to the reader.
fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without words");
    tracing::error!(panic.message = message, "a request panicked");
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something went wrong on the server. Its log has the details.\n",
    )
        .into_response()
}

/// One span a request, with the matched route: addresses hold filters, and filters hold people's data.
fn span(request: &Request) -> tracing::Span {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", MatchedPath::as_str);
    tracing::info_span!("request", http.method = %request.method(), http.route = route)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use axum::http::header::HOST;
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_panic_ends_its_request_only() {
        async fn breaks() -> &'static str {
            panic!("a secret of the program")
        }
        let router = sheltered(
            Router::new()
                .route("/breaks", get(breaks))
                .route("/works", get(async || "works")),
            Names::new(&[]),
        );
        let ask = async |path: &str| {
            let request = Request::get(path).header(HOST, "127.0.0.1");
            let request = request.body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            let status = answer.status();
            let body = to_bytes(answer.into_body(), 1_000).await.unwrap();
            (status, String::from_utf8(body.to_vec()).unwrap())
        };
        for _ in 0..2 {
            let (status, body) = ask("/breaks").await;
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
            assert!(!body.contains("secret"), "{body}");
            assert_eq!(ask("/works").await, (StatusCode::OK, "works".to_owned()));
        }
    }
}
