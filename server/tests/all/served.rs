//! A router over a data base of its own, and the files sent to it.

use analysis::import::ImportPhase;
use analysis::period::WeekStart;
use app::api::imports::Uploads;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, LOCATION};
use axum::http::response::Parts;
use axum::http::{HeaderMap, Request, StatusCode};
use server::config::SiteConfig;
use server::imports::Imports;
use server::mail::Mailer;
use server::router;
use server::webhook::{Networks, Webhooks};
use sqlx::PgPool;
use std::fs;
use std::time::Duration;
use store::{Import, ImportId, LinkFor, NewWorkspace, Store, WorkspaceId};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tower::ServiceExt;

/// A server without its network, over the test's data base.
pub struct Served {
    pub store: Store,
    pub imports: Imports,
    pub router: Router,
    pub folder: TempDir,
    pub site: SiteConfig,
    owner: OnceCell<String>,
}

/// An answer as a test looks at it.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    /// The same as it came, for answers that are no text.
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: impl axum::http::header::AsHeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Where a form led.
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.header(LOCATION)
    }
}

impl Served {
    pub fn over(pool: PgPool) -> Self {
        Self::in_folder(Store::new(pool), tempfile::tempdir().unwrap())
    }

    pub fn in_folder(store: Store, folder: TempDir) -> Self {
        Self::set(store, folder, |_| {})
    }

    /// One that sends mail, and says in it that it is at `https://holdfast.example`.
    pub fn with_mail(pool: PgPool, mailer: Mailer) -> Self {
        Self::set(Store::new(pool), tempfile::tempdir().unwrap(), |site| {
            site.origin = "https://holdfast.example".to_owned();
            site.mailer = Some(mailer);
        })
    }

    /// One with other settings than usual.
    pub fn set(store: Store, folder: TempDir, change: impl FnOnce(&mut SiteConfig)) -> Self {
        let site_root = folder.path().join("site");
        let uploads = folder.path().join("uploads");
        fs::create_dir_all(&site_root).unwrap();
        fs::create_dir_all(&uploads).unwrap();
        fs::write(site_root.join("hash.txt"), "js: 1\nwasm: 2\ncss: 3\n").unwrap();
        let mut site = SiteConfig {
            address: "127.0.0.1:3000".parse().unwrap(),
            site_root,
            uploads: uploads.clone(),
            hosts: Vec::new(),
            origin: "http://localhost:3000".to_owned(),
            mailer: None,
            webhooks: Webhooks::new(Networks::default()),
            elsewhere: None,
        };
        change(&mut site);
        let imports = Imports::start(store.clone(), Uploads::new(uploads));
        let router = router(store.clone(), &site, &imports).unwrap();
        Self {
            store,
            imports,
            router,
            folder,
            site,
            owner: OnceCell::new(),
        }
    }

    /// Asks as the first owner, who owns every workspace, unless the request says otherwise who asks.
    pub async fn ask(&self, mut request: Request<Body>) -> Answer {
        let headers = request.headers_mut();
        if !headers.contains_key(COOKIE) && !headers.contains_key(AUTHORIZATION) {
            let cookie = format!("holdfast={}", self.owner().await);
            headers.insert(COOKIE, cookie.parse().unwrap());
        }
        self.ask_as_it_is(request).await
    }

    /// The first owner's session, in which all is asked.
    pub async fn owner(&self) -> &str {
        let enter = async || {
            let link = self.store.first_link().await.unwrap().unwrap();
            let link = self.store.link(link.text()).await.unwrap().unwrap();
            let LinkFor::First(person) = &link.leads else {
                panic!("not the first owner's: {link:?}");
            };
            let session = self.store.enter_first(&link, person.id, "").await;
            session.unwrap().text().to_owned()
        };
        self.owner.get_or_init(enter).await
    }

    /// Asks in a session that another server over the same data has made: a first owner comes in once.
    pub fn with_owner(self, session: String) -> Self {
        self.owner.set(session).unwrap();
        self
    }

    /// An answer as it is sent, with nothing added to what is asked.
    pub async fn raw(&self, request: Request<Body>) -> (Parts, Bytes) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts, to_bytes(body, usize::MAX).await.unwrap())
    }

    /// Asks with nothing added.
    pub async fn ask_as_it_is(&self, request: Request<Body>) -> Answer {
        let (parts, bytes) = self.raw(request).await;
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            bytes: bytes.to_vec(),
        }
    }

    /// A page as a browser asks that has never been here.
    pub async fn read(&self, path: &str) -> Answer {
        let request = Request::get(path)
            .header(HOST, "localhost")
            .header(ACCEPT, "text/html");
        self.ask_as_it_is(request.body(Body::empty()).unwrap())
            .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        // as a browser asks for a page
        let request = Request::get(path)
            .header(HOST, "localhost")
            .header(ACCEPT, "text/html");
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(form.to_owned())).unwrap())
            .await
    }

    pub async fn send(&self, path: &str, body: String) -> Answer {
        self.ask(multipart(path, body)).await
    }

    /// Uploads a file into a workspace and gives the path of its import.
    pub async fn bring(&self, slug: &str, name: &str, text: &str) -> String {
        let answer = self
            .send(&format!("/w/{slug}/upload"), file_part(name, text) + END)
            .await;
        answer.location().to_owned()
    }

    pub async fn workspace(&self, slug: &str) -> WorkspaceId {
        let new = NewWorkspace {
            slug: slug.to_owned(),
            name: slug.to_owned(),
            zone: "Europe/Berlin".to_owned(),
            week_start: WeekStart::Monday,
            currency: "EUR".to_owned(),
        };
        self.store.create_workspace(&new).await.unwrap().id
    }

    pub async fn import(&self, workspace: WorkspaceId, path: &str) -> Import {
        self.store.import(workspace, number(path)).await.unwrap()
    }

    /// Waits until the runner has ended an import that is queued by then.
    pub async fn ended(&self, workspace: WorkspaceId, path: &str) -> Import {
        let mut ended = self.imports.queue().ended();
        let wait = async {
            loop {
                let import = self.import(workspace, path).await;
                if matches!(
                    import.progress.phase,
                    ImportPhase::Done | ImportPhase::Failed
                ) {
                    // The runner tidies up after the phase is set.
                    ended.wait_for(|ended| *ended > 0).await.unwrap();
                    return import;
                }
                ended.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(60), wait)
            .await
            .expect("the import comes to an end")
    }

    /// Names of the files in the uploads folder.
    pub fn files(&self) -> Vec<String> {
        fs::read_dir(self.folder.path().join("uploads"))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

pub fn number(path: &str) -> ImportId {
    let (_, number) = path.split_once("/import/").unwrap();
    let number = number.split('?').next().unwrap();
    ImportId(number.parse().unwrap())
}

pub const END: &str = "--edge--\r\n";

pub fn multipart(path: &str, body: String) -> Request<Body> {
    Request::post(path)
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .body(Body::from(body))
        .unwrap()
}

pub fn file_part(name: &str, text: &str) -> String {
    format!(
        "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: text/csv\r\n\r\n{text}\r\n"
    )
}

pub fn text_part(name: &str, text: &str) -> String {
    format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
}

pub const EVENTS: &str = "user_id,event,timestamp,plan
u1,open,2024-01-01T00:00:00Z,<b>pro</b>
u2,open,2024-01-02T00:00:00Z,
=cmd|' /C calc'!A0,open,never,\"=1+1\"
u1,open,2024-01-01T00:00:00Z,<b>pro</b>
-u,save,2024-02-03,pro
,save,2024-02-03,pro
";
