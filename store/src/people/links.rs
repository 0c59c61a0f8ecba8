//! Links that lead in once: the first owner's, invitations, lost passwords. Only the newest of a kind is alive.

use super::audit::{Note, note, note_everywhere};
use super::members::{called, one_at_a_time, own_everything};
use super::session::{new_session, replace_password};
use super::{Did, Person, PersonId, Role};
use crate::instant::from_db;
use crate::secret::{Password, Token, token_hash};
use crate::{Store, StoreError, WorkspaceId};
use jiff::Timestamp;
use serde_json::json;
use sqlx::PgConnection;

/// How many days links live.
const FIRST_DAYS: i32 = 7;
const INVITE_DAYS: i32 = 7;

/// What a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkFor {
    /// The first owner: leads straight in.
    First(Person),
    /// An invitation into a workspace.
    Invite {
        /// The workspace.
        workspace: WorkspaceId,
        /// Its name in addresses.
        slug: String,
        /// Its name on pages.
        name: String,
        /// As what.
        role: Role,
        /// Who is invited.
        email: String,
        /// Whether somebody with this address may sign in already.
        known: Option<PersonId>,
    },
    /// Somebody who lost his password.
    Reset(Person),
}

/// A link that is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub(super) id: i32,
    /// What it is for.
    pub leads: LinkFor,
}

/// An invitation that was not taken yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its number.
    pub id: i32,
    /// Who is invited.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Until when it can be taken.
    pub until: Timestamp,
}

