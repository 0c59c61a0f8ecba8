//! Brings Postgres back when it dies while Holdfast runs.

use super::control::Control;
use sqlx::{Connection, PgConnection};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How often Postgres is asked whether it is there.
const BEAT: Duration = Duration::from_secs(1);

/// The longest pause between attempts to bring it back.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A running watch over one cluster.
#[derive(Debug)]
pub(super) struct Supervisor {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Supervisor {
    pub(super) fn start(control: Arc<Control>) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self {
            stop,
            task: tokio::spawn(watch(control, stopped)),
        }
    }

    /// Ends the watch; a start under way is finished first, so that nothing starts after a stop.
    pub(super) async fn end(self) {
        // Both fail only when the watch has ended by itself.
        self.stop.send(()).ok();
        self.task.await.ok();
    }
}

async fn watch(control: Arc<Control>, mut stopped: oneshot::Receiver<()>) {
    let mut held: Option<PgConnection> = None;
    let mut pause = BEAT;
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            () = tokio::time::sleep(pause) => {}
        }
        if alive(&control, &mut held).await {
            pause = BEAT;
            continue;
        }
        tracing::error!("Postgres is gone: starting it again");
        match control.ensure_running().await {
            Ok(_) => {
                pause = BEAT;
                tracing::info!("Postgres is back");
            }
            Err(error) => {
                pause = (pause * 2).min(LONGEST_PAUSE);
                tracing::error!(
                    error = %error,
                    pause_s = pause.as_secs(),
                    "Postgres can't be started; trying again"
                );
            }
        }
    }
}

/// Whether Postgres answers, asked on one connection that is kept: a new one each second would cost it a process.
async fn alive(control: &Control, held: &mut Option<PgConnection>) -> bool {
    if let Some(mut connection) = held.take()
        && let Ok(Ok(())) = tokio::time::timeout(BEAT * 5, connection.ping()).await
    {
        *held = Some(connection);
        return true;
    }
    *held = control.connect().await.ok();
    held.is_some()
}
