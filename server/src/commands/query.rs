//! `holdfast query`: a report for scripts. The question is JSON on standard input, the answer JSON or CSV on standard
//! output, and the same as the interface's for other programs (docs/API.md).

mod churn;
mod comparison;
mod quartiles;

use analysis::comparison::ComparisonReport;
use analysis::document::{
    ChurnDocument, LifecycleDocument, LostDocument, QuartileDocument, QuietDocument,
    RetentionDocument, ScanDocument, SegmentsDocument, StickinessDocument, SurvivalDocument,
};
use analysis::quartiles::{QuartileReport, Wanted};
use analysis::query::{ChurnQuery, ComparisonQuery, QuartileQuery, RetentionQuery};
use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, IsTerminal, Read, Write};
use store::{ChurnAnswer, Store, StoreError, Workspace};

/// Which report.
#[derive(Debug, Subcommand)]
pub enum QueryCommand {
    /// Of the customers who signed up in each period, how many were active in the periods after?
    Retention(QueryArgs),
    /// Do those who use a feature more leave less? Groups by usage, and a verdict.
    Quartiles(QueryArgs),
    /// The same asked of every feature.
    Scan(QueryArgs),
    /// Do segments stay alike? The retention of each, and its differences from a baseline.
    Segments(QueryArgs),
    /// How long do the customers of each segment stay?
    Survival(QueryArgs),
    /// Of the customers who were active at the start of each period, how many were no longer active at its end?
    Churn(QueryArgs),
    /// New, retained, returned and dormant customers of each period.
    Lifecycle(QueryArgs),
    /// On how many of the days up to each period's end were customers active?
    Stickiness(QueryArgs),
    /// The customers lost in a period.
    Lost(QueryArgs),
    /// The customers who are quietly leaving.
    Quiet(QueryArgs),
}

/// Whose report, and how it is printed.
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// The workspace's name in addresses.
    #[arg(long, value_name = "NAME")]
    pub workspace: String,
    /// Prints a row for each cell, group, feature, step, period or customer instead of JSON.
    #[arg(long)]
    pub csv: bool,
}

/// Reads the question, answers it, prints the answer.
///
/// # Errors
/// A question that can't be read or answered, an unknown workspace, an output that takes nothing.
pub(super) async fn run(store: &Store, command: QueryCommand) -> anyhow::Result<()> {
    let printed = match &command {
        QueryCommand::Retention(args) => {
            let query: RetentionQuery = question(io::stdin())?;
            let workspace = workspace(store, &args.workspace).await?;
            let now = Timestamp::now();
            let report = store.retention(&workspace, &query, now).await?;
            print(args, &RetentionDocument::new(&report), write_csv)
        }
        QueryCommand::Quartiles(args) => {
            let report = features(store, args, Wanted::Feature).await?;
            let document = QuartileDocument::new(&report);
            print(args, &document, quartiles::write_groups)
        }
        QueryCommand::Scan(args) => {
            let report = features(store, args, Wanted::Scan).await?;
            print(args, &ScanDocument::new(&report), quartiles::write_scan)
        }
        QueryCommand::Segments(args) => {
            let report = compared(store, args).await?;
            let document = SegmentsDocument::new(&report);
            print(args, &document, comparison::write_segments)
        }
        QueryCommand::Survival(args) => {
            let report = compared(store, args).await?;
            let document = SurvivalDocument::new(&report);
            print(args, &document, comparison::write_survival)
        }
        QueryCommand::Churn(args) => {
            let found = leaving(store, args).await?;
            let document = ChurnDocument::new(&found.report);
            print(args, &document, churn::write_churn)
        }
        QueryCommand::Lifecycle(args) => {
            let found = leaving(store, args).await?;
            let document = LifecycleDocument::new(&found.report);
            print(args, &document, churn::write_lifecycle)
        }
        QueryCommand::Stickiness(args) => {
            let found = leaving(store, args).await?;
            let document = StickinessDocument::new(&found.report);
            print(args, &document, churn::write_stickiness)
        }
        QueryCommand::Lost(args) => {
            let found = leaving(store, args).await?;
            anyhow::ensure!(
                found.report.shows_period_asked_for(),
                "the period asked for is not in this report, or has not ended"
            );
            let document = LostDocument::new(&found.report, &found.lost);
            print(args, &document, churn::write_lost)
        }
        QueryCommand::Quiet(args) => {
            let found = leaving(store, args).await?;
            let document = QuietDocument::new(&found.report, &found.quiet);
            print(args, &document, churn::write_quiet)
        }
    };
    printed.context("the report can't be printed")
}

