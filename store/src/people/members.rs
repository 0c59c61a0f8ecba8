//! Who is in which workspace, and as what.

use super::audit::{Note, note};
use super::{Did, Person, PersonId, Role};
use crate::{Store, StoreError, WorkspaceId};
use jiff::Timestamp;
use serde_json::json;
use sqlx::PgConnection;

/// A workspace that somebody is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The workspace.
    pub id: WorkspaceId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name on pages.
    pub name: String,
    /// What he may do there.
    pub role: Role,
}

/// Somebody in a workspace, in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonLine {
    /// Who.
    pub person: Person,
    /// As what.
    pub role: Role,
    /// When he last asked for anything, if a session of his is still there.
    pub seen: Option<Timestamp>,
}

const LAST_OWNER: StoreError =
    StoreError::Refused("A workspace needs an owner. Make somebody else an owner first.");

impl Store {
    /// The workspaces that somebody is in, oldest first.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn memberships(&self, person: PersonId) -> Result<Vec<Membership>, StoreError> {
        let rows = sqlx::query!(
            "select w.workspace_id, w.slug, w.name, m.role
             from membership m join workspace w using (workspace_id)
             where m.person_id = $1 order by w.workspace_id",
            person.0
        )
        .fetch_all(&mut *self.system().await?)
        .await?;
        let all = rows.into_iter().map(|row| Membership {
            id: WorkspaceId(row.workspace_id),
            slug: row.slug,
            name: row.name,
            role: Role::stored(&row.role),
        });
        Ok(all.collect())
    }

    /// All who may sign in, by their number.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        let rows = sqlx::query!(
            r#"select person_id, email, name, admin, password_hash is not null as "has_password!"
               from person order by person_id"#
        )
        .fetch_all(&self.pool)
        .await?;
        let all = rows.into_iter().map(|row| Person {
            id: PersonId(row.person_id),
            email: row.email,
            name: row.name,
            has_password: row.has_password,
            admin: row.admin,
        });
        Ok(all.collect())
    }

    /// Adds a person, who comes in by a link (see [`Store::reset_link`]).
    ///
    /// # Errors
    /// [`StoreError::Refused`] for an address that is taken.
    pub async fn add_person(
        &self,
        email: &str,
        name: &str,
        admin: bool,
    ) -> Result<PersonId, StoreError> {
        let mut transaction = self.system().await?;
        let added = sqlx::query_scalar!(
            "insert into person (email, name, admin) values ($1, $2, $3)
             on conflict (email) do nothing returning person_id",
            email,
            name,
            admin
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(person) = added.map(PersonId) else {
            return Err(StoreError::Refused(
                "There is somebody with this address already.",
            ));
        };
        if admin {
            own_everything(&mut transaction, person).await?;
        }
        transaction.commit().await?;
        Ok(person)
    }

    /// Those in a workspace: owners first, then by name.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn people_of(&self, workspace: WorkspaceId) -> Result<Vec<PersonLine>, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let rows = sqlx::query!(
            r#"select p.person_id, p.email, p.name, p.admin, p.password_hash is not null as "has_password!", m.role,
                      (select max(seen_at) from session s where s.person_id = p.person_id) as seen
               from membership m join person p using (person_id)
               where m.workspace_id = $1
               order by array_position(array['owner', 'editor', 'viewer'], m.role), lower(p.name), p.email, p.person_id"#,
            workspace.0
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let all = rows.into_iter().map(|row| PersonLine {
            person: Person {
                id: PersonId(row.person_id),
                email: row.email,
                name: row.name,
                has_password: row.has_password,
                admin: row.admin,
            },
            role: Role::stored(&row.role),
            seen: row.seen.map(crate::instant::from_db),
        });
        Ok(all.collect())
    }

    /// Puts somebody into a workspace, or gives him another role there. `by`: who does it; `None`: the command line.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when that would leave the workspace without an owner.
    pub async fn set_role(
        &self,
        workspace: WorkspaceId,
        person: PersonId,
        role: Role,
        by: Option<PersonId>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let was = locked_role(&mut transaction, workspace, person).await?;
        put_role(&mut transaction, workspace, (person, was, role), by).await?;
        Ok(transaction.commit().await?)
    }

    /// Changes the role of somebody who is in the workspace.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when he isn't; otherwise as [`Store::set_role`].
    pub async fn change_role(
        &self,
        workspace: WorkspaceId,
        person: PersonId,
        role: Role,
        by: PersonId,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let was = locked_role(&mut transaction, workspace, person)
            .await?
            .ok_or(StoreError::NotFound)?;
        let change = (person, Some(was), role);
        put_role(&mut transaction, workspace, change, Some(by)).await?;
        Ok(transaction.commit().await?)
    }
    /// Takes somebody out of a workspace.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for the last owner.
    pub async fn remove_person(
        &self,
        workspace: WorkspaceId,
        person: PersonId,
        by: PersonId,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        locked_role(&mut transaction, workspace, person)
            .await?
            .ok_or(StoreError::NotFound)?;
        let subject = called(&mut transaction, person).await?;
        sqlx::query!(
            "delete from membership where workspace_id = $1 and person_id = $2",
            workspace.0,
            person.0
        )
        .execute(&mut *transaction)
        .await?;
        keeps_an_owner(&mut transaction, workspace).await?;
        let removed = Note {
            person: Some(by),
            did: Did::Removed,
            subject: &subject,
            details: json!({}),
        };
        note(&mut transaction, workspace, removed).await?;
        Ok(transaction.commit().await?)
    }
}

