//! `holdfast serve`: claims the data folder, sees to Postgres, and serves until it is asked to stop.

mod demo;

use super::database::Database;
use super::{migrate, stop_signal, told};
use crate::config::{DatabaseConfig, ListenAddress, PublicUrl, ServeConfig, SiteConfig};
use crate::folder::DataFolder;
use crate::indexing;
use crate::mail::Mailer;
use crate::notices::{self, Courier};
use crate::webhook::Webhooks;
use anyhow::Context;
use futures::FutureExt;
use futures::future::Shared;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use store::{Store, StoreError};
use tokio::net::TcpListener;

/// Pause between attempts to reach the operator's Postgres at start, and the longest it grows to.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long a stop may take to put on disk what was made last.
const KEEPING: Duration = Duration::from_secs(3);

/// How long requests may go on once the server is asked to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until it is asked to stop.
pub(super) async fn run(config: ServeConfig, database: DatabaseConfig) -> anyhow::Result<()> {
    // What can be refused is refused first, before anything is started.
    let folder = DataFolder::open(&database.data_dir())?;
    let _claim = folder.claim()?;
    let mailer = config.mail.mailer()?;
    let listener = listen(config.listen).await?;
    let stop = stop_signal()?.shared();
    let mut database = Database::open(&database).await?;
    if let Database::Private(cluster) = &mut database {
        cluster.supervise();
    }
    let store = Store::connect_lazily(database.options())
        .with_index_memory(usize::try_from(config.index_memory << 20).unwrap_or(usize::MAX));
    let outcome = serve(&config, &folder, &store, mailer, listener, stop).await;
    tracing::info!("stopping");
    keep_sets(&store).await;
    store.close().await;
    let closed = database.close().await;
    outcome?;
    Ok(closed?)
}

/// Puts on disk what the next start begins with, as far as it takes no time: all that is older lies there already.
async fn keep_sets(store: &Store) {
    match tokio::time::timeout(KEEPING, store.keep_sets()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "sets could not be kept on disk"),
        Err(_) => tracing::warn!("not all sets were kept on disk: it would have taken too long"),
    }
}

async fn serve(
    config: &ServeConfig,
    folder: &DataFolder,
    store: &Store,
    mailer: Option<Mailer>,
    listener: TcpListener,
    stop: Shared<impl Future<Output = ()> + Send + 'static>,
) -> anyhow::Result<()> {
    let address = listener.local_addr().context("no address to listen on")?;
    let origin = origin(config, address);
    let site = SiteConfig {
        address,
        site_root: config.site_root(),
        uploads: folder.uploads(),
        hosts: hosts(config, address),
        origin: origin.clone(),
        mailer,
        webhooks: Webhooks::new(config.webhook_allow.clone().unwrap_or_default()),
        elsewhere: config.oidc.provider(&origin)?,
    };
    let courier = Courier::new(store.clone(), &site);
    let demo = (!config.no_demo).then(|| demo::Demo {
        customers: config.demo_customers,
        marker: folder.path().join("demo-loading"),
    });
    // With Postgres at hand the pages are complete from the first request on; without, they say that it is away.
    let ready = match bound(store).await {
        Err(error) if is_away(&error) => {
            tracing::warn!(error = told(&error), "the data base is away; trying again");
            false
        }
        outcome => outcome.map(|()| true)?,
    };
    let said = match ready {
        true => {
            // Without them the first question takes a little longer.
            if let Err(error) = store.open_connections().await {
                tracing::warn!(%error, "not all connections could be opened");
            }
            welcome(store, &origin).await?
        }
        false => false,
    };
    let prepare = tokio::spawn({
        let (store, origin) = (store.clone(), origin.clone());
        async move {
            if !ready {
                wait_for(&store).await;
                if let Err(error) = welcome(&store, &origin).await {
                    tracing::error!(error = told(&error), "no way in can be made");
                }
            }
            let demo = async {
                if let Some(demo) = demo {
                    demo.load_if_empty(&store).await;
                }
            };
            tokio::join!(
                demo,
                store.keep_watch(),
                indexing::keep(store.clone()),
                notices::keep(courier)
            );
        }
    });
    if !said {
        println!("Holdfast is at {origin}");
    }
    let patience = stop.clone().then(|()| tokio::time::sleep(GRACE));
    let outcome = tokio::select! {
        outcome = crate::serve(store.clone(), site, listener, stop) => outcome,
        () = patience => {
            tracing::warn!(grace_s = GRACE.as_secs(), "requests that did not end are dropped");
            Ok(())
        }
    };
    prepare.abort();
    outcome
}

