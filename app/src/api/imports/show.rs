//! From the store's imports to what their pages show.

use super::answers::{answers, role_name};
use super::phrases::{
    count, dialect, moment, outcome, outcome_details, pace, percent, readings, sentence, size,
    state,
};
use super::{ColumnView, DataView, DateChoice, ImportLine, ImportView, PreviewView, Uploads};
use analysis::import::{ColumnRole, FileKind, ImportPhase, ImportPreview, TimeGuess};
use analysis::period::Calendar;
use analysis::words::thousands;
use store::{DateOrder, Import, ImportId, IntakeError, Look, Said, Store, StoreError, Workspace};

/// Imports in the list of the data page.
const IMPORTS: u32 = 50;

/// Rejected rows shown on an import's page; all of them are in its download.
const REJECTED: u32 = 20;

/// Characters of a rejected row that are shown.
const RAW: usize = 300;

pub(super) async fn data(store: &Store, slug: &str) -> Result<DataView, StoreError> {
    let workspace = store.workspace(slug).await?;
    let calendar = calendar(&workspace)?;
    let events = store.event_counts(workspace.id).await?;
    let customers = store.customers(workspace.id).await?;
    let imports = store.imports(workspace.id, IMPORTS).await?;
    let stored: u64 = events.iter().map(|event| event.events).sum();
    let (finding, evidence) = if stored == 0 && customers == 0 {
        let start = "Bring in a file of events: one row for each thing that a customer did.";
        ("There is nothing here yet.".to_owned(), start.to_owned())
    } else {
        let finding = format!(
            "{} of {}.",
            count(stored, "event"),
            count(customers, "customer")
        );
        (
            finding,
            format!("Times and periods are those of {}.", workspace.zone),
        )
    };
    Ok(DataView {
        finding,
        evidence,
        busy: imports.iter().any(|import| goes_on(import.progress.phase)),
        events: events
            .into_iter()
            .map(|event| (event.name, thousands(event.events)))
            .collect(),
        imports: imports
            .into_iter()
            .map(|import| line(import, &calendar))
            .collect(),
    })
}

fn calendar(workspace: &Workspace) -> Result<Calendar, StoreError> {
    Calendar::new(&workspace.zone, workspace.week_start)
        .map_err(|_| StoreError::Zone(workspace.zone.clone()))
}

fn goes_on(phase: ImportPhase) -> bool {
    matches!(phase, ImportPhase::Queued | ImportPhase::Running)
}

fn line(import: Import, calendar: &Calendar) -> ImportLine {
    let rows = match &import.progress.summary {
        Some(summary) => [summary.stored, summary.duplicates, summary.rejected].map(thousands),
        None => Default::default(),
    };
    ImportLine {
        id: import.id.0,
        state: state(&import.progress),
        came: moment(calendar, import.created_at),
        file: import.file_name,
        rows,
    }
}

pub(super) async fn import(
    store: &Store,
    uploads: &Uploads,
    slug: &str,
    number: &str,
    said: &str,
) -> Result<ImportView, StoreError> {
    let workspace = store.workspace(slug).await?;
    let calendar = calendar(&workspace)?;
    let id = ImportId(number.parse().map_err(|_| StoreError::NotFound)?);
    let import = store.import(workspace.id, id).await?;
    let progress = &import.progress;
    let here = uploads.holds(id);
    let mut view = ImportView {
        about: format!(
            "{} · {}",
            size(progress.bytes_total),
            moment(&calendar, import.created_at)
        ),
        phase: progress.phase,
        percent: percent(progress),
        finding: String::new(),
        evidence: String::new(),
        again: false,
        preview: None,
        reasons: Vec::new(),
        rejected: Vec::new(),
        file: import.file_name.clone(),
    };
    (view.finding, view.evidence) = match progress.phase {
        ImportPhase::Uploaded => {
            let (said, ignored) = answers(said);
            match store::look(uploads.file(id), workspace.zone.clone(), said.clone()).await {
                Ok(look) => {
                    let ignored = ignored.iter().map(ToString::to_string).collect();
                    let size = size(progress.bytes_total);
                    let preview = preview(look, &workspace.zone, &said, (ignored, size));
                    let words = ask(&preview);
                    view.preview = Some(preview);
                    words
                }
                Err(_) if !here => gone(),
                Err(error) => unreadable(&error),
            }
        }
        ImportPhase::Queued => (
            "Waiting for its turn.".to_owned(),
            "Files are brought in one after the other.".to_owned(),
        ),
        ImportPhase::Running => ("The rows are being brought in.".to_owned(), pace(progress)),
        ImportPhase::Done => match &progress.summary {
            Some(summary) => (outcome(summary), outcome_details(summary, &calendar)),
            None => Default::default(),
        },
        ImportPhase::Failed => {
            view.again = here;
            stopped(&import, here)
        }
    };
    if progress.rejected > 0 && matches!(progress.phase, ImportPhase::Done | ImportPhase::Failed) {
        view.reasons = store
            .rejected_counts(workspace.id, id)
            .await?
            .into_iter()
            .map(|reason| (sentence(&reason.reason), thousands(reason.rows)))
            .collect();
        view.rejected = store
            .rejected_after(workspace.id, id, 0, REJECTED)
            .await?
            .into_iter()
            .map(|row| {
                (
                    thousands(row.line),
                    sentence(&row.reason),
                    shortened(&row.raw),
                )
            })
            .collect();
    }
    Ok(view)
}

