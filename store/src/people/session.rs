//! Signing in: sessions are random references, stored hashed, that end by themselves.

use super::audit::note_everywhere;
use super::{Did, Person, PersonId, Role};
use crate::instant::from_db;
use crate::secret::{Password, Token, token_hash};
use crate::{Store, StoreError, WorkspaceId};
use jiff::Timestamp;
use sqlx::PgConnection;

/// A session that was not used for so many days is over.
const IDLE_DAYS: i32 = 14;

/// And so many days after signing in, used or not.
const MOST_DAYS: i32 = 60;

/// Most characters kept of what a browser calls itself.
const AGENT: usize = 200;

/// Somebody who is signed in, and what he is in the workspace that was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The session's number.
    pub session: i32,
    /// Who.
    pub person: Person,
    /// The workspace and his role in it, if it is there and he is in it.
    pub role: Option<(WorkspaceId, Role)>,
}

impl Caller {
    /// Whether he may do what this role may.
    pub fn may(&self, role: Role) -> bool {
        self.role.is_some_and(|(_, his)| his >= role)
    }
}

/// A session in the list of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSession {
    /// Its number.
    pub id: i32,
    /// What the browser calls itself.
    pub agent: String,
    /// Since when.
    pub since: Timestamp,
    /// When it was last used, to the minute.
    pub seen: Timestamp,
}

impl Store {
    /// Whose session a reference is, and what he may do in the workspace of that slug.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn caller(
        &self,
        reference: &str,
        slug: Option<&str>,
    ) -> Result<Option<Caller>, StoreError> {
        let hash = token_hash(reference);
        let row = sqlx::query!(
            r#"select s.session_id, s.seen_at < now() - interval '1 minute' as "stale!",
                      p.person_id, p.email, p.name, p.password_hash is not null as "has_password!", p.admin,
                      m.workspace_id as "workspace_id?", m.role as "role?"
               from session s join person p using (person_id)
               left join (membership m join workspace w using (workspace_id))
                      on m.person_id = p.person_id and w.slug = $2
               where s.hash = $1 and s.seen_at > now() - make_interval(days => $3)
                 and s.created_at > now() - make_interval(days => $4)"#,
            &hash[..],
            slug,
            IDLE_DAYS,
            MOST_DAYS
        )
        .fetch_optional(&mut *self.system().await?)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        if row.stale {
            sqlx::query!(
                "update session set seen_at = now() where session_id = $1",
                row.session_id
            )
            .execute(&self.pool)
            .await?;
        }
        let role = row.workspace_id.zip(row.role);
        Ok(Some(Caller {
            session: row.session_id,
            person: Person {
                id: PersonId(row.person_id),
                email: row.email,
                name: row.name,
                has_password: row.has_password,
                admin: row.admin,
            },
            role: role.map(|(id, role)| (WorkspaceId(id), Role::stored(&role))),
        }))
    }

    /// Signs in by e-mail and password; `None` if they don't fit, after the same time whether there is such a person
    /// or not. `old` is the session that the browser brought, which ends.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn sign_in(
        &self,
        email: &str,
        password: Password,
        agent: &str,
        old: Option<&str>,
    ) -> Result<Option<Token>, StoreError> {
        let email = email.trim().to_lowercase();
        // Postgres would refuse it as text.
        let email = email.replace('\0', "");
        let row = sqlx::query!(
            "select person_id, password_hash from person where email = $1",
            email
        )
        .fetch_optional(&self.pool)
        .await?;
        let (person, hash) = match row {
            Some(row) => (Some(PersonId(row.person_id)), row.password_hash),
            None => (None, None),
        };
        let fits = password.matches(hash).await;
        let Some(person) = person else {
            return Ok(None);
        };
        if !fits {
            // Beside the answer, which comes as soon as for an unknown address.
            let store = self.clone();
            tokio::spawn(async move {
                if let Err(error) = store.note_failure(person).await {
                    tracing::warn!(%error, "a failed sign-in could not be noted");
                }
            });
            return Ok(None);
        }
        let mut transaction = self.system().await?;
        if let Some(old) = old {
            end_session(&mut transaction, old).await?;
        }
        note_everywhere(&mut transaction, person, Did::SignedIn).await?;
        let token = new_session(&mut transaction, person, agent).await?;
        transaction.commit().await?;
        Ok(Some(token))
    }

    async fn note_failure(&self, person: PersonId) -> Result<(), StoreError> {
        let mut transaction = self.system().await?;
        note_everywhere(&mut transaction, person, Did::FailedToSignIn).await?;
        Ok(transaction.commit().await?)
    }

    /// Whether this is the person's password.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn knows_password(
        &self,
        person: PersonId,
        password: Password,
    ) -> Result<bool, StoreError> {
        let hash = sqlx::query_scalar!(
            "select password_hash from person where person_id = $1",
            person.0
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(password.matches(hash.flatten()).await)
    }

    /// Sets a person's password. All his sessions end; the one returned takes the place of that he set it in.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn set_password(
        &self,
        person: PersonId,
        password: Password,
        agent: &str,
    ) -> Result<Token, StoreError> {
        let hash = password.hash().await;
        let mut transaction = self.system().await?;
        let token = replace_password(&mut transaction, person, &hash, agent).await?;
        note_everywhere(&mut transaction, person, Did::ChangedPassword).await?;
        transaction.commit().await?;
        Ok(token)
    }

    /// Sets what a person is called and his address.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for an address that another person has.
    pub async fn set_person(
        &self,
        person: PersonId,
        name: &str,
        email: &str,
    ) -> Result<(), StoreError> {
        let set = sqlx::query!(
            "update person set name = $2, email = $3 where person_id = $1",
            person.0,
            name,
            email
        )
        .execute(&self.pool)
        .await;
        match set.map_err(StoreError::from) {
            Err(StoreError::Conflict(name)) if name == "person_email_key" => Err(
                StoreError::Refused("This e-mail address can’t be used here."),
            ),
            set => set.map(drop),
        }
    }

    /// Ends a session by its reference.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn sign_out(&self, reference: &str) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        end_session(&mut connection, reference).await
    }

    /// Ends one session of a person, or all of them.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn end_sessions(&self, person: PersonId, one: Option<i32>) -> Result<(), StoreError> {
        sqlx::query!(
            "delete from session where person_id = $1 and ($2::integer is null or session_id = $2)",
            person.0,
            one
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A person's sessions, the last used first.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn sessions(&self, person: PersonId) -> Result<Vec<OwnSession>, StoreError> {
        let rows = sqlx::query!(
            "select session_id, agent, created_at, seen_at from session
             where person_id = $1 and seen_at > now() - make_interval(days => $2)
               and created_at > now() - make_interval(days => $3)
             order by seen_at desc, session_id desc",
            person.0,
            IDLE_DAYS,
            MOST_DAYS
        )
        .fetch_all(&self.pool)
        .await?;
        let own = rows.into_iter().map(|row| OwnSession {
            id: row.session_id,
            agent: row.agent,
            since: from_db(row.created_at),
            seen: from_db(row.seen_at),
        });
        Ok(own.collect())
    }
}

