//! What is sent by itself: saved reports on a day, and alerts.

mod claim;

pub use claim::{Closing, Tried};

use crate::instant::{from_db, to_db};
use crate::reports::kind;
use crate::secret::SigningSecret;
use crate::{PersonId, Store, StoreError, WorkspaceId};
use analysis::alert::{Alert, Condition, Threshold};
use analysis::saved::ReportKind;
use analysis::schedule::{Day, Occasion, Schedule};
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Most notices of a workspace: each asks its question over and over.
const MOST: i64 = 100;

/// To whom a notice is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// Members of the workspace, by mail.
    Members(Vec<Addressee>),
    /// A program.
    Webhook {
        /// Where it listens.
        address: String,
        /// What its messages are signed with.
        secret: SigningSecret,
    },
}

/// A member who gets a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// Who.
    pub person: PersonId,
    /// What others call him.
    pub name: String,
    /// Where he gets mail; the first owner may have given no address.
    pub email: Option<String>,
    /// The last message that he was sent.
    pub sent: Option<String>,
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its number in the workspace.
    pub id: i32,
    /// The saved report.
    pub report: i32,
    /// What that is called.
    pub name: String,
    /// The page that answers it.
    pub kind: ReportKind,
    /// The question as that page's address has it.
    pub question: String,
    /// When it is sent.
    pub occasion: Occasion,
    /// To whom.
    pub to: Receiver,
    /// First date of the cohort or period that was told of last.
    pub told: Option<Date>,
    /// Whether it rests.
    pub paused: bool,
    /// The occasion that comes next, or is being tried again.
    pub due_at: Timestamp,
    /// When it is tried next.
    pub try_at: Timestamp,
    /// Tries of this occasion that failed.
    pub attempts: u16,
    /// When it was last tried.
    pub last_at: Option<Timestamp>,
    /// What became of it then, in words.
    pub outcome: Option<String>,
    /// Who made it, by name or address.
    pub maker: Option<String>,
}

/// To whom a new notice is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewReceiver {
    /// Members of the workspace.
    Members(Vec<PersonId>),
    /// A program, where it listens and what signs its messages.
    Webhook(String, SigningSecret),
}

/// A notice to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNotice {
    /// The saved report.
    pub report: i32,
    /// When it is sent.
    pub occasion: Occasion,
    /// To whom.
    pub to: NewReceiver,
    /// The first occasion.
    pub due_at: Timestamp,
    /// Who makes it.
    pub person: Option<PersonId>,
}

struct NoticeRow {
    notice_id: i32,
    report_id: i32,
    name: String,
    kind: String,
    question: String,
    weekday: Option<i16>,
    month_day: Option<i16>,
    hour: Option<i16>,
    condition: Option<String>,
    period: Option<i32>,
    permille: Option<i16>,
    told: Option<String>,
    address: Option<String>,
    secret: Option<Vec<u8>>,
    paused: bool,
    due_at: OffsetDateTime,
    try_at: OffsetDateTime,
    attempts: i16,
    last_at: Option<OffsetDateTime>,
    outcome: Option<String>,
    maker: Option<String>,
}

impl NoticeRow {
    /// What a row says; the table's checks admit no other.
    fn occasion(&self) -> Option<Occasion> {
        let small = |number: Option<i16>| number.and_then(|number| u8::try_from(number).ok());
        let day = match (self.weekday, self.month_day) {
            (Some(weekday), _) => {
                let weekday = i8::try_from(weekday).ok()?;
                Some(Day::Week(Weekday::from_monday_one_offset(weekday).ok()?))
            }
            (None, day) => small(day).map(Day::Month),
        };
        if let Some(day) = day {
            let hour = small(self.hour)?;
            return Some(Occasion::Schedule(Schedule { day, hour }));
        }
        let threshold = self
            .permille
            .and_then(|permille| u16::try_from(permille).ok());
        let threshold = threshold.and_then(|permille| Threshold::permille(permille).ok());
        let condition = match (self.condition.as_deref()?, threshold) {
            ("below", Some(threshold)) => Condition::Below(threshold),
            ("above", Some(threshold)) => Condition::Above(threshold),
            _ => Condition::Differs,
        };
        Some(Occasion::Alert(Alert {
            period: u32::try_from(self.period?).ok()?,
            condition,
        }))
    }

