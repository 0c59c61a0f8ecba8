//! A look at the beginning of a file: what it seems to be, and what has to be asked.

use crate::columns;
use crate::delimiter;
use crate::records::{Advance, Records};
use crate::source::Source;
use crate::time::guess;
use crate::{IntakeError, MAX_COLUMNS, MAX_NAME, Options};
use analysis::import::{ColumnGuess, ColumnRole, FileKind, ImportPreview, TimeGuess};
use std::collections::HashSet;
use std::io::Read;

/// Rows looked at.
const SAMPLE_ROWS: usize = 1_000;

/// Bytes of rows looked at, whatever their number.
const SAMPLE_BYTES: usize = 4 * 1024 * 1024;

/// Rows shown.
const SHOWN_ROWS: usize = 10;

/// Characters of a value shown.
const SHOWN_CHARACTERS: usize = 120;

/// Values shown of each column.
const SHOWN_SAMPLES: usize = 3;

/// Looks at the first thousand rows of a file, plain or gzip.
///
/// # Errors
/// When the file as a whole can't be read. What a person can answer is in the preview's `problems` instead.
pub fn preview(reader: impl Read, options: &Options) -> Result<ImportPreview, IntakeError> {
    let source = Source::open(reader)?;
    let delimiter = delimiter::sniff(source.head(), source.is_short());
    let mut records = Records::new(source, delimiter);
    let names = headings(&mut records)?;
    let rows = sample(&mut records, names.len())?;
    let values = |column: usize| {
        rows.iter()
            .map(move |row: &Vec<String>| row[column].as_str())
    };
    let filled = |column: usize| values(column).filter(|value| !value.is_empty());

    let kind = kind(&names, options);
    let mut roles = columns::roles(kind, &names, |column| {
        let mut seen = HashSet::new();
        filled(column).all(|value| seen.insert(value))
    });
    let mut problems = choose(&mut roles, &names, options);

    let dated_by = match kind {
        FileKind::Events => ColumnRole::Time,
        FileKind::Customers => ColumnRole::SignedUp,
    };
    let dated = roles.iter().position(|&role| role == dated_by);
    let time = match dated {
        Some(column) => {
            let found = guess(filled(column), options.dates);
            problems.extend(found.problem);
            found.time
        }
        None => TimeGuess::None,
    };
    problems.extend(missing(kind, &roles, options));
    let columns = names
        .iter()
        .zip(roles)
        .enumerate()
        .map(|(column, (name, role))| ColumnGuess {
            name: name.clone(),
            role,
            samples: samples(filled(column)),
        })
        .collect();
    Ok(ImportPreview {
        kind,
        delimiter: char::from(delimiter),
        columns,
        rows: rows
            .iter()
            .take(SHOWN_ROWS)
            .map(|row| row.iter().map(|value| shortened(value)).collect())
            .collect(),
        time,
        problems,
    })
}

/// The first record as column names: trimmed, repeated ones numbered.
pub(crate) fn headings<R: Read>(records: &mut Records<R>) -> Result<Vec<String>, IntakeError> {
    match records.advance()? {
        Advance::Record => {}
        Advance::Broken(_) => {
            return Err(IntakeError::Header("it has a quote that is never closed"));
        }
        Advance::End => return Err(IntakeError::Empty),
    }
    if records.len() > MAX_COLUMNS {
        return Err(IntakeError::TooManyColumns(records.len()));
    }
    let mut seen = HashSet::new();
    (0..records.len())
        .map(|column| {
            let text = std::str::from_utf8(records.field(column))
                .map_err(|_| IntakeError::Header("it is not valid UTF-8"))?
                .trim();
            if text.contains('\0') {
                return Err(IntakeError::Header("it holds a NUL character"));
            }
            if text.chars().count() > MAX_NAME {
                return Err(IntakeError::Header(
                    "a name in it is longer than 200 characters",
                ));
            }
            let mut name = text.to_owned();
            let mut number = 2;
            while !name.is_empty() && !seen.insert(name.clone()) {
                name = format!("{text} ({number})");
                number += 1;
            }
            Ok(name)
        })
        .collect()
}