fn ask(preview: &PreviewView) -> (String, String) {
    let columns = count(
        u64::try_from(preview.columns.len()).unwrap_or(u64::MAX),
        "column",
    );
    if preview.problems.is_empty() {
        let finding = format!("A file of {}, {columns}.", preview.kind);
        (
            finding,
            "Look whether its columns are used as you mean them.".to_owned(),
        )
    } else {
        let finding = format!(
            "A file of {}, {columns}, and something to be said.",
            preview.kind
        );
        (
            finding,
            "Answer what is asked below; nothing is stored before.".to_owned(),
        )
    }
}

fn gone() -> (String, String) {
    let evidence = "It was removed from the server. Bring it in again from the data page.";
    (
        "The file is no longer here.".to_owned(),
        evidence.to_owned(),
    )
}

fn unreadable(error: &IntakeError) -> (String, String) {
    (
        "The file can’t be read.".to_owned(),
        sentence(&error.to_string()),
    )
}

fn stopped(import: &Import, here: bool) -> (String, String) {
    let why = sentence(
        import
            .progress
            .error
            .as_deref()
            .unwrap_or("it is not known why"),
    );
    let read = match import.progress.rows {
        0 => "No row was stored.".to_owned(),
        rows => format!(
            "{} were read before; what is stored stays, and nothing is stored twice.",
            count(rows, "row")
        ),
    };
    let next = if here {
        ""
    } else {
        " The file is no longer here: bring it in again."
    };
    (
        "The import stopped before its end.".to_owned(),
        format!("{why} {read}{next}"),
    )
}

fn preview(
    look: Look,
    zone: &str,
    said: &Said,
    (ignored, size): (Vec<String>, String),
) -> PreviewView {
    let Look { preview, mapping } = look;
    let events = preview.kind == FileKind::Events;
    let named = preview
        .columns
        .iter()
        .any(|column| column.role == ColumnRole::Event);
    let zone = mapping.as_ref().map_or(zone, |mapping| mapping.zone());
    PreviewView {
        kind: if events { "events" } else { "customers" }.to_owned(),
        dialect: dialect(preview.delimiter, &preview.time, zone),
        roles: roles(preview.kind),
        dates: dates(&preview, said),
        event: (events && (!named || said.event.is_some()))
            .then(|| said.event.clone().unwrap_or_default()),
        columns: preview
            .columns
            .into_iter()
            .map(|column| ColumnView {
                role: role_name(column.role).to_owned(),
                samples: column.samples.join(" · "),
                name: column.name,
            })
            .collect(),
        rows: preview.rows,
        problems: preview.problems,
        ignored,
        size,
    }
}

/// The uses that columns of such a file can have.
fn roles(kind: FileKind) -> Vec<(String, String)> {
    let own: &[(ColumnRole, &str)] = match kind {
        FileKind::Events => &[
            (ColumnRole::Customer, "Customer’s id"),
            (ColumnRole::Event, "Event’s name"),
            (ColumnRole::Time, "Time of the event"),
            (ColumnRole::Key, "Key: stored once"),
            (ColumnRole::Property, "Property"),
            (ColumnRole::Ignored, "Left out"),
        ],
        FileKind::Customers => &[
            (ColumnRole::Customer, "Customer’s id"),
            (ColumnRole::SignedUp, "Time of signup"),
            (ColumnRole::Account, "Account’s id"),
            (ColumnRole::Property, "Trait"),
            (ColumnRole::Ignored, "Left out"),
        ],
    };
    own.iter()
        .map(|(role, label)| (role_name(*role).to_owned(), (*label).to_owned()))
        .collect()
}

/// The two readings of the file's dates, while they are in question or when they were.
fn dates(preview: &ImportPreview, said: &Said) -> Vec<DateChoice> {
    let sample = match &preview.time {
        TimeGuess::Ambiguous { sample } => sample.as_str(),
        TimeGuess::DayFirst | TimeGuess::MonthFirst if said.dates.is_some() => preview
            .columns
            .iter()
            .find(|column| matches!(column.role, ColumnRole::Time | ColumnRole::SignedUp))
            .and_then(|column| column.samples.first())
            .map_or("", String::as_str),
        _ => return Vec::new(),
    };
    let orders = [
        ("day-first", DateOrder::DayFirst),
        ("month-first", DateOrder::MonthFirst),
    ];
    orders
        .into_iter()
        .zip(readings(sample))
        .map(|((value, order), label)| DateChoice {
            value: value.to_owned(),
            label,
            chosen: said.dates == Some(order),
        })
        .collect()
}

fn shortened(raw: &str) -> String {
    match raw.char_indices().nth(RAW) {
        Some((end, _)) => format!("{}…", &raw[..end]),
        None => raw.to_owned(),
    }
}
