//! The real program: what it says, and what becomes of Postgres when it ends, in order or not.

use crate::login::Login;
use crate::post::PostOffice;
use crate::scratch::{self, Scratch, kill, until};
use server::cluster::Cluster;
use sqlx::ConnectOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// A running `holdfast serve`; it does not outlive the test.
pub struct Served {
    child: Child,
    address: String,
    /// The path of the first owner's link, if one was printed.
    way_in: Option<String>,
}

impl Served {
    /// Starts one on a free port, and waits until it serves.
    pub fn start(data: &Path, more: &[&str]) -> Self {
        // No page is asked for here; the server only wants to see that the site was built.
        let site = data.join("site");
        std::fs::create_dir_all(&site).unwrap();
        std::fs::write(site.join("hash.txt"), "js: 1\nwasm: 2\ncss: 3\n").unwrap();
        let mut child = holdfast(data, &["serve", "--listen", "127.0.0.1:0"])
            .args(more)
            .arg("--site-root")
            .arg(site)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let (_, rest) = line.split_once("http://").expect("the address is printed");
        let address = rest.split_whitespace().next().unwrap();
        let (address, way_in) = match address.split_once('/') {
            Some((address, way_in)) => (address, Some(format!("/{way_in}"))),
            None => (address, None),
        };
        Self {
            child,
            address: address.to_owned(),
            way_in,
        }
    }

    fn end(mut self, signal: &str) -> ExitStatus {
        let process = self.child.id().to_string();
        scratch::run("kill", &[signal, &process]);
        self.child.wait().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}

pub fn holdfast(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command
        .args(arguments)
        .arg("--data-dir")
        .arg(data)
        .env_remove("DATABASE_URL")
        .env("HOLDFAST_LOG", "warn");
    command
}

/// Exit code, and what was printed on both outputs.
pub fn finish(mut command: Command) -> (i32, String) {
    let output = command.output().unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    text.push_str(&String::from_utf8(output.stderr).unwrap());
    (output.status.code().unwrap(), text)
}

#[tokio::test]
async fn a_server_leaves_as_it_should_and_postgres_survives_one_that_does_not() {
    let scratch = Scratch::new();
    let served = Served::start(&scratch.data(), &["--no-demo"]);

    // Its data folder and its port are taken, and whoever comes is told so.
    let (code, text) = finish(holdfast(&scratch.data(), &["serve"]));
    let process = served.child.id();
    assert_eq!(code, 1);
    assert!(
        text.contains(&format!(
            "is in use by another Holdfast (process {process})"
        )),
        "{text}"
    );
    let other = Scratch::new();
    let (code, text) = finish(holdfast(
        &other.data(),
        &["serve", "--listen", &served.address],
    ));
    assert_eq!(code, 1);
    assert!(
        text.contains("is in use by another program") && text.contains("--listen"),
        "{text}"
    );
    assert!(!Cluster::exists(&other.data()));

    // Commands work beside it, and leave it its Postgres.
    let postmaster = scratch.postmaster();
    let (code, text) = finish(holdfast(&scratch.data(), &["doctor"]));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("is running") && !text.contains('✗'), "{text}");
    let (code, text) = finish(holdfast(&scratch.data(), &["migrate"]));
    assert_eq!(code, 0, "{text}");
    assert_eq!(scratch.postmaster(), postmaster);

    // It dies without warning: Postgres stays, and the next one finds it.
    assert!(!served.end("-KILL").success());
    assert_eq!(scratch.postmaster(), postmaster);
    let served = Served::start(&scratch.data(), &["--no-demo"]);
    assert_eq!(scratch.postmaster(), postmaster);

    // Postgres dies under it: it comes back.
    kill(postmaster);
    until("Postgres is back", async || {
        scratch.is_running() && scratch.postmaster() != postmaster
    })
    .await;

    // Both die, and the next start has all again.
    kill(scratch.postmaster());
    assert!(!served.end("-KILL").success());
    let served = Served::start(&scratch.data(), &["--no-demo"]);

    // Asked to end, it takes Postgres along.
    assert!(served.end("-TERM").success());
    assert!(!scratch.is_running());
    let (code, text) = finish(holdfast(&scratch.data(), &["doctor"]));
    assert_eq!(code, 0, "{text}");
    assert!(!scratch.is_running());
}

#[tokio::test]
async fn the_first_start_loads_the_demo_and_a_later_one_ends_what_was_interrupted() {
    let scratch = Scratch::new();
    let marker = scratch.data().join("demo-loading");
    let loaded = async |customers: u32| {
        let line = format!("Workspace demo: {customers} customers");
        until(&line, async || {
            let (_, text) = finish(holdfast(&scratch.data(), &["doctor"]));
            text.contains(&line) && !marker.exists()
        })
        .await;
    };
    let served = Served::start(&scratch.data(), &["--demo-customers", "30"]);
    loaded(30).await;
    assert!(served.end("-INT").success());

    // As if the server had died while it loaded a demo of 40.
    std::fs::write(&marker, "40 2026-03-02\n").unwrap();
    let served = Served::start(&scratch.data(), &["--demo-customers", "30"]);
    loaded(40).await;
    assert!(served.end("-INT").success());

    // Complete: nothing is loaded again, whatever is asked for.
    let served = Served::start(&scratch.data(), &["--demo-customers", "50"]);
    loaded(40).await;
    assert!(served.end("-INT").success());
}