/// The first rows that have as many fields as there are headings; the others are for quarantine to tell about.
fn sample<R: Read>(
    records: &mut Records<R>,
    width: usize,
) -> Result<Vec<Vec<String>>, IntakeError> {
    let mut rows = Vec::new();
    let mut bytes = 0;
    while rows.len() < SAMPLE_ROWS && bytes < SAMPLE_BYTES {
        match records.advance()? {
            Advance::Record if records.len() == width => {
                let text = |column| {
                    String::from_utf8_lossy(records.field(column))
                        .trim()
                        .to_owned()
                };
                rows.push((0..width).map(text).collect());
            }
            Advance::Record | Advance::Broken(_) => {}
            Advance::End => break,
        }
        bytes += records.raw().len();
    }
    Ok(rows)
}

fn kind(names: &[String], options: &Options) -> FileKind {
    let chosen = |roles: &[ColumnRole]| {
        options
            .columns
            .iter()
            .any(|choice| roles.contains(&choice.role))
    };
    if let Some(kind) = options.kind {
        kind
    } else if options.event.is_some() || chosen(&[ColumnRole::Event, ColumnRole::Time]) {
        FileKind::Events
    } else if chosen(&[ColumnRole::SignedUp, ColumnRole::Account]) {
        FileKind::Customers
    } else {
        columns::kind(names)
    }
}

/// Applies the chosen roles; a role that only one column can have is taken from the column that was guessed.
fn choose(roles: &mut [ColumnRole], names: &[String], options: &Options) -> Vec<String> {
    let mut problems = Vec::new();
    let mut chosen: Vec<ColumnRole> = Vec::new();
    for choice in &options.columns {
        let role = choice.role;
        let Some(column) = names.iter().position(|name| *name == choice.column) else {
            problems.push(format!("There is no column “{}”.", choice.column));
            continue;
        };
        let shared = matches!(role, ColumnRole::Property | ColumnRole::Ignored);
        if !shared && chosen.contains(&role) {
            problems.push(format!("Only one column can be the {}.", noun(role)));
            continue;
        }
        if !shared {
            for other in roles.iter_mut().filter(|other| **other == role) {
                *other = ColumnRole::Property;
            }
        }
        roles[column] = role;
        chosen.push(role);
    }
    // One name for all rows and a column of names exclude each other; the column is then a property like any other.
    if options.event.is_some() && !chosen.contains(&ColumnRole::Event) {
        for role in roles.iter_mut().filter(|role| **role == ColumnRole::Event) {
            *role = ColumnRole::Property;
        }
    }
    problems
}

/// What a file of this kind can't do without.
fn missing(kind: FileKind, roles: &[ColumnRole], options: &Options) -> Vec<String> {
    let lacks = |role| !roles.contains(&role);
    let mut problems = Vec::new();
    if lacks(ColumnRole::Customer) {
        problems.push("Which column holds the customer's id?".to_owned());
    }
    if kind == FileKind::Events {
        let name = options.event.as_deref().map(str::trim);
        match (lacks(ColumnRole::Event), name) {
            (true, None | Some("")) => problems.push(
                "Which column holds the event's name? If there is none, give one name for all rows."
                    .to_owned(),
            ),
            (false, Some(_)) => {
                problems.push("Choose a column of event names or one name for all rows.".to_owned());
            }
            (_, Some(name)) if name.chars().count() > MAX_NAME || name.contains('\0') => {
                problems.push("The event's name is longer than 200 characters.".to_owned());
            }
            _ => {}
        }
        if lacks(ColumnRole::Time) {
            problems.push("Which column holds the time of the event?".to_owned());
        }
    }
    problems
}

fn noun(role: ColumnRole) -> &'static str {
    match role {
        ColumnRole::Customer => "customer",
        ColumnRole::Event => "event",
        ColumnRole::Time => "time",
        ColumnRole::Key => "key",
        ColumnRole::SignedUp => "signup",
        ColumnRole::Account => "account",
        ColumnRole::Property => "property",
        ColumnRole::Ignored => "ignored column",
    }
}

/// The first different values.
fn samples<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut samples: Vec<String> = Vec::new();
    for value in values {
        let value = shortened(value);
        if !samples.contains(&value) {
            samples.push(value);
        }
        if samples.len() == SHOWN_SAMPLES {
            break;
        }
    }
    samples
}

fn shortened(value: &str) -> String {
    match value.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
