//! `holdfast query`: a report for scripts. The question is JSON on standard input, the answer JSON or CSV on standard
//! output, and the same as the interface's for other programs (docs/API.md).

use analysis::document::RetentionDocument;
use analysis::query::RetentionQuery;
use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::io::{self, IsTerminal, Read, Write};
use store::{Store, StoreError};

/// Which report.
#[derive(Debug, Subcommand)]
pub enum QueryCommand {
    /// Of the customers who signed up in each period, how many were active in the periods after?
    Retention(QueryArgs),
}

/// Whose report, and how it is printed.
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// The workspace's name in addresses.
    #[arg(long, value_name = "NAME")]
    pub workspace: String,
    /// Prints a row for each cell instead of JSON.
    #[arg(long)]
    pub csv: bool,
}

/// Reads the question, answers it, prints the answer.
///
/// # Errors
/// A question that can't be read or answered, an unknown workspace, an output that takes nothing.
pub(super) async fn run(store: &Store, command: QueryCommand) -> anyhow::Result<()> {
    let QueryCommand::Retention(args) = command;
    let query = question(io::stdin())?;
    let workspace = match store.workspace(&args.workspace).await {
        Err(StoreError::NotFound) => anyhow::bail!("there is no workspace “{}”", args.workspace),
        found => found?,
    };
    let report = store
        .retention(&workspace, &query, Timestamp::now())
        .await?;
    let document = RetentionDocument::new(&report);
    let output = io::stdout().lock();
    let printed = if args.csv {
        write_csv(&document, output)
    } else {
        write_json(&document, output)
    };
    printed.context("the report can't be printed")
}

/// The question; nothing at all is the default one.
fn question(mut input: impl Read + IsTerminal) -> anyhow::Result<RetentionQuery> {
    let mut text = String::new();
    // Nobody types JSON into a terminal, and a command that waits for it looks broken.
    if !input.is_terminal() {
        input
            .read_to_string(&mut text)
            .context("the question on standard input can't be read")?;
    }
    if text.trim().is_empty() {
        return Ok(RetentionQuery::default());
    }
    serde_json::from_str(&text).context("the question on standard input is not one")
}

fn write_json(document: &RetentionDocument<'_>, mut output: impl Write) -> anyhow::Result<()> {
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
    let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    for cohort in &document.cohorts {
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
