//! What is sent by itself: reports on a day, alerts when a number lies where it should not.
//!
//! Each notice is one server's at a time; what a server that was down has missed is sent once. A try that fails is made
//! again a few times, and what became of it stands on the page.

mod forms;
mod found;
mod message;

pub(crate) use forms::routes;

use crate::config::SiteConfig;
use crate::mail::{MailError, Mailer};
use crate::webhook::{SendError, Webhooks};
use analysis::period::Calendar;
use analysis::schedule::Occasion;
use analysis::words;
use found::Answered;
use futures::StreamExt;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use message::Message;
use std::time::{Duration, Instant};
use store::{
    Addressee, Closing, Fault, Notice, Receiver, SigningSecret, Store, StoreError, Tried,
    Workspace, WorkspaceId,
};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(30);
/// Workspaces that are looked at side by side: one whose receivers are slow holds no other one up.
const SIDE_BY_SIDE: usize = 4;
/// How long a server may take for a notice before others take it for lost.
const CLAIM: SignedDuration = SignedDuration::from_mins(10);
/// After how many minutes what failed is tried again.
const AGAIN: [i64; 4] = [1, 5, 30, 120];
/// How often an alert is looked at, and after what can't be helped by trying again.
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// How soon after a try the same notice may be sent by hand.
const BY_HAND: SignedDuration = SignedDuration::from_mins(1);

/// What sends notices.
#[derive(Clone, Debug)]
pub struct Courier {
    store: Store,
    mailer: Option<Mailer>,
    webhooks: Webhooks,
    /// Where people open Holdfast.
    origin: String,
}

/// Why there is nothing that could be sent, or why it was not. All of it is told on the notice's page.
pub(crate) enum Trouble {
    /// There is nothing final to look at yet.
    Waits(String),
    /// Trying again soon may help.
    Later(String),
    /// It does not, as things are.
    Never(String),
}

/// What was sent.
struct Sent {
    outcome: String,
    /// First date of the cohort or period that was told of.
    told: Option<Date>,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error.logged() {
            Fault::Missing => {
                Self::Never("What the report asks about is not there any more.".to_owned())
            }
            Fault::NoActivity | Fault::Refused(_) => Self::Never(error.to_string()),
            Fault::NotReady => Self::Later(error.to_string()),
            Fault::Away => Self::Later("The data base could not be reached.".to_owned()),
            Fault::Broken => Self::Later(
                "Something went wrong on the server. Its log has the details.".to_owned(),
            ),
        }
    }
}

/// Sends what is due until it is dropped.
pub(crate) async fn keep(courier: Courier) {
    loop {
        courier.deliver_due(Timestamp::now()).await;
        tokio::time::sleep(PAUSE).await;
    }
}

impl Courier {
    /// One for a site: by its mail server and its webhooks, with links to where people open it.
    pub fn new(store: Store, site: &SiteConfig) -> Self {
        Self {
            store,
            mailer: site.mailer.clone(),
            webhooks: site.webhooks.clone(),
            origin: site.origin.clone(),
        }
    }

    /// Sends what is due in all workspaces, for about as long as the pause between two looks. What goes wrong stands with the notice, or in the log.
    pub async fn deliver_due(&self, now: Timestamp) {
        match self.store.workspaces().await {
            Ok(workspaces) => {
                let all = futures::stream::iter(workspaces);
                all.for_each_concurrent(SIDE_BY_SIDE, async |workspace| {
                    let done = self.deliver_due_in(&workspace, now).await;
                    // The pages say when the data base is away; anything else is the operator's to know.
                    if let Err(error) = done
                        && error.fault() != Fault::Away
                    {
                        tracing::warn!(%error, "reports can't be sent");
                    }
                })
                .await;
            }
            Err(error) => {
                error.logged();
            }
        }
    }

    async fn deliver_due_in(
        &self,
        workspace: &Workspace,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let store = &self.store;
        let begun = Instant::now();
        // Signatures say when a message was sent, so `now` must not grow old over slow receivers.
        while begun.elapsed() < PAUSE
            && let Some(notice) = store
                .claim_due_notice(workspace.id, now, later(now, CLAIM))
                .await?
        {
            let key = match notice.occasion {
                Occasion::Schedule(_) => format!("due-{}", notice.due_at.as_second()),
                Occasion::Alert(_) => "alert".to_owned(),
            };
            let sent = self.deliver(workspace, &notice, &key, now, false).await;
            let (tried, closing) = self.closed(workspace, &notice, sent, now)?;
            store
                .close_notice(workspace.id, notice.id, (&tried, Some(closing)))
                .await?;
        }
        Ok(())
    }