    fn notice(self, members: Vec<Addressee>) -> Result<Notice, StoreError> {
        let occasion = self.occasion().ok_or(StoreError::NotFound)?;
        let secret = self.secret.as_deref().and_then(SigningSecret::stored);
        let to = match (self.address, secret) {
            (Some(address), Some(secret)) => Receiver::Webhook { address, secret },
            _ => Receiver::Members(members),
        };
        Ok(Notice {
            id: self.notice_id,
            report: self.report_id,
            name: self.name,
            kind: kind(&self.kind)?,
            question: self.question,
            occasion,
            to,
            told: self.told.and_then(|date| date.parse().ok()),
            paused: self.paused,
            due_at: from_db(self.due_at),
            try_at: from_db(self.try_at),
            attempts: self.attempts.unsigned_abs(),
            last_at: self.last_at.map(from_db),
            outcome: self.outcome,
            maker: self.maker,
        })
    }
}

/// An occasion as its columns: weekday, day of the month, hour, condition, period, threshold.
type Columns = (
    Option<i16>,
    Option<i16>,
    Option<i16>,
    Option<&'static str>,
    Option<i32>,
    Option<i16>,
);

fn columns(occasion: Occasion) -> Columns {
    match occasion {
        Occasion::Schedule(Schedule { day, hour }) => {
            let (weekday, month_day) = match day {
                Day::Week(weekday) => (Some(i16::from(weekday.to_monday_one_offset())), None),
                Day::Month(day) => (None, Some(i16::from(day))),
            };
            (weekday, month_day, Some(i16::from(hour)), None, None, None)
        }
        Occasion::Alert(Alert { period, condition }) => {
            let (name, threshold) = match condition {
                Condition::Below(threshold) => ("below", Some(threshold)),
                Condition::Above(threshold) => ("above", Some(threshold)),
                Condition::Differs => ("differs", None),
            };
            let permille = threshold.map(|threshold| threshold.as_permille());
            let permille = permille.and_then(|permille| i16::try_from(permille).ok());
            let period = i32::try_from(period).unwrap_or(i32::MAX);
            (None, None, None, Some(name), Some(period), permille)
        }
    }
}

