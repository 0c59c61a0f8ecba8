//! What the first questions after a start would wait for, done before.

use crate::event_names::EventNames;
use crate::people::{KeyKind, look_up_key};
use crate::{Store, StoreError, Workspace, WorkspaceId, activity, workspace};
use analysis::period::WeekStart;
use jiff::civil::date;
use sqlx::PgConnection;

/// Connections that a question takes: it is read by several, and ends beside the next one; and one watches.
const AT_HAND: usize = 5;

/// No workspace.
pub(crate) const NOWHERE: WorkspaceId = WorkspaceId(0);

impl Store {
    /// Opens the connections that a question takes, and asks on each what every question asks, about nothing: from then on
    /// Postgres knows its tables there, and how what is asked is done.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the data base does not answer.
    pub async fn open_connections(&self) -> Result<(), StoreError> {
        // Held together, so that each is another one.
        let day = date(2000, 1, 1);
        let opened = (0..AT_HAND).map(|_| self.snapshot_with_shards(NOWHERE, (day, day)));
        let opened = futures::future::try_join_all(opened).await?;
        let asked = opened.into_iter().map(async |(mut snapshot, ..)| {
            rehearse(&mut snapshot).await?;
            snapshot.end();
            Ok::<_, StoreError>(())
        });
        futures::future::try_join_all(asked).await?;
        Ok(())
    }
}

async fn rehearse(connection: &mut PgConnection) -> Result<(), StoreError> {
    let nowhere = Workspace {
        id: NOWHERE,
        slug: String::new(),
        name: String::new(),
        zone: "UTC".to_owned(),
        week_start: WeekStart::Monday,
        activities: Vec::new(),
        own_activity: None,
        internal: Vec::new(),
    };
    workspace::find(&mut *connection, &nowhere.slug).await?;
    look_up_key(&mut *connection, (NOWHERE, KeyKind::Read), &[0; 32], None).await?;
    EventNames::default()
        .ids(&mut *connection, &nowhere, &[])
        .await?;
    activity::rehearse(&mut *connection).await?;
    Ok(())
}
