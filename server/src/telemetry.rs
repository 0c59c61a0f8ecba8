//! The log: lines for people on a terminal, JSON for machines elsewhere. It goes to standard error, so that what a
//! command prints stays usable by the next one. No person's data belong in it: name things by their number.

use crate::config::{LogConfig, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Quieter than the rest unless asked for: every statement, and Postgres's remarks on what it skipped.
const QUIET: &str = "sqlx=warn";

/// Starts logging; call once.
///
/// # Errors
/// A filter that can't be read.
pub fn start(config: &LogConfig) -> anyhow::Result<()> {
    let filter = filter(&config.filter)?;
    let format = config.format.unwrap_or(if std::io::stderr().is_terminal() {
        LogFormat::Text
    } else {
        LogFormat::Json
    });
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber
            .with_target(false)
            .with_ansi(std::io::stderr().is_terminal())
            .init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
    Ok(())
}

/// The operator's filter; what he says of a target overrules [`QUIET`].
fn filter(text: &str) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(format!("{QUIET},{text}")).map_err(|error| {
        anyhow::anyhow!(
            "HOLDFAST_LOG is not a filter ({error}): write a level (info) or target=level pairs"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn filters_are_read_and_refused() {
        for (text, fine) in [
            ("info", true),
            ("warn,server=debug", true),
            ("sqlx=debug", true),
            ("server=verbose", false),
        ] {
            assert_eq!(filter(text).is_ok(), fine, "{text}");
        }
        // what is said last of a target counts
        let shown = filter("info,sqlx=debug").unwrap().to_string();
        assert!(
            shown.contains("sqlx=debug") && !shown.contains("sqlx=warn"),
            "{shown}"
        );
    }
}