impl Store {
    /// The notices of a workspace by their reports' names; only those of a report if one is named.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn notices(
        &self,
        workspace: WorkspaceId,
        report: Option<i32>,
    ) -> Result<Vec<Notice>, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        rows(&mut transaction, workspace, (report, None)).await
    }

    /// One notice.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn notice(&self, workspace: WorkspaceId, id: i32) -> Result<Notice, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        one(&mut transaction, workspace, id).await
    }

    /// Makes a notice and gives its number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such report; [`StoreError::Refused`] for somebody who is not in the
    /// workspace, for nobody, and for too many.
    pub async fn make_notice(
        &self,
        workspace: WorkspaceId,
        new: &NewNotice,
    ) -> Result<i32, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        // So that it is not deleted meanwhile.
        sqlx::query_scalar!(
            "select report_id from report where workspace_id = $1 and report_id = $2 for update",
            workspace.0,
            new.report
        )
        .fetch_one(&mut *transaction)
        .await?;
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from notice where workspace_id = $1"#,
            workspace.0
        )
        .fetch_one(&mut *transaction)
        .await?;
        if count >= MOST {
            return Err(StoreError::Refused(
                "A workspace sends at most 100 reports and alerts. Delete one that is not needed any more.",
            ));
        }
        let (weekday, month_day, hour, condition, period, permille) = columns(new.occasion);
        let (address, secret) = match &new.to {
            NewReceiver::Webhook(address, secret) => (Some(address), Some(secret)),
            NewReceiver::Members(_) => (None, None),
        };
        let id = sqlx::query_scalar!(
            "insert into notice (workspace_id, report_id, weekday, month_day, hour, condition, period, permille,
                                 address, secret, due_at, try_at, person_id)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)
             returning notice_id",
            workspace.0,
            new.report,
            weekday,
            month_day,
            hour,
            condition,
            period,
            permille,
            address,
            secret.map(|secret| &secret.bytes()[..]),
            to_db(new.due_at),
            new.person.map(|person| person.0)
        )
        .fetch_one(&mut *transaction)
        .await?;
        if let NewReceiver::Members(people) = &new.to {
            let mut people: Vec<i32> = people.iter().map(|person| person.0).collect();
            people.sort_unstable();
            people.dedup();
            let added = sqlx::query!(
                "insert into notice_person (workspace_id, notice_id, person_id)
                 select workspace_id, $2, person_id from membership where workspace_id = $1 and person_id = any($3)",
                workspace.0,
                id,
                &people
            )
            .execute(&mut *transaction)
            .await?;
            if added.rows_affected() == 0 || added.rows_affected() != count_of(&people) {
                return Err(StoreError::Refused(
                    "Choose who gets it among those who are in this workspace.",
                ));
            }
        }
        transaction.commit().await?;
        Ok(id)
    }

    /// Has a notice rest, or wakes it: then it goes on with the occasion named, and what it missed is not sent.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn pause_notice(
        &self,
        workspace: WorkspaceId,
        id: i32,
        (paused, due_at): (bool, Timestamp),
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query_scalar!(
            "update notice set paused = $3, due_at = $4, try_at = $4, attempts = 0
             where workspace_id = $1 and notice_id = $2
             returning notice_id",
            workspace.0,
            id,
            paused,
            to_db(due_at)
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Deletes a notice.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_notice(&self, workspace: WorkspaceId, id: i32) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query_scalar!(
            "delete from notice where workspace_id = $1 and notice_id = $2 returning notice_id",
            workspace.0,
            id
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}

fn count_of(people: &[i32]) -> u64 {
    u64::try_from(people.len()).unwrap_or(u64::MAX)
}

async fn one(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    id: i32,
) -> Result<Notice, StoreError> {
    let found = rows(connection, workspace, (None, Some(id))).await?;
    found.into_iter().next().ok_or(StoreError::NotFound)
}

async fn rows(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    (report, only): (Option<i32>, Option<i32>),
) -> Result<Vec<Notice>, StoreError> {
    let rows = sqlx::query_as!(
        NoticeRow,
        r#"select n.notice_id, n.report_id, r.name, r.kind, r.question, n.weekday, n.month_day, n.hour, n.condition,
                  n.period, n.permille, to_char(n.told, 'YYYY-MM-DD') as told, n.address, n.secret, n.paused, n.due_at,
                  n.try_at, n.attempts, n.last_at, n.outcome, coalesce(nullif(p.name, ''), p.email) as "maker?"
           from notice n
           join report r using (workspace_id, report_id)
           left join person p on p.person_id = n.person_id
           where n.workspace_id = $1 and ($2::integer is null or n.report_id = $2)
             and ($3::integer is null or n.notice_id = $3)
           order by lower(r.name), r.report_id, n.notice_id"#,
        workspace.0,
        report,
        only
    )
    .fetch_all(&mut *connection)
    .await?;
    let members = sqlx::query!(
        r#"select g.notice_id, g.person_id, g.sent, p.email, p.name
           from notice_person g
           join person p using (person_id)
           where g.workspace_id = $1 and ($2::integer is null or g.notice_id = $2)
           order by g.person_id"#,
        workspace.0,
        only
    )
    .fetch_all(connection)
    .await?;
    let notices = rows.into_iter().map(|row| {
        let own = members.iter().filter(|one| one.notice_id == row.notice_id);
        let own = own.map(|one| Addressee {
            person: PersonId(one.person_id),
            name: match (&one.email, one.name.as_str()) {
                (Some(email), "") => email.clone(),
                (None, "") => "the first owner".to_owned(),
                (_, name) => name.to_owned(),
            },
            email: one.email.clone(),
            sent: one.sent.clone(),
        });
        let own = own.collect();
        row.notice(own)
    });
    notices.collect()
}
