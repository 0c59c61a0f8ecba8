//! How segments stayed and for how long, counted for all of them at once: by the activity index where it can answer, else
//! by SQL over raw events ([`reference`]).

use crate::activity::{self, Choice, Ready, joined};
use crate::gate::Work;
use crate::retention::{Engine, Scope, prepare, watermark};
use crate::{Store, StoreError, Workspace};
use analysis::comparison::{ComparisonFacts, ComparisonReport, SegmentKey, answer};
use analysis::query::{ComparisonQuery, RetentionQuery, Split};
use analysis::shape::{About, RetentionPlan};
use analysis::stats::Ending;
use analysis::tally::Tally;
use jiff::Timestamp;
use labels::{Labels, first_split};
use sqlx::PgConnection;

mod labels;
mod reference;

/// A question about segments: the cohorts it is about and, if it has some, those that they are compared with.
struct Asked<'a> {
    workspace: &'a Workspace,
    query: &'a ComparisonQuery,
    split: Split,
    cohorts: (&'a RetentionQuery, &'a RetentionPlan),
    earlier: Option<(&'a RetentionQuery, &'a RetentionPlan)>,
}

/// What was counted of all segments, in one snapshot.
struct Counts {
    labels: Labels,
    /// By place of the label, as all that follow.
    tallies: Vec<Tally>,
    /// How long customers stayed, from their first start in the cohorts; by time, those who left before the others.
    endings: Vec<Vec<Ending>>,
    /// The tallies of earlier cohorts, when those were asked for and segments are values of a trait.
    earlier: Vec<Tally>,
    /// How many customers are in more than one saved segment.
    overlapping: u64,
    about: About,
}

impl Store {
    /// Answers a question about segments.
    ///
    /// `now` is the instant that "now" means; nothing at or after the question's as-of is seen. All counts come from one
    /// snapshot of the data.
    ///
    /// # Errors
    /// As [`Store::retention`]; [`StoreError::Query`] also when there is nothing to split by.
    pub async fn compare(
        &self,
        workspace: &Workspace,
        query: &ComparisonQuery,
        now: Timestamp,
    ) -> Result<ComparisonReport, StoreError> {
        self.compare_by(Engine::Fastest, workspace, query, now)
            .await
    }

    /// Answers a question about segments, counting cohorts by a certain engine. Both give the same report.
    ///
    /// # Errors
    /// As [`Store::compare`]; [`StoreError::NotFound`] when the index alone is asked and can't answer.
    pub async fn compare_by(
        &self,
        engine: Engine,
        workspace: &Workspace,
        query: &ComparisonQuery,
        now: Timestamp,
    ) -> Result<ComparisonReport, StoreError> {
        query.validate()?;
        let mut query = query.clone();
        let (retention, plan) = prepare(workspace, &query.retention, now)?;
        query.retention = retention;
        let earlier = match query.earlier() {
            Some(asked) => Some(prepare(workspace, &asked, now)?),
            None => None,
        };
        let split = match query.split.take() {
            Some(split) => split,
            None => first_split(self, workspace).await?,
        };
        query.split = Some(split.clone());
        let asked = Asked {
            workspace,
            query: &query,
            split,
            cohorts: (&query.retention, &plan),
            earlier: earlier.as_ref().map(|(query, plan)| (query, plan)),
        };
        let counts = self.segments_by(engine, &asked).await?;
        let activity = workspace.activity_words(&query.retention);
        let answered = move || {
            let plans = (&plan, earlier.as_ref().map(|(_, plan)| plan));
            let others = (counts.labels.folded, counts.overlapping);
            let about = counts.about;
            let mut report = answer(query, plans, counts.facts(), others, about);
            for part in report.reports_mut() {
                part.activity.clone_from(&activity);
            }
            report
        };
        joined(tokio::task::spawn_blocking(answered).await)
    }

    async fn segments_by(&self, engine: Engine, asked: &Asked<'_>) -> Result<Counts, StoreError> {
        if engine != Engine::Reference {
            match self.segments_by_index(asked).await {
                Ok(Some(counts)) => return Ok(counts),
                Ok(None) if engine == Engine::Index => return Err(StoreError::NotFound),
                Ok(None) => {}
                Err(StoreError::Index(broken)) if engine == Engine::Fastest => {
                    let workspace = asked.workspace.id.0;
                    tracing::error!(workspace, "{broken}; `holdfast reindex` makes it anew");
                }
                Err(error) => return Err(error),
            }
        }
        self.segments_by_events(asked).await
    }

