//! Reading a file row by row with a mapping.

use crate::preview::headings;
use crate::records::{Advance, Records};
use crate::reject::printable;
use crate::source::Source;
use crate::time::{EARLIEST, TimeReader};
use crate::value::typed;
use crate::{IntakeError, MAX_NAME, Mapping, Reason, Rejected, event_key};
use analysis::import::{ColumnRole, FileKind};
use compact_str::CompactString;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use std::io::Read;

/// An event on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord {
    /// The customer's external id, 1 to 200 characters.
    pub customer: CompactString,
    /// The event's name, 1 to 200 characters.
    pub name: CompactString,
    /// When it happened.
    pub at: Timestamp,
    /// Its properties; none when it has none.
    pub properties: Option<Map<String, Value>>,
    /// The sender's idempotency key, hashed ([`event_key`]): the same key of the same customer is stored once, for ever.
    /// An event without a key is stored when its customer has none alike in name, instant (cut to microseconds) and
    /// properties. So the same file twice, or a longer export that holds the same rows, changes nothing; the price: the
    /// same event exported with another set of columns is another event.
    pub key: Option<[u8; 16]>,
}

/// A customer's traits on their way in; traits given later win, one by one.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerRecord {
    /// External id, 1 to 200 characters.
    pub customer: String,
    /// When he signed up, when told.
    pub signup_at: Option<Timestamp>,
    /// The account's external id, when told.
    pub account: Option<String>,
    /// All other traits that are not empty.
    pub traits: Map<String, Value>,
}

/// One row of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A row of a file of events.
    Event(EventRecord),
    /// A row of a file of customers.
    Customer(CustomerRecord),
    /// A row that can't be stored.
    Rejected(Rejected),
}

/// Reads a file's rows in constant memory: one record at a time, none longer than 1 MiB.
///
/// Blanks around values don't count. An iteration ends after the first error.
pub struct Rows<R: Read> {
    records: Records<Source<R>>,
    kind: FileKind,
    width: usize,
    customer: usize,
    event: Name,
    time: Option<usize>,
    key: Option<usize>,
    account: Option<usize>,
    properties: Vec<(usize, String)>,
    instants: TimeReader,
    latest: Timestamp,
    ended: bool,
}

/// Where the event's name is.
enum Name {
    Column(usize),
    Fixed(String),
}

impl<R: Read> Rows<R> {
    /// Begins to read. Rows more than 24 hours after `now` are rejected.
    ///
    /// # Errors
    /// When the file as a whole can't be read, or has other columns than the preview had.
    pub fn new(reader: R, mapping: &Mapping, now: Timestamp) -> Result<Self, IntakeError> {
        let source = Source::open(reader)?;
        let delimiter = u8::try_from(mapping.delimiter).map_err(|_| IntakeError::OtherColumns)?;
        let mut records = Records::new(source, delimiter);
        let names = headings(&mut records)?;
        if !names
            .iter()
            .eq(mapping.columns.iter().map(|(name, _)| name))
        {
            return Err(IntakeError::OtherColumns);
        }
        let time = match mapping.kind {
            FileKind::Events => ColumnRole::Time,
            FileKind::Customers => ColumnRole::SignedUp,
        };
        let event = match (mapping.column(ColumnRole::Event), &mapping.event) {
            (Some(column), _) => Name::Column(column),
            (None, name) => Name::Fixed(name.as_deref().unwrap_or_default().trim().to_owned()),
        };
        Ok(Self {
            records,
            kind: mapping.kind,
            width: mapping.columns.len(),
            customer: mapping
                .column(ColumnRole::Customer)
                .ok_or(IntakeError::OtherColumns)?,
            event,
            time: mapping.column(time),
            key: mapping.column(ColumnRole::Key),
            account: mapping.column(ColumnRole::Account),
            properties: properties(mapping),
            instants: mapping.time_reader()?,
            latest: now
                .checked_add(SignedDuration::from_hours(24))
                .unwrap_or(Timestamp::MAX),
            ended: false,
        })
    }

    /// Bytes of text in the rows read so far, the last one aside; of the text, not of the compressed file.
    pub fn bytes(&self) -> u64 {
        self.records.passed()
    }

    fn row(&self) -> Result<Row, Reason> {
        self.check()?;
        let customer = self.customer()?;
        match self.kind {
            FileKind::Events => self.event(customer).map(Row::Event),
            FileKind::Customers => self.traits(customer).map(Row::Customer),
        }
    }

    /// What holds for the row as a whole.
    fn check(&self) -> Result<(), Reason> {
        if self.records.len() < self.width {
            return Err(Reason::TooFewFields);
        }
        if self.records.len() > self.width {
            return Err(Reason::TooManyFields);
        }
        if self.records.joined().contains(&0) {
            return Err(Reason::Nul);
        }
        // Field by field: two halves of a character in neighbouring fields are not one.
        if (0..self.width).any(|column| std::str::from_utf8(self.records.field(column)).is_err()) {
            return Err(Reason::NotUtf8);
        }
        Ok(())
    }

