//! Pages as files: `GET /w/{workspace}/{page}.{form}?…`, the page's own address with an ending.

use super::error::ApiError;
use super::written::written;
use ::exports::{Export, ExportError, Origin};
use analysis::document::{
    ChurnDocument, Detail, LifecycleDocument, QuartileDocument, RetentionDocument, ScanDocument,
    SegmentsDocument, StickinessDocument, SurvivalDocument,
};
use analysis::export::{ExportForm, ExportPage, PART};
use analysis::quartiles::Wanted;
use analysis::query::{
    AsOf, ChurnQuery, ComparisonQuery, ParamProblem, QuartileQuery, RetentionQuery, RetentionView,
    append_params, split_url_query,
};
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::Date;
use store::{Store, Workspace};
use tokio::sync::Semaphore;

/// So many files are drawn at a time: neither processors nor memory are full of them.
static DRAWING: Semaphore = Semaphore::const_new(2);

/// Should a browser show a file after all, it runs nothing in it and loads nothing for it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// What an address asks for.
struct Asked {
    slug: String,
    page: ExportPage,
    form: ExportForm,
    part: &'static str,
    pairs: Vec<(String, String)>,
}

/// A file for each page and form.
pub(crate) fn files(store: Store) -> Router {
    let mut router = Router::new();
    for page in ExportPage::ALL {
        for form in ExportForm::ALL {
            let taken = async move |State(store): State<Store>,
                                    Path(slug): Path<String>,
                                    RawQuery(query): RawQuery| {
                let asked = Asked::read(slug, page, form, &query.unwrap_or_default())?;
                asked.answer(&store).await
            };
            router = router.route(&format!("/w/{{workspace}}/{page}.{form}"), get(taken));
        }
    }
    router.with_state(store)
}

impl Asked {
    fn read(
        slug: String,
        page: ExportPage,
        form: ExportForm,
        query: &str,
    ) -> Result<Self, ApiError> {
        let mut pairs = split_url_query(query);
        let named = pairs
            .iter()
            .find(|(name, _)| name == PART)
            .map(|(_, value)| value.clone());
        pairs.retain(|(name, _)| name != PART);
        let part = page.part(form, named.as_deref()).ok_or_else(|| {
            let parts: Vec<&str> = page.parts(form).iter().map(|(name, _)| *name).collect();
            ApiError::bad_question(match parts.as_slice() {
                [] => format!("“{PART}” is not for {form}: it holds all parts."),
                parts => format!("“{PART}” is none of: {}.", parts.join(", ")),
            })
        })?;
        Ok(Self {
            slug,
            page,
            form,
            part,
            pairs,
        })
    }

    /// The parameters of the question and of how it is looked at.
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.pairs.iter();
        pairs.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    async fn answer(self, store: &Store) -> Result<Response, ApiError> {
        let workspace = store.workspace(&self.slug).await?;
        match self.page {
            ExportPage::Retention => self.retention(store, workspace).await,
            ExportPage::Features => self.features(store, workspace).await,
            ExportPage::Segments => self.segments(store, workspace).await,
            ExportPage::Churn => self.churn(store, workspace).await,
        }
    }

    async fn retention(self, store: &Store, workspace: Workspace) -> Result<Response, ApiError> {
        let mut query = understood(RetentionQuery::parse(self.pairs()))?;
        let view = understood(RetentionView::parse(self.pairs()))?;
        let report = store
            .retention(&workspace, &query, Timestamp::now())
            .await?;
        if self.form == ExportForm::Json {
            let day = report.as_of_date;
            let answer = written((report.cells(), Detail::Rates), move |json| {
                serde_json::to_writer(json, &RetentionDocument::new(&report))
            });
            return Ok(self.named(day, answer.await?));
        }
        pin(&mut query.as_of, report.as_of);
        let mut params = query.params();
        params.extend(view.params());
        self.drawn(workspace, params, move |origin| {
            Export::retention(origin, &report, view)
        })
        .await
    }

    async fn features(self, store: &Store, workspace: Workspace) -> Result<Response, ApiError> {
        let mut query = understood(QuartileQuery::parse(self.pairs()))?;
        let wanted = match (self.form, self.part) {
            (ExportForm::Json, "scan") => Wanted::Scan,
            (ExportForm::Json, _) => Wanted::Feature,
            _ => Wanted::Both,
        };
        let report = store
            .quartiles(&workspace, &query, wanted, Timestamp::now())
            .await?;
        if self.form == ExportForm::Json {
            let day = report.as_of_local.date();
            let answer = written((0, Detail::Rates), move |json| match wanted {
                Wanted::Scan => serde_json::to_writer(json, &ScanDocument::new(&report)),
                _ => serde_json::to_writer(json, &QuartileDocument::new(&report)),
            });
            return Ok(self.named(day, answer.await?));
        }
        pin(&mut query.as_of, report.as_of);
        self.drawn(workspace, query.params(), move |origin| {
            Export::features(origin, &report)
        })
        .await
    }