impl Store {
    /// The first owner's link, if nobody can come in as an administrator: none has a password, none is signed in.
    /// Those made before are dead then.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn first_link(&self) -> Result<Option<Token>, StoreError> {
        let mut transaction = self.system().await?;
        one_at_a_time(&mut transaction).await?;
        let usable = sqlx::query_scalar!(
            r#"select exists (
                   select from person p where admin and (password_hash is not null or exists (
                       select from session s where s.person_id = p.person_id
                         and s.seen_at > now() - interval '14 days' and s.created_at > now() - interval '60 days'))
               ) as "usable!""#
        )
        .fetch_one(&mut *transaction)
        .await?;
        if usable {
            return Ok(None);
        }
        let there = sqlx::query_scalar!(
            "select person_id from person where admin order by person_id limit 1"
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let person = match there {
            Some(person) => PersonId(person),
            None => {
                let made = sqlx::query_scalar!(
                    "insert into person (admin) values (true) returning person_id"
                )
                .fetch_one(&mut *transaction)
                .await?;
                PersonId(made)
            }
        };
        own_everything(&mut transaction, person).await?;
        sqlx::query!("delete from one_time_link where purpose = 'first'")
            .execute(&mut *transaction)
            .await?;
        let token = new_link(&mut transaction, "first", person, FIRST_DAYS * 24).await?;
        transaction.commit().await?;
        Ok(Some(token))
    }

    /// A link with which somebody sets a new password within so many hours. Those made before are dead then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when nobody has this address.
    pub async fn reset_link(&self, email: &str, hours: i32) -> Result<Token, StoreError> {
        let mut transaction = self.system().await?;
        let person = sqlx::query_scalar!(
            "select person_id from person where email = $1 for update",
            email
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let person = PersonId(person.ok_or(StoreError::NotFound)?);
        sqlx::query!(
            "delete from one_time_link where purpose = 'reset' and person_id = $1",
            person.0
        )
        .execute(&mut *transaction)
        .await?;
        let token = new_link(&mut transaction, "reset", person, hours).await?;
        note_everywhere(&mut transaction, person, Did::MadeLink).await?;
        transaction.commit().await?;
        Ok(token)
    }

    /// Invites somebody into a workspace. An earlier invitation of the same address is dead then.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for somebody who is in it already.
    pub async fn invite(
        &self,
        workspace: WorkspaceId,
        email: &str,
        role: Role,
        by: PersonId,
    ) -> Result<Token, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let inside = sqlx::query_scalar!(
            r#"select exists (select from membership m join person p using (person_id)
                              where m.workspace_id = $1 and p.email = $2) as "inside!""#,
            workspace.0,
            email
        )
        .fetch_one(&mut *transaction)
        .await?;
        if inside {
            return Err(StoreError::Refused(
                "Somebody with this address is in this workspace already.",
            ));
        }
        sqlx::query!(
            "delete from one_time_link where purpose = 'invite' and workspace_id = $1 and email = $2",
            workspace.0,
            email
        )
        .execute(&mut *transaction)
        .await?;
        let token = Token::new();
        let hash = token_hash(token.text());
        sqlx::query!(
            "insert into one_time_link (hash, purpose, workspace_id, role, email, created_by, expires_at)
             values ($1, 'invite', $2, $3, $4, $5, now() + make_interval(days => $6))",
            &hash[..],
            workspace.0,
            role.as_str(),
            email,
            by.0,
            INVITE_DAYS
        )
        .execute(&mut *transaction)
        .await?;
        let invited = Note {
            person: Some(by),
            did: Did::Invited,
            subject: email,
            details: json!({ "role": role }),
        };
        note(&mut transaction, workspace, invited).await?;
        transaction.commit().await?;
        Ok(token)
    }

    /// Invitations into a workspace that can still be taken, the newest first.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn invitations(&self, workspace: WorkspaceId) -> Result<Vec<Invitation>, StoreError> {
        let rows = sqlx::query!(
            r#"select one_time_link_id, email as "email!", role as "role!", expires_at from one_time_link
               where purpose = 'invite' and workspace_id = $1 and used_at is null and expires_at > now()
               order by one_time_link_id desc"#,
            workspace.0
        )
        .fetch_all(&mut *self.tenant(workspace).await?)
        .await?;
        let all = rows.into_iter().map(|row| Invitation {
            id: row.one_time_link_id,
            email: row.email,
            role: Role::stored(&row.role),
            until: from_db(row.expires_at),
        });
        Ok(all.collect())
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there any more.
    pub async fn withdraw_invitation(
        &self,
        workspace: WorkspaceId,
        invitation: i32,
        by: PersonId,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let email = sqlx::query_scalar!(
            r#"delete from one_time_link
               where purpose = 'invite' and workspace_id = $1 and one_time_link_id = $2 and used_at is null
               returning email as "email!""#,
            workspace.0,
            invitation
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(StoreError::NotFound)?;
        let withdrew = Note {
            person: Some(by),
            did: Did::WithdrewInvitation,
            subject: &email,
            details: json!({}),
        };
        note(&mut transaction, workspace, withdrew).await?;
        Ok(transaction.commit().await?)
    }

    /// What a link leads to, if it is alive.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn link(&self, token: &str) -> Result<Option<Link>, StoreError> {
        let hash = token_hash(token);
        let row = sqlx::query!(
            r#"select l.one_time_link_id, l.purpose, l.role, l.email as invited,
                      w.workspace_id as "workspace_id?", w.slug as "slug?", w.name as "workspace?",
                      p.person_id as "person_id?", p.email, p.name as "name?",
                      p.password_hash is not null as "has_password!", p.admin as "admin?"
               from one_time_link l
               left join workspace w using (workspace_id)
               left join person p on p.person_id = l.person_id or p.email = l.email
               where l.hash = $1 and l.used_at is null and l.expires_at > now()"#,
            &hash[..]
        )
        .fetch_optional(&mut *self.system().await?)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let known = row.person_id.map(PersonId);
        let person = known.map(|id| Person {
            id,
            email: row.email,
            name: row.name.unwrap_or_default(),
            has_password: row.has_password,
            admin: row.admin.unwrap_or_default(),
        });
        let invited = row.workspace_id.zip(row.slug.zip(row.workspace));
        let leads = match (row.purpose.as_str(), person, invited) {
            ("first", Some(person), _) => LinkFor::First(person),
            ("reset", Some(person), _) => LinkFor::Reset(person),
            (_, _, Some((workspace, (slug, name)))) => LinkFor::Invite {
                workspace: WorkspaceId(workspace),
                slug,
                name,
                role: Role::stored(&row.role.unwrap_or_default()),
                email: row.invited.unwrap_or_default(),
                known,
            },
            _ => return Ok(None),
        };
        Ok(Some(Link {
            id: row.one_time_link_id,
            leads,
        }))
    }

    /// Uses the first owner's link: he is signed in.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when somebody was quicker.
    pub async fn enter_first(
        &self,
        link: &Link,
        person: PersonId,
        agent: &str,
    ) -> Result<Token, StoreError> {
        let mut transaction = self.system().await?;
        use_up(&mut transaction, link).await?;
        note_everywhere(&mut transaction, person, Did::SignedIn).await?;
        let session = new_session(&mut transaction, person, agent).await?;
        transaction.commit().await?;
        Ok(session)
    }

    /// Uses the link of somebody who lost his password: it is set, his sessions end, and he is signed in.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the link was used meanwhile.
    pub async fn reset_password(
        &self,
        link: &Link,
        person: PersonId,
        password: Password,
        agent: &str,
    ) -> Result<Token, StoreError> {
        let hash = password.hash().await;
        let mut transaction = self.system().await?;
        use_up(&mut transaction, link).await?;
        let session = replace_password(&mut transaction, person, &hash, agent).await?;
        note_everywhere(&mut transaction, person, Did::ChangedPassword).await?;
        transaction.commit().await?;
        Ok(session)
    }

    /// Takes an invitation as somebody new, who is signed in then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the link was used meanwhile, [`StoreError::Refused`] when the address was taken.
    pub async fn join_new(
        &self,
        link: &Link,
        name: &str,
        password: Password,
        agent: &str,
    ) -> Result<Token, StoreError> {
        let LinkFor::Invite { email, .. } = &link.leads else {
            return Err(StoreError::NotFound);
        };
        let hash = password.hash().await;
        let mut transaction = self.system().await?;
        let person = sqlx::query_scalar!(
            "insert into person (email, name, password_hash) values ($1, $2, $3)
             on conflict (email) do nothing returning person_id",
            email,
            name,
            hash
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(person) = person.map(PersonId) else {
            return Err(StoreError::Refused(
                "Somebody with this address may sign in already. Sign in, and open the link again.",
            ));
        };
        join(&mut transaction, link, person).await?;
        let session = new_session(&mut transaction, person, agent).await?;
        transaction.commit().await?;
        Ok(session)
    }

    /// Takes an invitation as the person it is for, who is signed in.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the link was used meanwhile, or is for somebody else.
    pub async fn join_as(&self, link: &Link, person: PersonId) -> Result<(), StoreError> {
        match &link.leads {
            LinkFor::Invite { known, .. } if *known == Some(person) => {}
            _ => return Err(StoreError::NotFound),
        }
        let mut transaction = self.system().await?;
        join(&mut transaction, link, person).await?;
        Ok(transaction.commit().await?)
    }
}