    /// Sends a notice now, whether it is due or not; an alert says what it sees, even if nothing is amiss. Its next
    /// occasion stays what it was.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] when it was tried within the last minute.
    pub(crate) async fn deliver_now(
        &self,
        workspace: &Workspace,
        id: i32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let times = (earlier(now, BY_HAND), now, later(now, CLAIM));
        let notice = self.store.claim_notice(workspace.id, id, times).await?;
        let key = format!("now-{}", now.as_second());
        let (outcome, told) = match self.deliver(workspace, &notice, &key, now, true).await {
            Ok(Sent { outcome, told }) => (outcome, told),
            Err(Trouble::Waits(why) | Trouble::Later(why) | Trouble::Never(why)) => (why, None),
        };
        let tried = Tried {
            at: now,
            outcome,
            told,
        };
        self.store
            .close_notice(workspace.id, id, (&tried, None))
            .await
    }

    /// How a notice goes on after a try that was due.
    fn closed(
        &self,
        workspace: &Workspace,
        notice: &Notice,
        sent: Result<Sent, Trouble>,
        now: Timestamp,
    ) -> Result<(Tried, Closing), StoreError> {
        let calendar = calendar(workspace)?;
        let next = |alert: SignedDuration| {
            let due_at = match notice.occasion {
                Occasion::Schedule(schedule) => schedule.next(&calendar, now),
                Occasion::Alert(_) => later(now, alert),
            };
            Closing {
                due_at,
                try_at: due_at,
                attempts: 0,
            }
        };
        let again = AGAIN.get(usize::from(notice.attempts));
        let (outcome, told, closing) = match (sent, again) {
            (Ok(sent), _) => (sent.outcome, sent.told, next(HOUR)),
            (Err(Trouble::Waits(why)), _) => (why, None, next(HOUR)),
            (Err(Trouble::Never(why)), _) => (why, None, next(A_DAY)),
            (Err(Trouble::Later(why)), Some(minutes)) => {
                let closing = Closing {
                    due_at: notice.due_at,
                    try_at: later(now, SignedDuration::from_mins(*minutes)),
                    attempts: notice.attempts + 1,
                };
                let at = words::date_time(calendar.datetime(closing.try_at));
                (format!("{why} It is tried again on {at}."), None, closing)
            }
            (Err(Trouble::Later(why)), None) => {
                let closing = next(A_DAY);
                let at = words::date_time(calendar.datetime(closing.due_at));
                let why = format!(
                    "{why} It was tried {} times and given up until {at}.",
                    AGAIN.len() + 1
                );
                (why, None, closing)
            }
        };
        let tried = Tried {
            at: now,
            outcome,
            told,
        };
        Ok((tried, closing))
    }

    /// Asks a notice's question and sends the answer, if there is something to send. `key` tells this occasion from others.
    async fn deliver(
        &self,
        workspace: &Workspace,
        notice: &Notice,
        key: &str,
        now: Timestamp,
        by_hand: bool,
    ) -> Result<Sent, Trouble> {
        self.may_send(workspace, notice).await?;
        if self.store.loading(workspace.id).await?.is_some() {
            let why = "A file is being brought in, so numbers are not all there yet.";
            return Err(Trouble::Later(why.to_owned()));
        }
        let answered = Answered::to(&self.store, workspace, notice, now).await?;
        let alarm = match notice.occasion {
            Occasion::Schedule(_) => None,
            Occasion::Alert(alert) => Some(answered.alarm(alert)?),
        };
        let mut key = key.to_owned();
        let mut told = None;
        if let Some(alarm) = &alarm {
            let start = alarm.reading.start;
            let known = notice.told.is_some_and(|told| start <= told);
            let saw = &alarm.noticed.sentence;
            match (alarm.reading.met, known) {
                _ if by_hand => {}
                (false, _) => return Ok(Sent::nothing(format!("Nothing to tell. {saw}"))),
                (true, true) => return Ok(Sent::nothing(format!("Told before. {saw}"))),
                (true, false) => key.push_str(&format!("-{start}")),
            }
            told = alarm.reading.met.then_some(start);
        }
        let found = answered.told(notice.name.clone(), alarm).await;
        let id = message_id(workspace.id, notice, &key);
        let message = Message {
            origin: &self.origin,
            workspace,
            notice,
            found: &found,
            id: &id,
        };
        let outcome = match &notice.to {
            Receiver::Webhook { address, secret } => {
                self.to_program((address, secret), &message, now).await?
            }
            Receiver::Members(members) => self.to_members(members, &message).await?,
        };
        Ok(Sent {
            outcome: format!("{outcome} {}", found.finding),
            told,
        })
    }