    async fn segments(self, store: &Store, workspace: Workspace) -> Result<Response, ApiError> {
        let mut query = understood(ComparisonQuery::parse(self.pairs()))?;
        let report = store.compare(&workspace, &query, Timestamp::now()).await?;
        let any = report.any().map(|any| (any.as_of, any.as_of_date));
        if self.form == ExportForm::Json {
            let part = self.part;
            let answer = written((report.cells(), Detail::Rates), move |json| match part {
                "lifetimes" => serde_json::to_writer(json, &SurvivalDocument::new(&report)),
                _ => serde_json::to_writer(json, &SegmentsDocument::new(&report)),
            });
            let day = any.map_or(Date::MIN, |(_, day)| day);
            return Ok(self.named(day, answer.await?));
        }
        if let Some((as_of, _)) = any {
            pin(&mut query.retention.as_of, as_of);
        }
        self.drawn(workspace, query.params(), move |origin| {
            Export::segments(origin, &report)
        })
        .await
    }

    async fn churn(self, store: &Store, workspace: Workspace) -> Result<Response, ApiError> {
        let mut query = understood(ChurnQuery::parse(self.pairs()))?;
        let report = store
            .churn(&workspace, &query, Timestamp::now(), 0)
            .await?
            .report;
        if self.form == ExportForm::Json {
            let (part, day) = (self.part, report.as_of_local.date());
            let answer = written((0, Detail::Rates), move |json| match part {
                "lifecycle" => serde_json::to_writer(json, &LifecycleDocument::new(&report)),
                "days" => serde_json::to_writer(json, &StickinessDocument::new(&report)),
                _ => serde_json::to_writer(json, &ChurnDocument::new(&report)),
            });
            return Ok(self.named(day, answer.await?));
        }
        pin(&mut query.as_of, report.as_of);
        self.drawn(workspace, query.params(), move |origin| {
            Export::churn(origin, &report)
        })
        .await
    }

    /// Writes the file where others don't wait for it.
    async fn drawn(
        self,
        workspace: Workspace,
        params: Vec<(&'static str, String)>,
        export: impl FnOnce(Origin<'_>) -> Export + Send + 'static,
    ) -> Result<Response, ApiError> {
        let mut address = String::new();
        append_params(&mut address, params);
        let address = format!("/w/{}/{}{address}", self.slug, self.page);
        let (form, part) = (self.form, self.part);
        // Held by the thread: a reader who went away does not stop it.
        let turn = DRAWING.acquire().await.map_err(ApiError::broken)?;
        let drawn = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let export = export(Origin {
                workspace: &workspace.name,
                address: &address,
            });
            Ok::<_, ExportError>((export.as_of_date, write(&export, form, part)?))
        });
        let (day, bytes) = drawn
            .await
            .map_err(ApiError::broken)?
            .map_err(ApiError::broken)?;
        Ok(self.named(day, bytes.into_response()))
    }

    /// The answer as a file to be kept, named by workspace, page, part and the day of its as-of.
    fn named(&self, day: Date, mut answer: Response) -> Response {
        let first = self.page.part(self.form, None);
        let part = match self.part {
            part if Some(part) == first => String::new(),
            part => format!("-{part}"),
        };
        // Segments of nothing have no day.
        let day = match day {
            Date::MIN => String::new(),
            day => format!("-{day}"),
        };
        let name = format!("{}-{}{part}{day}.{}", self.slug, self.page, self.form);
        let kind = match self.form {
            ExportForm::Csv => "text/csv; charset=utf-8",
            ExportForm::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ExportForm::Json => "application/json",
            ExportForm::Svg => "image/svg+xml",
            ExportForm::Png => "image/png",
            ExportForm::Pdf => "application/pdf",
        };
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        // A workspace's name in addresses has no letters that a header could not hold.
        if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        {
            headers.insert(CONTENT_DISPOSITION, disposition);
        }
        answer
    }
}

/// What was parsed, if it was understood: a file can't say what was passed over.
fn understood<T>((parsed, problems): (T, Vec<ParamProblem>)) -> Result<T, ApiError> {
    match problems.first() {
        Some(problem) => Err(ApiError::bad_question(problem.to_string())),
        None => Ok(parsed),
    }
}

/// "Now" becomes the instant that was used, so that the address asks for the same numbers later.
fn pin(as_of: &mut AsOf, used: Timestamp) {
    if *as_of == AsOf::Now {
        *as_of = AsOf::Instant(used);
    }
}

fn write(export: &Export, form: ExportForm, part: &str) -> Result<Vec<u8>, ExportError> {
    // A part that the page's list of parts names and the report has not is a mistake.
    let missing = || ExportError::Page(format!("there is no part “{part}”"));
    let picture = || export.picture(part).ok_or_else(missing);
    match form {
        ExportForm::Csv => Ok(::exports::csv(
            export.sheet(part).ok_or_else(missing)?,
            &export.method,
        )),
        ExportForm::Xlsx => ::exports::xlsx(export),
        ExportForm::Svg => Ok(::exports::svg(export, picture()?).into_bytes()),
        ExportForm::Png => ::exports::png(export, picture()?),
        ExportForm::Pdf => ::exports::pdf(export),
        // Documents are written from the report itself.
        ExportForm::Json => Err(missing()),
    }
}