/// Ends the session of a reference.
pub(super) async fn end_session(
    connection: &mut PgConnection,
    reference: &str,
) -> Result<(), StoreError> {
    let hash = token_hash(reference);
    sqlx::query!("delete from session where hash = $1", &hash[..])
        .execute(connection)
        .await?;
    Ok(())
}

/// Opens a session. Those that ended by themselves go at the same time.
pub(super) async fn new_session(
    connection: &mut PgConnection,
    person: PersonId,
    agent: &str,
) -> Result<Token, StoreError> {
    sqlx::query!(
        "delete from session where seen_at <= now() - make_interval(days => $1)
            or created_at <= now() - make_interval(days => $2)",
        IDLE_DAYS,
        MOST_DAYS
    )
    .execute(&mut *connection)
    .await?;
    let token = Token::new();
    let hash = token_hash(token.text());
    let agent: String = agent
        .chars()
        .filter(|letter| !letter.is_control())
        .take(AGENT)
        .collect();
    sqlx::query!(
        "insert into session (hash, person_id, agent) values ($1, $2, $3)",
        &hash[..],
        person.0,
        agent
    )
    .execute(&mut *connection)
    .await?;
    Ok(token)
}

/// Sets a password, ends all sessions and opens a new one. Who the person is elsewhere has to be shown anew as well.
pub(super) async fn replace_password(
    connection: &mut PgConnection,
    person: PersonId,
    hash: &str,
    agent: &str,
) -> Result<Token, StoreError> {
    sqlx::query!(
        "update person set password_hash = $2 where person_id = $1",
        person.0,
        hash
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from session where person_id = $1", person.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from identity where person_id = $1", person.0)
        .execute(&mut *connection)
        .await?;
    new_session(connection, person, agent).await
}
