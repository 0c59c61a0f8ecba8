//! Signing in from elsewhere: browsers that a provider of OpenID Connect looks after, and who somebody is there.

use super::audit::note_everywhere;
use super::links::join;
use super::session::{end_session, new_session};
use super::{Did, Link, LinkFor, PersonId, Role};
use crate::secret::{Token, token_hash};
use crate::{Store, StoreError, WorkspaceId};
use sqlx::PgConnection;

/// Minutes that a browser may be away at the provider.
const AWAY_MINUTES: i32 = 10;

/// Who a provider says that somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// What he is known by there, for ever.
    pub subject: String,
    /// His address, which the provider has verified; as `check_email` gives it.
    pub email: String,
    /// His name there, which may be empty.
    pub name: String,
}

impl Store {
    /// Remembers a browser that goes to the provider, and where it leads once it is back. The reference is what it
    /// brings then.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn go_away(&self, next: &str) -> Result<Token, StoreError> {
        sqlx::query!(
            "delete from away where created_at <= now() - make_interval(mins => $1)",
            AWAY_MINUTES
        )
        .execute(&self.pool)
        .await?;
        let token = Token::new();
        let hash = token_hash(token.text());
        sqlx::query!(
            "insert into away (hash, next) values ($1, $2)",
            &hash[..],
            next
        )
        .execute(&self.pool)
        .await?;
        Ok(token)
    }

    /// Where a browser that comes back leads, the first time.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn come_back(&self, reference: &str) -> Result<Option<String>, StoreError> {
        let hash = token_hash(reference);
        let next = sqlx::query_scalar!(
            "delete from away where hash = $1 and created_at > now() - make_interval(mins => $2) returning next",
            &hash[..],
            AWAY_MINUTES
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(next)
    }

    /// Signs in whoever the provider says that he is: the person who came so before, else the one with his address, who
    /// is known by it from then on, else whoever is invited by it. Invitations that wait for his address are taken.
    /// `None` for anybody else. `old` is the session that the browser brought, which ends.
    ///
    /// An address here is what somebody typed, perhaps for another, to have him come in where the typer's password leads
    /// as well. So whoever has a password is known by his address only while he is signed in with it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a person with a password who has not shown it, and when he was somebody else at the
    /// provider before.
    pub async fn sign_in_as(
        &self,
        identity: &Identity,
        agent: &str,
        old: Option<&str>,
    ) -> Result<Option<Token>, StoreError> {
        let here = match old {
            Some(old) => self.caller(old, None).await?,
            None => None,
        };
        let here = here.map(|caller| caller.person.id);
        let mut transaction = self.system().await?;
        let invitations = invitations(&mut transaction, &identity.email).await?;
        let known = known(&mut transaction, identity).await?;
        let person = match known {
            Some(person) => person,
            None => {
                let found = person_at(&mut transaction, identity, !invitations.is_empty()).await?;
                let Some(person) = found else {
                    return Ok(None);
                };
                bind(&mut transaction, identity, person, here == Some(person)).await?;
                person
            }
        };
        for link in &invitations {
            join(&mut transaction, link, person).await?;
        }
        if let Some(old) = old {
            end_session(&mut transaction, old).await?;
        }
        note_everywhere(&mut transaction, person, Did::SignedIn).await?;
        let token = new_session(&mut transaction, person, agent).await?;
        transaction.commit().await?;
        Ok(Some(token))
    }
}

/// Whoever came as this before.
async fn known(
    connection: &mut PgConnection,
    identity: &Identity,
) -> Result<Option<PersonId>, StoreError> {
    let person = sqlx::query_scalar!(
        "select person_id from identity where issuer = $1 and subject = $2",
        identity.issuer,
        identity.subject
    )
    .fetch_optional(connection)
    .await?;
    Ok(person.map(PersonId))
}

/// The person with the address, who is made if he is invited.
async fn person_at(
    connection: &mut PgConnection,
    identity: &Identity,
    invited: bool,
) -> Result<Option<PersonId>, StoreError> {
    if invited {
        sqlx::query!(
            "insert into person (email, name) values ($1, $2) on conflict (email) do nothing",
            identity.email,
            identity.name
        )
        .execute(&mut *connection)
        .await?;
    }
    let person = sqlx::query_scalar!(
        "select person_id from person where email = $1 for update",
        identity.email
    )
    .fetch_optional(connection)
    .await?;
    Ok(person.map(PersonId))
}

/// Keeps who a person is at the provider; instead of whom he was there, if he is signed in here.
async fn bind(
    connection: &mut PgConnection,
    identity: &Identity,
    person: PersonId,
    here: bool,
) -> Result<(), StoreError> {
    if here {
        sqlx::query!(
            "delete from identity where issuer = $1 and person_id = $2",
            identity.issuer,
            person.0
        )
        .execute(&mut *connection)
        .await?;
    } else {
        let has_password = sqlx::query_scalar!(
            r#"select password_hash is not null as "has_password!" from person where person_id = $1"#,
            person.0
        )
        .fetch_one(&mut *connection)
        .await?;
        if has_password {
            return Err(StoreError::Refused(
                "You have a password here. Sign in with it first, then from there by the button in your account: after \
                 that it leads in.",
            ));
        }
    }
    sqlx::query!(
        "insert into identity (issuer, subject, person_id) values ($1, $2, $3) on conflict do nothing",
        identity.issuer,
        identity.subject,
        person.0
    )
    .execute(&mut *connection)
    .await?;
    match known(connection, identity).await? {
        Some(same) if same == person => Ok(()),
        _ => Err(StoreError::Refused(
            "Another account from there came with your address before. Set a password by a link, then sign in from there \
             by the button in your account.",
        )),
    }
}

/// Invitations that wait for an address.
async fn invitations(connection: &mut PgConnection, email: &str) -> Result<Vec<Link>, StoreError> {
    let rows = sqlx::query!(
        r#"select l.one_time_link_id, l.role as "role!", w.workspace_id, w.slug, w.name
           from one_time_link l join workspace w using (workspace_id)
           where l.purpose = 'invite' and l.email = $1 and l.used_at is null and l.expires_at > now()
           order by l.one_time_link_id"#,
        email
    )
    .fetch_all(connection)
    .await?;
    let links = rows.into_iter().map(|row| Link {
        id: row.one_time_link_id,
        leads: LinkFor::Invite {
            workspace: WorkspaceId(row.workspace_id),
            slug: row.slug,
            name: row.name,
            role: Role::stored(&row.role),
            email: email.to_owned(),
            known: None,
        },
    });
    Ok(links.collect())
}
