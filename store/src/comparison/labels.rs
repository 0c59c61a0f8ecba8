//! What makes the segments of a question, as a label for each customer.

use crate::activity::{Choice, Memory};
use crate::retention::{Scope, membership_query};
use crate::segments::members_of;
use crate::{Members, Store, StoreError, Workspace};
use analysis::comparison::SegmentKey;
use analysis::query::{MAX_SIDE_BY_SIDE, QueryError, Split, TraitFilter, TraitTest};
use analysis::shape::RetentionPlan;
use sqlx::PgConnection;
use std::sync::Arc;

/// The label of customers without the trait.
const UNSET: i32 = -1;

/// What gives customers their labels.
#[derive(Default)]
pub(super) struct Labels {
    /// The trait.
    pub(super) name: Option<String>,
    /// Its values that are segments of their own, by place; all others have the place after these.
    pub(super) values: Vec<String>,
    /// How many values others have.
    pub(super) folded: u32,
    /// Names in addresses and on pages of saved segments, by place.
    pub(super) saved: Vec<(String, String)>,
    /// Who belongs to them.
    pub(super) members: Vec<Members>,
    /// The same for the data base: the shard and the place of each string of bits.
    pub(super) shards: Vec<i16>,
    pub(super) places: Vec<i32>,
    pub(super) bits: Vec<Vec<u8>>,
}

/// A trait's value.
struct ValueRow {
    value: String,
    values: i64,
}

impl Labels {
    /// Saved segments, by their names in addresses.
    pub(super) async fn of_saved(
        snapshot: &mut PgConnection,
        memory: &Arc<Memory>,
        workspace: i32,
        slugs: &[String],
        plan: &RetentionPlan,
    ) -> Result<Labels, StoreError> {
        let mut labels = Labels::default();
        for slug in slugs {
            labels
                .add(&mut *snapshot, memory, workspace, slug, plan)
                .await?;
        }
        Ok(labels)
    }

    /// The values of a trait, the most frequent first: as many of their own as can stand side by side.
    pub(super) fn of_values(name: &str, values: Vec<(String, u64)>) -> Labels {
        let all = values.len();
        let named = values.into_iter().take(MAX_SIDE_BY_SIDE);
        let values: Vec<String> = named.map(|(value, _)| value).collect();
        Labels {
            name: Some(name.to_owned()),
            folded: u32::try_from(all - values.len()).unwrap_or(u32::MAX),
            values,
            ..Labels::default()
        }
    }

    /// Who has each label, of those who are chosen at all.
    pub(super) fn choices(&self, of: &Choice) -> Vec<Choice> {
        let keys = self.keys().into_iter().enumerate();
        let choices = keys.map(|(place, (key, _))| {
            let tests = match key {
                SegmentKey::Value(value) => vec![TraitTest::Is(vec![value])],
                SegmentKey::Other => vec![TraitTest::Set, TraitTest::IsNot(self.values.clone())],
                SegmentKey::Unset => vec![TraitTest::Unset],
                SegmentKey::Saved(_) => Vec::new(),
            };
            let name = self.name.clone().unwrap_or_default();
            let tests = tests.into_iter().map(|test| TraitFilter {
                name: name.clone(),
                test,
            });
            let mut members = of.members.clone();
            if let Some(mine) = self.members.get(place) {
                members.get_or_insert_with(|| mine.clone()).and(mine);
            }
            Choice {
                filters: of.filters.iter().cloned().chain(tests).collect(),
                members,
            }
        });
        choices.collect()
    }