/// Answers the question about features on standard input.
async fn features(
    store: &Store,
    args: &QueryArgs,
    wanted: Wanted,
) -> anyhow::Result<QuartileReport> {
    let query: QuartileQuery = question(io::stdin())?;
    let workspace = workspace(store, &args.workspace).await?;
    let now = Timestamp::now();
    Ok(store.quartiles(&workspace, &query, wanted, now).await?)
}

/// Answers the question about segments on standard input.
async fn compared(store: &Store, args: &QueryArgs) -> anyhow::Result<ComparisonReport> {
    let query: ComparisonQuery = question(io::stdin())?;
    let workspace = workspace(store, &args.workspace).await?;
    Ok(store.compare(&workspace, &query, Timestamp::now()).await?)
}

/// Answers the question about leaving on standard input, with all customers.
async fn leaving(store: &Store, args: &QueryArgs) -> anyhow::Result<ChurnAnswer> {
    let query: ChurnQuery = question(io::stdin())?;
    let workspace = workspace(store, &args.workspace).await?;
    let now = Timestamp::now();
    Ok(store.churn(&workspace, &query, now, usize::MAX).await?)
}

/// The workspace of this name.
pub(super) async fn workspace(store: &Store, name: &str) -> anyhow::Result<Workspace> {
    match store.workspace(name).await {
        Err(StoreError::NotFound) => anyhow::bail!("there is no workspace “{name}”"),
        found => Ok(found?),
    }
}

/// The question; nothing at all is the default one.
fn question<Q: DeserializeOwned + Default>(input: impl Read + IsTerminal) -> anyhow::Result<Q> {
    let given = given(input).context("the question on standard input is not one")?;
    Ok(given.unwrap_or_default())
}

/// What stands in an input as JSON, if anything does.
pub(super) fn given<T: DeserializeOwned>(
    mut input: impl Read + IsTerminal,
) -> anyhow::Result<Option<T>> {
    let mut text = String::new();
    // Nobody types JSON into a terminal, and a command that waits for it looks broken.
    if !input.is_terminal() {
        input
            .read_to_string(&mut text)
            .context("standard input can't be read")?;
    }
    if text.trim().is_empty() {
        return Ok(None);
    }
    Ok(serde_json::from_str(&text)?)
}

/// Prints a report as JSON, or by its own way as CSV.
fn print<D: Serialize>(
    args: &QueryArgs,
    document: &D,
    csv: impl FnOnce(&D, io::StdoutLock<'static>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let output = io::stdout().lock();
    if args.csv {
        csv(document, output)
    } else {
        write_json(document, output)
    }
}

/// A number as it is, or nothing.
fn number(number: Option<f64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// Writes a value as a line of JSON.
pub(super) fn write_json(document: &impl Serialize, mut output: impl Write) -> anyhow::Result<()> {
    serde_json::to_writer(&mut output, document)?;
    writeln!(output)?;
    Ok(())
}

/// A row for each cell, the overall row's cohort being empty; the method line goes to standard error.
fn write_csv(document: &RetentionDocument<'_>, output: impl Write) -> anyhow::Result<()> {
    eprintln!("{}", document.method);
    let mut rows = csv::Writer::from_writer(output);
    rows.write_record([
        "cohort", "size", "column", "retained", "of", "state", "rate", "low", "high",
    ])?;
    for cohort in document.cohorts.iter() {
        for (cell, column) in cohort.cells.iter().zip(&document.columns) {
            rows.write_record([
                cohort.start.to_string(),
                cohort.size.to_string(),
                column.clone(),
                cell.retained.to_string(),
                cell.of.unwrap_or(u64::from(cohort.size)).to_string(),
                cell.state.to_string(),
                number(cell.rate),
                number(cell.low),
                number(cell.high),
            ])?;
        }
    }
    for (cell, column) in document.overall.iter().zip(&document.columns) {
        let Some(cell) = cell else { continue };
        rows.write_record([
            String::new(),
            document.customers.to_string(),
            column.clone(),
            cell.retained.to_string(),
            cell.of.to_string(),
            "pooled".to_owned(),
            number(cell.rate),
            number(cell.low),
            number(cell.high),
        ])?;
    }
    rows.flush()?;
    Ok(())
}