#[test]
fn doctor_says_what_is_missing_and_makes_nothing() {
    let scratch = Scratch::new();
    let nowhere = scratch.data().join("nowhere");
    let (code, text) = finish(holdfast(&nowhere, &["doctor"]));
    assert_eq!(code, 1);
    assert!(
        text.contains("✗ There is no data folder") && text.contains("One thing is wrong."),
        "{text}"
    );
    assert!(!nowhere.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_looks_at_mail_and_at_the_provider_of_sign_ins() {
    let scratch = Scratch::new();
    let nowhere = scratch.data().join("nowhere");
    let doctor = |settings: &[(&str, &str)]| {
        let mut command = holdfast(&nowhere, &["doctor"]);
        command.envs(settings.iter().copied());
        let (_, text) = finish(command);
        assert!(!text.contains("hunter2"), "{text}");
        text
    };
    assert!(doctor(&[]).contains("✓ No mail is sent"));
    let (post, login) = (PostOffice::open().await, Login::open().await);
    let mut settings = vec![
        ("HOLDFAST_SMTP_URL", post.url()),
        ("HOLDFAST_MAIL_FROM", "holdfast@holdfast.example".to_owned()),
        ("HOLDFAST_OIDC_ISSUER", login.issuer().to_owned()),
        ("HOLDFAST_OIDC_CLIENT_ID", "holdfast".to_owned()),
    ];
    fn borrowed<'a>(settings: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
        let settings = settings.iter();
        settings
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }
    let text = doctor(&borrowed(&settings));
    for line in [
        "✓ The mail server greets",
        "✓ The provider of OpenID Connect answers",
    ] {
        assert!(text.contains(line), "{text}");
    }
    // Nobody listens there.
    settings[0].1 = "smtp://me:hunter2@127.0.0.1:1".to_owned();
    settings[2].1 = "http://127.0.0.1:1".to_owned();
    let text = doctor(&borrowed(&settings));
    for line in [
        "✗ Mail can’t be sent, the mail server can’t be reached",
        "✗ The provider of OpenID Connect does not",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn mail_without_a_sender_is_refused_before_anything_is_started() {
    let scratch = Scratch::new();
    let mut command = holdfast(&scratch.data(), &["serve", "--listen", "127.0.0.1:0"]);
    command.env("HOLDFAST_SMTP_URL", "smtps://me:hunter2@mail.example");
    let (code, text) = finish(command);
    assert_eq!(code, 1);
    assert!(
        text.contains("HOLDFAST_MAIL_FROM is not set") && !text.contains("hunter2"),
        "{text}"
    );
    assert!(!Cluster::exists(&scratch.data()));
}

/// The head of the answer to a request without a browser.
fn get(address: &str, path: &str, more: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{more}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let head = answer.split("\r\n\r\n").next().unwrap();
    head.to_ascii_lowercase()
}

#[test]
fn the_first_start_prints_a_link_that_leads_in_once() {
    let scratch = Scratch::new();
    let served = Served::start(&scratch.data(), &["--no-demo"]);
    let first = served.way_in.clone().expect("a way in is printed");
    assert!(served.end("-TERM").success());

    // Nobody came: another start prints another link, and the one before is dead.
    let served = Served::start(&scratch.data(), &["--no-demo"]);
    let second = served.way_in.clone().expect("a way in is printed");
    assert_ne!(first, second);
    let page = "/api/v1/openapi.json";
    assert!(get(&served.address, page, "").starts_with("http/1.1 401"));
    assert!(!get(&served.address, &first, "").contains("set-cookie"));
    let looked_at = get(&served.address, &second, "Sec-Purpose: prefetch\r\n");
    assert!(!looked_at.contains("set-cookie"), "{looked_at}");
    let entered = get(&served.address, &second, "");
    assert!(
        entered.starts_with("http/1.1 303") && entered.contains("location: /\r\n"),
        "{entered}"
    );
    assert!(
        entered.contains("httponly") && entered.contains("samesite=lax"),
        "{entered}"
    );
    let (_, cookie) = entered.split_once("set-cookie: ").unwrap();
    let (name, _) = cookie.split_once('=').unwrap();
    let port = served.address.rsplit(':').next().unwrap();
    assert_eq!(name, format!("holdfast_{port}"));
    let again = get(&served.address, &second, "");
    assert!(!again.contains("set-cookie"), "{again}");
    assert!(served.end("-TERM").success());

    // He is signed in: no link is needed.
    let served = Served::start(&scratch.data(), &["--no-demo"]);
    assert_eq!(served.way_in, None);
    assert!(served.end("-TERM").success());
}

#[test]
fn an_unreadable_address_of_a_database_is_not_repeated() {
    let scratch = Scratch::new();
    let mut command = holdfast(&scratch.data(), &["migrate"]);
    command.env("DATABASE_URL", "postgres://me:hunter2@[oops/base");
    let (code, text) = finish(command);
    assert_eq!(code, 1);
    assert!(
        text.contains("DATABASE_URL can't be read") && !text.contains("hunter2"),
        "{text}"
    );
}

#[sqlx::test(migrations = false)]
async fn a_role_that_passes_by_the_walls_between_workspaces_is_refused(pool: sqlx::PgPool) {
    let scratch = Scratch::new();
    let mut command = holdfast(&scratch.data(), &["serve", "--listen", "127.0.0.1:0"]);
    command.env(
        "DATABASE_URL",
        pool.connect_options().to_url_lossy().to_string(),
    );
    let (code, text) = tokio::task::spawn_blocking(|| finish(command))
        .await
        .unwrap();
    assert_eq!(code, 1);
    assert!(
        text.contains("neither superuser nor has BYPASSRLS"),
        "{text}"
    );
    let made: bool = sqlx::query_scalar("select to_regclass('workspace') is not null")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!made, "nothing was done as that role");
}
