//! What happened on a day, as reports show it.

use crate::{PersonId, Store, StoreError, WorkspaceId};
use analysis::annotation::Annotation;
use jiff::civil::Date;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

/// An annotation that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedAnnotation {
    /// Its number in the workspace.
    pub id: i32,
    /// Itself.
    pub annotation: Annotation,
    /// Whose it is, by name or address; `None`: a program's, or nobody's any more.
    pub author: Option<String>,
}

/// Most annotations of a report, the newest: more could not be told apart on a chart.
const MOST: i32 = 200;

impl Store {
    /// The annotations of a workspace, the newest day first.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn annotations(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Vec<SavedAnnotation>, StoreError> {
        let rows = sqlx::query!(
            r#"select a.annotation_id, to_char(a.on_date, 'YYYY-MM-DD') as "date!", a.text,
                      coalesce(nullif(p.name, ''), p.email) as "author?"
               from annotation a left join person p using (person_id)
               where a.workspace_id = $1
               order by a.on_date desc, a.annotation_id desc"#,
            workspace.0
        )
        .fetch_all(&mut *self.tenant(workspace).await?)
        .await?;
        let rows = rows.into_iter().map(|row| {
            Ok(SavedAnnotation {
                id: row.annotation_id,
                annotation: annotation(&row.date, row.text)?,
                author: row.author,
            })
        });
        rows.collect()
    }

    /// Keeps an annotation, and gives its number.
    ///
    /// # Errors
    /// [`StoreError::Query`] for what breaks a limit; when the data base can't answer.
    pub async fn annotate(
        &self,
        workspace: WorkspaceId,
        annotation: Annotation,
        person: Option<PersonId>,
    ) -> Result<i32, StoreError> {
        let annotation = annotation.checked()?;
        let mut transaction = self.tenant(workspace).await?;
        let id = sqlx::query_scalar!(
            "insert into annotation (workspace_id, on_date, text, person_id) values ($1, $2::text::date, $3, $4)
             returning annotation_id",
            workspace.0,
            annotation.date.to_string(),
            annotation.text,
            person.map(|person| person.0)
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Deletes an annotation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_annotation(
        &self,
        workspace: WorkspaceId,
        id: i32,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query_scalar!(
            "delete from annotation where workspace_id = $1 and annotation_id = $2 returning annotation_id",
            workspace.0,
            id
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// The annotations of the days from the first to the last, in their order.
pub(crate) async fn between(
    snapshot: &mut PgConnection,
    workspace: WorkspaceId,
    days: (Date, Date),
) -> Result<Vec<Annotation>, StoreError> {
    let rows = sqlx::raw_sql(AssertSqlSafe(asked_of(workspace, days)))
        .fetch_all(snapshot)
        .await?;
    read(&rows)
}

/// The text that asks for them: without parameters, so that it can be sent with what begins a transaction. That is why it
/// isn't checked when it is compiled.
pub(crate) fn asked_of(workspace: WorkspaceId, (first, last): (Date, Date)) -> String {
    let WorkspaceId(workspace) = workspace;
    format!("select * from annotations_between({workspace}, '{first}', '{last}', {MOST})")
}

/// From their rows.
pub(crate) fn read(rows: &[PgRow]) -> Result<Vec<Annotation>, StoreError> {
    let rows = rows.iter().rev();
    rows.map(|row| annotation(row.try_get("day")?, row.try_get("text")?))
        .collect()
}

fn annotation(date: &str, text: String) -> Result<Annotation, StoreError> {
    let date = date.parse().map_err(|_| StoreError::NotFound)?;
    Ok(Annotation { date, text })
}
