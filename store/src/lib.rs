//! The only crate with SQL. It turns questions into sparse counts and rows into facts; shaping, dividing and wording
//! are `analysis`'s work. It knows nothing of HTTP or pages.

mod activity;
mod annotations;
mod churn;
mod comparison;
mod customers;
mod definitions;
mod erasure;
mod error;
mod event_names;
mod feature_sets;
mod gate;
mod groups;
mod import;
mod instant;
mod links;
mod members;
mod notices;
mod people;
mod quartiles;
mod rehearsal;
mod reports;
mod retention;
mod secret;
mod segments;
mod shard;
mod snapshot;
mod tenant;
mod watch;
mod workspace;
mod writer;

pub use activity::{INDEX_MEMORY, ShardDoubt};
pub use annotations::SavedAnnotation;
pub use churn::ChurnAnswer;
pub use definitions::{
    Activity, FillProgress, Matched, Preview, Proposals, SaveActivity, StreamDoubt,
};
pub use erasure::Traces;
pub use error::{Fault, StoreError};
pub use import::{Import, ImportError, ImportId, Look, RejectedCount, RejectedRow, Said, look};
pub use intake::{CustomerRecord, DateOrder, EventRecord, IntakeError, Mapping};
pub use links::{NewSharedLink, Opened, Pinned, SharedLink, Sharing, Since};
pub use members::{Member, MemberPage};
pub use notices::{Addressee, Closing, NewNotice, NewReceiver, Notice, Receiver, Tried};
pub use people::{
    ApiKey, AuditEntry, Caller, Did, Identity, Invitation, KeyKind, KeyUse, Link, LinkFor,
    Membership, NewKey, OwnSession, PASSWORD_LEAST, Person, PersonId, PersonLine, Role,
    check_email, check_password, check_person_name,
};
pub use reports::SavedReport;
pub use retention::Engine;
pub use secret::{Password, SigningSecret, Token, token_hash};
pub use segments::{Members, NewSegment};
pub use shard::{SHARDS, shard};
pub use workspace::{EventCount, NewWorkspace, TraitValues, Workspace, WorkspaceId};
pub use writer::{AccountRow, ContractRow, Written};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use std::sync::Arc;
use std::time::Duration;

/// Every migration, embedded; applied by [`Store::migrate`] and by the tests.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// A handle on the data base; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    activity: Arc<activity::Memory>,
    keeping: Arc<activity::Keeping>,
    gate: Arc<gate::Gate>,
    event_names: Arc<event_names::EventNames>,
    watch: Arc<watch::Watch>,
    /// Customers whose sets are made without waiting for a turn.
    little_work: usize,
}

impl Store {
    /// A store over an existing pool (tests bring their own).
    pub fn new(pool: PgPool) -> Self {
        Self::watched(pool, Arc::default())
    }

    fn watched(pool: PgPool, watch: Arc<watch::Watch>) -> Self {
        let activity = Arc::new(activity::Memory::new(INDEX_MEMORY));
        Self {
            pool,
            activity,
            keeping: Arc::default(),
            gate: Arc::new(gate::Gate::new()),
            event_names: Arc::default(),
            watch,
            little_work: activity::LITTLE_WORK,
        }
    }

    /// Counts the making of sets for more than so many customers as heavy work, of which only so much is done at once.
    #[must_use]
    pub fn with_little_work(mut self, customers: usize) -> Self {
        self.little_work = customers;
        self
    }

    /// Lets the activity index take so many bytes of memory instead of [`INDEX_MEMORY`]; what it has read is forgotten.
    #[must_use]
    pub fn with_index_memory(mut self, bytes: usize) -> Self {
        self.activity = Arc::new(activity::Memory::new(bytes));
        self
    }

    /// Prepares a pool without waiting for the data base: a server starts, and says it is not ready, while Postgres
    /// is away.
    pub fn connect_lazily(options: PgConnectOptions) -> Self {
        // A statement that takes long is not news here, and its text says nothing that its caller's log does not.
        let options = options
            .disable_statement_logging()
            // A plan made for any parameters is a bad one for most of ours, and compiling one takes longer than running it.
            .options([("plan_cache_mode", "force_custom_plan"), ("jit", "off")])
            // A question that was given up (see `snapshot`) is noticed while Postgres works on it.
            .options([("client_connection_check_interval", "1s")]);
        let watch = Arc::new(watch::Watch::default());
        let trusting = watch.clone();
        let pool = PgPoolOptions::new()
            .max_connections(16)
            // A page must answer "the data base is away" rather than hang.
            .acquire_timeout(Duration::from_secs(3))
            // Whether a connection still stands is asked of those that have rested: of one that was just used, the
            // question's first statement tells as well, and sooner.
            .test_before_acquire(false)
            .before_acquire(move |connection, known| {
                let trusted = trusting.trusts(known.idle_for);
                Box::pin(async move {
                    if !trusted {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options);
        Self::watched(pool, watch)
    }

    /// Applies the migrations that are missing.
    ///
    /// # Errors
    /// The data base can't be reached, or it was migrated by a newer Holdfast.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        MIGRATOR.run(&self.pool).await?;
        Ok(())
    }

    /// Whether the data base answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query_scalar!(r#"select 1 as "one!""#)
            .fetch_one(&self.pool)
            .await?;
        Ok(())
    }

    /// Ends all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