    fn text(&self, column: usize) -> Result<&str, Reason> {
        std::str::from_utf8(self.records.field(column))
            .map(str::trim)
            .map_err(|_| Reason::NotUtf8)
    }

    fn customer(&self) -> Result<&str, Reason> {
        let customer = self.text(self.customer)?;
        if customer.is_empty() {
            Err(Reason::NoCustomer)
        } else if is_banned(customer) {
            Err(Reason::BannedCustomer)
        } else if is_long(customer) {
            Err(Reason::LongCustomer)
        } else {
            Ok(customer)
        }
    }

    fn event(&self, customer: &str) -> Result<EventRecord, Reason> {
        let name = match &self.event {
            Name::Column(column) => self.text(*column)?,
            Name::Fixed(name) => name,
        };
        if name.is_empty() {
            return Err(Reason::NoEvent);
        }
        if is_long(name) {
            return Err(Reason::LongEvent);
        }
        let at = self.instant()?.ok_or(Reason::NoTime)?;
        let properties = self.properties()?;
        let properties = (!properties.is_empty()).then_some(properties);
        let given = match self.key {
            Some(column) => Some(self.text(column)?).filter(|key| !key.is_empty()),
            None => None,
        };
        let key = given.map(|given| event_key(customer, given));
        Ok(EventRecord {
            customer: customer.into(),
            name: name.into(),
            at,
            properties,
            key,
        })
    }

    fn traits(&self, customer: &str) -> Result<CustomerRecord, Reason> {
        let account = match self.account {
            Some(column) => self.text(column)?,
            None => "",
        };
        if is_long(account) {
            return Err(Reason::LongAccount);
        }
        Ok(CustomerRecord {
            customer: customer.to_owned(),
            signup_at: self.instant()?,
            // "null" and its like are how programs write that there is none
            account: (!account.is_empty() && !is_banned(account)).then(|| account.to_owned()),
            traits: self.properties()?,
        })
    }

    /// The row's instant; none when it is empty or the file has none.
    fn instant(&self) -> Result<Option<Timestamp>, Reason> {
        let text = match self.time {
            Some(column) => self.text(column)?,
            None => "",
        };
        if text.is_empty() {
            return Ok(None);
        }
        match self.instants.read(text) {
            None => Err(Reason::BadTime),
            Some(at) if at < EARLIEST => Err(Reason::Ancient),
            Some(at) if at > self.latest => Err(Reason::Future),
            Some(at) => Ok(Some(at)),
        }
    }

    fn properties(&self) -> Result<Map<String, Value>, Reason> {
        let mut properties = Map::new();
        for (column, name) in &self.properties {
            if let Some(value) = typed(self.text(*column)?) {
                properties.insert(name.clone(), value);
            }
        }
        Ok(properties)
    }

    fn rejected(&self, reason: Reason) -> Row {
        Row::Rejected(Rejected {
            line: self.records.line(),
            reason,
            raw: printable(self.records.raw()),
        })
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, IntakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        match self.records.advance() {
            Ok(Advance::Record) => Some(Ok(self
                .row()
                .unwrap_or_else(|reason| self.rejected(reason)))),
            Ok(Advance::Broken(reason)) => Some(Ok(self.rejected(reason))),
            Ok(Advance::End) => {
                self.ended = true;
                None
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error.into()))
            }
        }
    }
}

/// Columns kept as properties or traits. Roles of the other kind of file are properties here.
fn properties(mapping: &Mapping) -> Vec<(usize, String)> {
    let kept = |role: ColumnRole| match role {
        ColumnRole::Property => true,
        ColumnRole::Event | ColumnRole::Time | ColumnRole::Key => {
            mapping.kind == FileKind::Customers
        }
        ColumnRole::SignedUp | ColumnRole::Account => mapping.kind == FileKind::Events,
        ColumnRole::Customer | ColumnRole::Ignored => false,
    };
    mapping
        .columns
        .iter()
        .enumerate()
        .filter(|(_, (name, role))| kept(*role) && !name.is_empty())
        .map(|(column, (name, _))| (column, name.clone()))
        .collect()
}

/// More characters than an id or a name may have.
fn is_long(text: &str) -> bool {
    text.len() > MAX_NAME && text.chars().count() > MAX_NAME
}

/// Ids by which programs say "nobody": those that Amplitude and Mixpanel refuse, and what JavaScript and Python print
/// for nothing. Stored, they would become the most loyal customer of all.
const BANNED: [&str; 20] = [
    "anonymous",
    "anon",
    "nil",
    "<nil>",
    "none",
    "null",
    "n/a",
    "na",
    "nan",
    "undefined",
    "unknown",
    "true",
    "false",
    "0",
    "-1",
    "{}",
    "[]",
    "[object object]",
    "lmy47d",
    "00000000-0000-0000-0000-000000000000",
];

fn is_banned(id: &str) -> bool {
    BANNED.iter().any(|banned| id.eq_ignore_ascii_case(banned))
}