    /// Takes in a saved segment.
    async fn add(
        &mut self,
        snapshot: &mut PgConnection,
        memory: &Arc<Memory>,
        workspace: i32,
        slug: &str,
        plan: &RetentionPlan,
    ) -> Result<(), StoreError> {
        let name = sqlx::query_scalar!(
            "select name from segment where workspace_id = $1 and slug = $2",
            workspace,
            slug
        )
        .fetch_optional(&mut *snapshot)
        .await?;
        let slugs = [slug.to_owned()];
        let members = members_of(snapshot, memory, workspace, &slugs, plan.as_of).await?;
        let (Some(name), Some(members)) = (name, members) else {
            let slug = slug.to_owned();
            return Err(QueryError::UnknownSegment { slug }.into());
        };
        let place = i32::try_from(self.saved.len()).unwrap_or(i32::MAX);
        for (shard, bits) in (0_i16..).zip(members.bytes()) {
            self.shards.push(shard);
            self.places.push(place);
            self.bits.push(bits);
        }
        self.saved.push((slug.to_owned(), name));
        self.members.push(members);
        Ok(())
    }

    /// The most frequent values of a trait among the scope's customers.
    pub(super) async fn of_trait(
        snapshot: &mut PgConnection,
        scope: &Scope,
        name: &str,
    ) -> Result<Labels, StoreError> {
        macro_rules! values {
            ($events:tt) => {
                membership_query!(
                    $events,
                    ValueRow,
                    scope,
                    r#"select value as "value!", count(*) over () as "values!"
                       from (select c.traits ->> $23::text as value, count(distinct (m.shard, m.customer_no)) as customers
                             from member m join customer c
                               on c.workspace_id = $1 and c.shard = m.shard and c.customer_no = m.customer_no
                             where c.traits ->> $23 is not null
                             group by 1) v
                       order by customers desc, value collate "C" limit $24"#,
                    name,
                    i64::try_from(MAX_SIDE_BY_SIDE).unwrap_or(i64::MAX)
                )
                .fetch_all(snapshot)
                .await?
            };
        }
        let rows = match scope.filtered() {
            true => values!(filtered),
            false => values!(plain),
        };
        let all = rows.first().map_or(0, |row| row.values);
        let named = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        Ok(Labels {
            name: Some(name.to_owned()),
            values: rows.into_iter().map(|row| row.value).collect(),
            folded: u32::try_from(all.saturating_sub(named)).unwrap_or(u32::MAX),
            ..Labels::default()
        })
    }

    /// How many segments there can be: of a trait also the other values, and none.
    pub(super) fn len(&self) -> usize {
        match self.name {
            Some(_) => self.values.len() + 2,
            None => self.saved.len(),
        }
    }

    /// The place of a label.
    pub(super) fn place(&self, label: i32) -> usize {
        match label {
            UNSET => self.values.len() + 1,
            label => super::reference::index(label),
        }
    }

    /// What segments are, by place.
    pub(super) fn keys(&self) -> Vec<(SegmentKey, String)> {
        if self.name.is_none() {
            let saved = self.saved.iter().cloned();
            return saved
                .map(|(slug, name)| (SegmentKey::Saved(slug), name))
                .collect();
        }
        let values = self.values.iter().map(|value| {
            let shown = if value.is_empty() { "(empty)" } else { value };
            (SegmentKey::Value(value.clone()), shown.to_owned())
        });
        let rest = [
            (SegmentKey::Other, "other".to_owned()),
            (SegmentKey::Unset, "not set".to_owned()),
        ];
        values.chain(rest).collect()
    }
}

/// The trait with few values that comes first by name, else one with more.
pub(super) async fn first_split(store: &Store, workspace: &Workspace) -> Result<Split, StoreError> {
    let few = i64::try_from(MAX_SIDE_BY_SIDE).unwrap_or(i64::MAX);
    let mut transaction = store.tenant(workspace.id).await?;
    let name = sqlx::query_scalar!(
        "select name from trait_value where workspace_id = $1
         group by name having count(*) > 1 order by count(*) > $2, name limit 1",
        workspace.id.0,
        few
    )
    .fetch_optional(&mut *transaction)
    .await?;
    name.map(Split::Trait)
        .ok_or(StoreError::Query(QueryError::NoSplit))
}
