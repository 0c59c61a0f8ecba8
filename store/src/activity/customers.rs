//! Customers by their traits, from the index's columns.

use super::load::{self, ShardState};
use super::memory::Memory;
use crate::StoreError;
use analysis::query::TraitFilter;
use index::Selection;
use sqlx::PgConnection;

/// The customers of a workspace, shard by shard, as a snapshot shows them.
pub(crate) struct Customers {
    workspace: i32,
    states: Vec<ShardState>,
}

impl Customers {
    /// Looks up how many there are.
    pub(crate) async fn new(
        snapshot: &mut PgConnection,
        workspace: i32,
    ) -> Result<Self, StoreError> {
        // Columns are read from the customers themselves, so that it does not matter which shards are indexed.
        let shards = load::shards_of(snapshot, workspace).await?;
        Ok(Self {
            workspace,
            states: shards.all().collect(),
        })
    }

    /// All of them, by shard.
    pub(crate) fn all(&self) -> impl Iterator<Item = (i16, Selection)> {
        let all = self.states.iter();
        all.map(|state| (state.shard, Selection::all(state.customers)))
    }

    /// Those whose trait passes a test, by shard.
    pub(crate) async fn with_trait(
        &self,
        snapshot: &mut PgConnection,
        memory: &Memory,
        filter: &TraitFilter,
    ) -> Result<Vec<(i16, Selection)>, StoreError> {
        let TraitFilter { name, test } = filter;
        let columns = load::columns(snapshot, memory, self.workspace, &self.states, name).await?;
        let chosen = self.states.iter().zip(columns);
        let chosen =
            chosen.map(|(state, column)| (state.shard, column.select(test, state.customers)));
        Ok(chosen.collect())
    }
}