    /// What can be said before anything is asked.
    async fn may_send(&self, workspace: &Workspace, notice: &Notice) -> Result<(), Trouble> {
        let why = match &notice.to {
            Receiver::Webhook { .. } if !self.store.sharing(workspace.id).await?.allowed => {
                "Not sent: sharing is forbidden in this workspace."
            }
            Receiver::Members(members) if members.is_empty() => {
                "Not sent: nobody who got it is in this workspace any more."
            }
            Receiver::Members(_) if self.mailer.is_none() => {
                "Not sent: an operator has to set HOLDFAST_SMTP_URL before mail can be sent."
            }
            _ => return Ok(()),
        };
        Err(Trouble::Never(why.to_owned()))
    }

    async fn to_program(
        &self,
        to: (&str, &SigningSecret),
        message: &Message<'_>,
        now: Timestamp,
    ) -> Result<String, Trouble> {
        match self.webhooks.send(to, message.webhook(), now).await {
            Ok(()) => Ok("Sent.".to_owned()),
            Err(error) => Err(refused(error, error.is_permanent())),
        }
    }

    /// A letter to each, but for those who have it already.
    async fn to_members(
        &self,
        members: &[Addressee],
        message: &Message<'_>,
    ) -> Result<String, Trouble> {
        let mailer = self.mailer.as_ref();
        let mut trouble = Vec::new();
        let mut sent = 0_usize;
        let mut again = false;
        for member in members {
            if member.sent.as_deref() == Some(message.id) {
                sent += 1;
                continue;
            }
            let (Some(email), Some(mailer)) = (&member.email, mailer) else {
                trouble.push(format!("{} has given no address", member.name));
                continue;
            };
            match mailer.send(&message.letter(email, member.person.0)).await {
                Ok(()) => {
                    sent += 1;
                    let (workspace, notice) = (message.workspace.id, message.notice.id);
                    let mark = (member.person, message.id);
                    self.store.mark_sent(workspace, notice, mark).await?;
                }
                Err(error) => {
                    again |= !MailError::is_permanent(error);
                    trouble.push(format!("{}: {error}", member.name));
                    // So it would be with all others, a long wait each.
                    if matches!(error, MailError::Away | MailError::Slow) {
                        break;
                    }
                }
            }
        }
        let to = match sent {
            0 => "Not sent".to_owned(),
            1 => "Sent to 1 member".to_owned(),
            many => format!("Sent to {many} members"),
        };
        let outcome = match trouble.is_empty() {
            true => format!("{to}."),
            false => format!("{to}; {}.", trouble.join("; ")),
        };
        match (sent, again) {
            (_, true) => Err(Trouble::Later(outcome)),
            (0, false) => Err(Trouble::Never(outcome)),
            (_, false) => Ok(outcome),
        }
    }
}

impl Sent {
    fn nothing(outcome: String) -> Self {
        Self {
            outcome,
            told: None,
        }
    }
}

fn refused(error: SendError, permanent: bool) -> Trouble {
    let why = format!("Not sent: {error}.");
    match permanent {
        true => Trouble::Never(why),
        false => Trouble::Later(why),
    }
}

/// What an occasion's message is known by: the same at each try, and not to be guessed where there is a secret.
fn message_id(workspace: WorkspaceId, notice: &Notice, key: &str) -> String {
    let mut hash = blake3::Hasher::new();
    if let Receiver::Webhook { secret, .. } = &notice.to {
        hash.update(secret.bytes());
    }
    hash.update(format!("{}/{}/{key}", workspace.0, notice.id).as_bytes());
    let hash = hash.finalize().to_hex();
    format!("msg_{}", &hash[..32])
}

pub(crate) fn calendar(workspace: &Workspace) -> Result<Calendar, StoreError> {
    Calendar::new(&workspace.zone, workspace.week_start)
        .map_err(|_| StoreError::Zone(workspace.zone.clone()))
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}