/// Gives a person a role instead of the one he had, and notes it.
async fn put_role(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    (person, was, role): (PersonId, Option<Role>, Role),
    by: Option<PersonId>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into membership (workspace_id, person_id, role) values ($1, $2, $3)
         on conflict (workspace_id, person_id) do update set role = excluded.role",
        workspace.0,
        person.0,
        role.as_str()
    )
    .execute(&mut *connection)
    .await?;
    keeps_an_owner(connection, workspace).await?;
    let (did, details) = match was {
        Some(was) => (Did::ChangedRole, json!({ "from": was, "role": role })),
        None => (Did::Joined, json!({ "role": role })),
    };
    let subject = called(connection, person).await?;
    let changed = Note {
        person: by,
        did,
        subject: &subject,
        details,
    };
    note(connection, workspace, changed).await
}

/// Somebody's role; all memberships of the workspace are locked, so that two owners can't remove each other at once.
async fn locked_role(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    person: PersonId,
) -> Result<Option<Role>, StoreError> {
    let rows = sqlx::query!(
        "select person_id, role from membership where workspace_id = $1 order by person_id for update",
        workspace.0
    )
    .fetch_all(connection)
    .await?;
    let his = rows.into_iter().find(|row| row.person_id == person.0);
    Ok(his.map(|row| Role::stored(&row.role)))
}

async fn keeps_an_owner(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
) -> Result<(), StoreError> {
    let owned = sqlx::query_scalar!(
        r#"select exists (select from membership where workspace_id = $1 and role = 'owner') as "owned!""#,
        workspace.0
    )
    .fetch_one(connection)
    .await?;
    match owned {
        true => Ok(()),
        false => Err(LAST_OWNER),
    }
}

/// How the log calls a person.
pub(super) async fn called(
    connection: &mut PgConnection,
    person: PersonId,
) -> Result<String, StoreError> {
    let row = sqlx::query!(
        "select name, email from person where person_id = $1",
        person.0
    )
    .fetch_one(connection)
    .await?;
    Ok(row.email.unwrap_or(row.name))
}

/// Makes an administrator the owner of all workspaces.
pub(super) async fn own_everything(
    connection: &mut PgConnection,
    person: PersonId,
) -> Result<(), StoreError> {
    one_at_a_time(connection).await?;
    sqlx::query!(
        "insert into membership (workspace_id, person_id, role) select workspace_id, $1, 'owner' from workspace
         on conflict (workspace_id, person_id) do update set role = 'owner'",
        person.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes all administrators owners of a new workspace.
pub(crate) async fn owned_by_administrators(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into membership (workspace_id, person_id, role) select $1, person_id, 'owner' from person where admin",
        workspace.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// New workspaces and new administrators wait for each other, or each could miss the other.
pub(crate) async fn one_at_a_time(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('membership'))")
        .execute(connection)
        .await?;
    Ok(())
}
