//! Tables as values: what CSV, Excel and drawn tables have in common.

use analysis::words;
use jiff::civil::Date;

/// What a column's numbers are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Names and words.
    Text,
    /// Whole numbers.
    Count,
    /// Shares from 0 to 1, shown in whole percent.
    Share,
    /// Shares, shown with a decimal below 10 %.
    FineShare,
    /// Differences of shares, -1 to 1, shown in points.
    Points,
    /// Other numbers, shown with two decimals.
    Number,
    /// Probabilities.
    P,
    /// Days.
    Date,
}

/// A column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// What stands above it.
    pub name: String,
    /// What its numbers are.
    pub kind: Kind,
}

/// What stands in a cell.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Nothing: there is no such number.
    None,
    /// Words, also those of customers: never read as a formula.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A number as it is, unrounded.
    Number(f64),
    /// A day.
    Date(Date),
}

/// A cell.
#[derive(Clone, PartialEq, Debug)]
pub struct Cell {
    /// What stands in it.
    pub value: Value,
    /// The step of the heat scale that colours it, 0 to 20.
    pub heat: Option<u8>,
    /// Whether its period has not ended.
    pub running: bool,
}

/// A row.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Row {
    /// Its cells, as many as there are columns.
    pub cells: Vec<Cell>,
    /// Whether it sums up the others.
    pub total: bool,
}

/// A table.
#[derive(Clone, PartialEq, Debug)]
pub struct Sheet {
    /// Its name in addresses.
    pub part: &'static str,
    /// Its title.
    pub title: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows in the order of the screen.
    pub rows: Vec<Row>,
}

impl Column {
    /// A column.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
        }
    }

    /// What a cell of the column shows, rounded as pages round.
    pub fn shown(&self, value: &Value) -> String {
        match (value, self.kind) {
            (Value::None, _) => String::new(),
            (Value::Text(text), _) => text.clone(),
            (Value::Count(count), _) => words::thousands(*count),
            (Value::Date(date), _) => date.to_string(),
            (Value::Number(number), Kind::Share) => words::percent(*number),
            (Value::Number(number), Kind::FineShare) => words::fine_percent(*number),
            (Value::Number(number), Kind::Points) => words::signed_points(*number),
            (Value::Number(number), Kind::P) => {
                let text = words::p_value(*number);
                text.replace("p = ", "").replace("p ", "")
            }
            (Value::Number(number), _) => format!("{number:.2}"),
        }
    }
}

impl<T: Into<Value>> From<T> for Cell {
    fn from(value: T) -> Self {
        Self {
            value: value.into(),
            heat: None,
            running: false,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<u32> for Value {
    fn from(count: u32) -> Self {
        Self::Count(u64::from(count))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        match number.is_finite() {
            true => Self::Number(number),
            false => Self::None,
        }
    }
}

impl From<Date> for Value {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

impl Row {
    /// A row of its cells.
    pub fn new(cells: impl IntoIterator<Item = Cell>) -> Self {
        Self {
            cells: cells.into_iter().collect(),
            total: false,
        }
    }
}