async fn new_link(
    connection: &mut PgConnection,
    purpose: &str,
    person: PersonId,
    hours: i32,
) -> Result<Token, StoreError> {
    let token = Token::new();
    let hash = token_hash(token.text());
    sqlx::query!(
        "insert into one_time_link (hash, purpose, person_id, expires_at)
         values ($1, $2, $3, now() + make_interval(hours => $4))",
        &hash[..],
        purpose,
        person.0,
        hours
    )
    .execute(connection)
    .await?;
    Ok(token)
}

/// Marks a link as used; of two who try at once the second finds nothing.
async fn use_up(connection: &mut PgConnection, link: &Link) -> Result<(), StoreError> {
    let used = sqlx::query!(
        "update one_time_link set used_at = now()
         where one_time_link_id = $1 and used_at is null and expires_at > now()",
        link.id
    )
    .execute(connection)
    .await?;
    match used.rows_affected() {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

/// Puts a person where an invitation leads. A role that he has there already stays.
pub(super) async fn join(
    connection: &mut PgConnection,
    link: &Link,
    person: PersonId,
) -> Result<(), StoreError> {
    let LinkFor::Invite {
        workspace, role, ..
    } = &link.leads
    else {
        return Err(StoreError::NotFound);
    };
    use_up(connection, link).await?;
    crate::tenant::enter(connection, *workspace).await?;
    sqlx::query!(
        "insert into membership (workspace_id, person_id, role) values ($1, $2, $3)
         on conflict (workspace_id, person_id) do nothing",
        workspace.0,
        person.0,
        role.as_str()
    )
    .execute(&mut *connection)
    .await?;
    let subject = called(connection, person).await?;
    let joined = Note {
        person: Some(person),
        did: Did::Joined,
        subject: &subject,
        details: json!({ "role": role }),
    };
    note(connection, *workspace, joined).await
}