    /// All segments from the same sets of the activity index; `None` when it can't answer.
    async fn segments_by_index(&self, asked: &Asked<'_>) -> Result<Option<Counts>, StoreError> {
        let Asked {
            workspace,
            query,
            split,
            cohorts,
            earlier,
        } = asked;
        let (retention, plan) = *cohorts;
        let _turn = self.gate.turn(Work::Features).await;
        let mut snapshot = self.snapshot(workspace.id).await?;
        let sets = self.sets(&mut snapshot, workspace, *cohorts).await?;
        let Some((scope, ready)) = sets else {
            snapshot.end();
            return Ok(None);
        };
        let question = scope.question(workspace, *cohorts);
        let everybody = Choice {
            filters: retention.filters.clone(),
            members: scope.members.clone(),
        };
        let labels = match split {
            Split::Trait(name) => {
                let of = (&name[..], &everybody);
                let values = ready.values(self, &mut snapshot, &question, of).await?;
                Labels::of_values(name, values)
            }
            Split::Saved(slugs) => {
                Labels::of_saved(&mut snapshot, &self.activity, workspace.id.0, slugs, plan).await?
            }
        };
        let choices = labels.choices(&everybody);
        let inactivity = Some(query.inactivity());
        let sides = ready
            .sides(self, &mut snapshot, &question, &choices, inactivity)
            .await?;
        let overlapping = match labels.members.len() {
            0 | 1 => 0,
            _ => {
                let of = (&everybody, labels.members.clone());
                ready
                    .overlapping(self, &mut snapshot, &question, of)
                    .await?
            }
        };
        let internal = ready.internal(self, &mut snapshot, &question).await?;
        let mut before = Vec::new();
        if let Some(cohorts) = earlier
            && labels.name.is_some()
        {
            let sets = self.sets(&mut snapshot, workspace, *cohorts).await?;
            let Some((scope, ready)) = sets else {
                snapshot.end();
                return Ok(None);
            };
            let question = scope.question(workspace, *cohorts);
            before = ready
                .sides(self, &mut snapshot, &question, &choices, None)
                .await?;
        }
        let about = About {
            watermark: watermark(&mut snapshot, workspace).await?,
            left_out: ready.left_out,
            internal,
        };
        snapshot.end();
        let (tallies, endings) = sides
            .into_iter()
            .map(|side| (side.tally, side.endings))
            .unzip();
        Ok(Some(Counts {
            labels,
            tallies,
            endings,
            earlier: before.into_iter().map(|side| side.tally).collect(),
            overlapping,
            about,
        }))
    }
    /// The sets of a question's cohorts; `None` when the index can't answer it.
    async fn sets(
        &self,
        snapshot: &mut PgConnection,
        workspace: &Workspace,
        cohorts: (&RetentionQuery, &RetentionPlan),
    ) -> Result<Option<(Scope, Ready)>, StoreError> {
        let scope = Scope::of_all(&mut *snapshot, self, workspace, cohorts).await?;
        let question = scope.question(workspace, cohorts);
        let shards = activity::shards_of(&mut *snapshot, workspace.id.0).await?;
        let prepared = activity::prepare(&self.activity, &question, shards);
        let ready = match prepared {
            Some(prepared) => prepared.ready(self, snapshot, &question).await?,
            None => return Ok(None),
        };
        Ok(Some((scope, ready)))
    }
}

impl Counts {
    /// What was counted of each segment.
    fn facts(self) -> Vec<ComparisonFacts> {
        let counted = self.tallies.into_iter().zip(self.endings);
        let mut earlier = self.earlier.into_iter();
        let keys = self.labels.keys().into_iter();
        let facts = keys
            .zip(counted)
            .map(|((key, name), (tally, endings))| ComparisonFacts {
                key,
                name,
                tally,
                endings,
                earlier: earlier.next(),
            });
        // Nobody may be without the trait, and no value may be left for "other".
        let facts = facts.filter(|one| {
            matches!(one.key, SegmentKey::Value(_) | SegmentKey::Saved(_)) || one.counted()
        });
        facts.collect()
    }
}
