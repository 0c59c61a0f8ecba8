//! Loads the demo workspace at the first start, while the server already answers.

use crate::commands::told;
use crate::demo::{self, DemoOptions};
use anyhow::Context;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::path::PathBuf;
use std::time::Duration;
use store::Store;

/// Attempts before the next start, and the pause between them.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(5);

/// The demo to be loaded when there is no workspace.
pub(super) struct Demo {
    /// How many customers.
    pub(super) customers: u32,
    /// A file that is there from the beginning of the loading to its end, so that one that was interrupted is resumed
    /// with the same rows. It holds the number of customers and the last day.
    pub(super) marker: PathBuf,
}

impl Demo {
    /// Loads it if there is no workspace, or if an earlier loading did not come to its end. What goes wrong is logged
    /// and tried again, since Postgres may come back: the server is of use without a demo.
    pub(super) async fn load_if_empty(&self, store: &Store) {
        for attempt in 1..=ATTEMPTS {
            let Err(error) = self.load(store).await else {
                return;
            };
            tracing::error!(
                attempt,
                error = told(&error),
                "the demo workspace could not be loaded; what is missing is loaded later, at the latest at the next start"
            );
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn load(&self, store: &Store) -> anyhow::Result<()> {
        let begun = std::fs::read_to_string(&self.marker)
            .ok()
            .and_then(|text| read_marker(&text));
        let (customers, until) = match begun {
            Some(begun) => begun,
            None if store.workspaces().await?.is_empty() => {
                let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
                std::fs::write(&self.marker, format!("{} {today}\n", self.customers))
                    .with_context(|| format!("{} can't be written", self.marker.display()))?;
                (self.customers, today)
            }
            None => return Ok(()),
        };
        tracing::info!(
            demo.customers = customers,
            demo.resumed = begun.is_some(),
            "loading the demo workspace"
        );
        let options = DemoOptions {
            customers,
            ..DemoOptions::until(until)
        };
        let mut tenths = 0;
        let summary = demo::load(store, &options, |done, total| {
            let now = done * 10 / total.max(1);
            if now > tenths {
                tenths = now;
                tracing::info!(demo.percent = now * 10, "loading the demo workspace");
            }
        })
        .await?;
        std::fs::remove_file(&self.marker)
            .with_context(|| format!("{} can't be removed", self.marker.display()))?;
        tracing::info!(
            demo.customers = summary.customers,
            demo.events = summary.events,
            "the demo workspace is complete"
        );
        Ok(())
    }
}

fn read_marker(text: &str) -> Option<(u32, Date)> {
    let (customers, until) = text.trim().split_once(' ')?;
    Some((customers.parse().ok()?, until.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::read_marker;
    use jiff::civil::date;

    #[test]
    fn a_marker_that_was_cut_off_is_none() {
        for (text, expected) in [
            ("20000 2026-11-22\n", Some((20_000, date(2026, 11, 22)))),
            ("20000 2026-11-2", None),
            ("20000", None),
            ("", None),
        ] {
            assert_eq!(read_marker(text), expected, "{text:?}");
        }
    }
}
