//! `holdfast demo`: loads the demo workspace, with the planted truths of `docs/DEMO.md`.

use crate::demo::{self, DemoOptions, DemoSummary};
use analysis::words;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::{Store, StoreError};

/// Which demo.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How many customers; a larger demo contains the smaller one.
    #[arg(long, value_name = "NUMBER", default_value_t = demo::CUSTOMERS, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub customers: u32,
    /// The workspace, in small letters, digits and hyphens; it is made when it is missing.
    #[arg(long, value_name = "NAME", default_value = demo::WORKSPACE)]
    pub workspace: String,
    /// Where randomness begins: the same number gives the same demo.
    #[arg(long, value_name = "NUMBER", default_value_t = demo::SEED)]
    pub seed: u64,
    /// The demo's end: nothing happens on this day or later. Today when not given.
    #[arg(long, value_name = "DATE", value_parser = until)]
    pub until: Option<Date>,
}

/// A date of our days: the demo's two years lie before it.
fn until(text: &str) -> Result<Date, String> {
    let date: Date = text
        .parse()
        .map_err(|_| "write it as 2026-03-01".to_owned())?;
    if (2000..2200).contains(&date.year()) {
        Ok(date)
    } else {
        Err("the year must lie between 2000 and 2199".to_owned())
    }
}

/// Loads it, or what is missing of it, and says what it is.
///
/// # Errors
/// A workspace that holds something else, and all that keeps the data base from storing.
pub(super) async fn run(store: &Store, args: DemoArgs) -> anyhow::Result<()> {
    let until = match args.until {
        Some(until) => until,
        None if holds_events(store, &args.workspace).await? => anyhow::bail!(
            "the workspace {:?} holds events already; to complete or repeat a demo, give the --until of its first run, \
             and for another demo another --workspace",
            args.workspace
        ),
        None => Timestamp::now().to_zoned(TimeZone::UTC).date(),
    };
    let options = DemoOptions {
        workspace: args.workspace,
        customers: args.customers,
        seed: args.seed,
        until,
    };
    eprintln!(
        "Loading {} made-up customers up to {until}; when it is stopped, the same command with --until {until} goes on.",
        words::thousands(u64::from(options.customers))
    );
    let bar = progress_bar(u64::from(options.customers))?;
    let summary = demo::load(store, &options, |done, _| bar.set_position(done)).await?;
    bar.finish_and_clear();
    println!("{}", closing(&options, &summary));
    Ok(())
}

async fn holds_events(store: &Store, slug: &str) -> Result<bool, StoreError> {
    match store.workspace(slug).await {
        Ok(workspace) => Ok(!store.event_counts(workspace.id).await?.is_empty()),
        Err(StoreError::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// On a terminal only; shown from the start.
fn progress_bar(customers: u64) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template(
        "{bar:30} {percent:>3} %  {human_pos} of {human_len} customers  {per_sec}  {eta} left",
    )?;
    let bar = ProgressBar::new(customers).with_style(style);
    bar.tick();
    Ok(bar)
}

/// What was loaded and what is hidden in it.
fn closing(options: &DemoOptions, summary: &DemoSummary) -> String {
    let n = words::thousands;
    format!(
        "The workspace {:?} has {} customers in {} accounts, {} contracts and {} events ({} of them stored now), from \
         {} up to {}.\n\
         Planted, for you to find: a feature that keeps people, one that drives them away, one that only looks good, one \
         without effect; a bad release in the week of {}; a channel whose people leave, with a campaign in the week of \
         {}. docs/DEMO.md has the answers.",
        options.workspace,
        n(summary.customers),
        n(summary.accounts),
        n(summary.contracts),
        n(summary.events),
        n(summary.events_stored),
        summary.first_week,
        options.until,
        summary.release_week,
        summary.campaign_week,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use jiff::civil::date;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        demo: DemoArgs,
    }

    #[test]
    fn arguments_have_their_defaults_and_limits() {
        let demo = Line::try_parse_from(["demo"])
            .expect("no argument is needed")
            .demo;
        assert_eq!(
            (demo.customers, demo.workspace.as_str(), demo.until),
            (20_000, "demo", None)
        );
        let given = [
            "demo",
            "--customers",
            "500",
            "--until",
            "2026-03-01",
            "--seed",
            "3",
        ];
        let demo = Line::try_parse_from(given).expect("all are known").demo;
        assert_eq!(
            (demo.customers, demo.seed, demo.until),
            (500, 3, Some(date(2026, 3, 1)))
        );
        for wrong in [
            "--customers=0",
            "--until=yesterday",
            "--until=0026-03-01",
            "--seed=-1",
        ] {
            assert!(Line::try_parse_from(["demo", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_closing_line_is_plain() {
        let summary = DemoSummary {
            customers: 20_000,
            events: 1_234_567,
            release_week: date(2026, 8, 31),
            ..DemoSummary::default()
        };
        let said = closing(&DemoOptions::until(date(2026, 11, 18)), &summary);
        assert!(
            said.contains("20,000 customers") && said.contains("1,234,567 events"),
            "{said}"
        );
        assert!(
            said.contains("week of 2026-08-31") && said.contains("up to 2026-11-18"),
            "{said}"
        );
    }
}