/// Brings the data base up to date, if its role can't look past the walls between workspaces.
async fn bound(store: &Store) -> anyhow::Result<()> {
    if !store.is_bound().await? {
        anyhow::bail!(
            "the role in DATABASE_URL passes by what keeps workspaces apart: give one that owns the data base and is \
             neither superuser nor has BYPASSRLS (create role holdfast login nosuperuser nobypassrls; create database \
             holdfast owner holdfast)"
        );
    }
    migrate::apply(store).await
}

/// Prints a link that leads in once, if nobody can come in as an administrator; whether it did. It is for the person
/// who started the server: the log does not see it.
async fn welcome(store: &Store, origin: &str) -> anyhow::Result<bool> {
    let Some(link) = store.first_link().await? else {
        return Ok(false);
    };
    println!(
        "Holdfast is at {origin}/welcome/{} (leads in once, as the owner; nobody else can sign in until then)",
        link.text()
    );
    Ok(true)
}

/// The address as people open it: as it is set, else by its first name if it has one, else on this machine.
fn origin(config: &ServeConfig, address: SocketAddr) -> String {
    let set = config.public_url.as_ref().and_then(PublicUrl::origin);
    if let Some(set) = set {
        return set;
    }
    let port = address.port();
    match config.host.first() {
        Some(name) if !address.ip().is_loopback() => format!("http://{name}:{port}"),
        _ if address.ip().is_unspecified() => format!("http://127.0.0.1:{port}"),
        _ => format!("http://{address}"),
    }
}

/// The names that lead here, and the address listened on.
fn hosts(config: &ServeConfig, address: SocketAddr) -> Vec<String> {
    let own = (!address.ip().is_unspecified()).then(|| address.ip().to_string());
    let public = config.public_url.as_ref().and_then(PublicUrl::host);
    let names = config.host.iter().map(String::as_str).chain(public);
    let names = names.map(|name| name.trim().to_owned());
    names.chain(own).filter(|name| !name.is_empty()).collect()
}

/// Opens the address, or says who is in the way.
async fn listen(listen: ListenAddress) -> anyhow::Result<TcpListener> {
    let address = listen.address();
    let port = address.port();
    TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => anyhow::anyhow!(
                "Port {port} is in use by another program. Stop it, or choose another with --listen {} (or \
                 HOLDFAST_LISTEN).",
                SocketAddr::new(address.ip(), if port < 65_535 { port + 1 } else { 3000 })
            ),
            ErrorKind::PermissionDenied => anyhow::anyhow!(
                "Port {port} may not be used by this user. Choose one above 1023 with --listen (or HOLDFAST_LISTEN)."
            ),
            _ => anyhow::Error::new(error).context(format!("{address} can't be listened on")),
        })
}

/// Waits until the operator's Postgres is there and up to date.
async fn wait_for(store: &Store) {
    let mut pause = PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        match bound(store).await {
            Ok(()) => {
                tracing::info!("the data base is there");
                return;
            }
            Err(error) if is_away(&error) => {
                tracing::warn!(error = told(&error), "the data base is still away");
            }
            // It stays not ready; the operator reads why here and in `holdfast doctor`.
            Err(error) => {
                tracing::error!(error = told(&error), "the data base can't be used");
            }
        }
    }
}

/// Whether a failed migration means no more than that Postgres is not there.
fn is_away(error: &anyhow::Error) -> bool {
    use sqlx::Error;
    use sqlx::migrate::MigrateError;
    let away = |error: &Error| match error {
        Error::Io(_) | Error::PoolTimedOut => true,
        Error::Database(cause) => cause
            .code()
            .is_some_and(|code| code.starts_with("57P") || code == "53300"),
        _ => false,
    };
    match error.downcast_ref::<StoreError>() {
        Some(StoreError::Unavailable(_)) => true,
        Some(StoreError::Migrate(MigrateError::Execute(error))) => away(error),
        _ => false,
    }
}
