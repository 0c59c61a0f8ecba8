//! Whether the connections in the pool still stand, mostly without asking them: asking is one more way to the data base
//! before each of a question's own.

use crate::Store;
use sqlx::postgres::PgListener;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a connection is trusted after its last use.
const RESTED: Duration = Duration::from_secs(1);

/// How long, while the watch stands that stood then, too. A network that fell silent ends neither.
const WATCHED: Duration = Duration::from_secs(10);

/// Pause before a watch is taken up anew.
const PAUSE: Duration = Duration::from_secs(1);

/// A connection that nothing is asked on: when Postgres ends, all connections end, and this one is seen to.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    since: Mutex<Option<Instant>>,
}

impl Watch {
    /// Whether a connection that was last used so long ago need not be asked if it stands.
    pub(crate) fn trusts(&self, rested: Duration) -> bool {
        if rested <= RESTED {
            return true;
        }
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        rested <= WATCHED && since.is_some_and(|since| since.elapsed() >= rested)
    }

    fn stands_since(&self, since: Option<Instant>) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

impl Store {
    /// Watches whether Postgres goes away, so that connections need not be asked as often, until the store is closed. For
    /// a server, to be run beside it.
    pub async fn keep_watch(&self) {
        while !self.pool.is_closed() {
            if let Ok(mut watch) = PgListener::connect_with(&self.pool).await {
                watch.eager_reconnect(false);
                self.watch.stands_since(Some(Instant::now()));
                // Nobody notifies: it returns when the connection ends.
                while let Ok(Some(_)) = watch.try_recv().await {}
                self.watch.stands_since(None);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rested_is_trusted_while_the_watch_stands_that_stood_then() {
        let watch = Watch::default();
        let long = Duration::from_secs(5);
        assert!(watch.trusts(RESTED));
        assert!(!watch.trusts(long));
        watch.stands_since(Instant::now().checked_sub(long));
        assert!(watch.trusts(long));
        assert!(!watch.trusts(WATCHED + long));
        // Postgres ended, and another runs
        watch.stands_since(Some(Instant::now()));
        assert!(watch.trusts(RESTED));
        assert!(!watch.trusts(long));
    }
}
