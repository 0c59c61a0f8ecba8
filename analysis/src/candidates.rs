//! Which events are worth proposing as activity: those that many customers do, and come back to. Signing in and the like
//! say nothing of value and are never proposed.

use crate::words::{list, percent};

/// Why an event can't show that a customer got value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoValue {
    /// Signing in or out, or beginning a session.
    SignIn,
    /// Signing up, or being made known.
    SignUp,
    /// Looking at a page or a screen.
    View,
    /// Mail and notices that the product sends, and their opening.
    Mail,
    /// Something went wrong.
    Error,
    /// The product's own doing: bills, heartbeats, automatic records.
    Product,
    /// Leaving.
    Leaving,
}

impl NoValue {
    /// "signing in".
    pub fn words(self) -> &'static str {
        match self {
            NoValue::SignIn => "signing in or out",
            NoValue::SignUp => "signing up",
            NoValue::View => "looking at a page",
            NoValue::Mail => "mail and notices",
            NoValue::Error => "something going wrong",
            NoValue::Product => "the product’s own doing",
            NoValue::Leaving => "leaving",
        }
    }
}

use NoValue::{Error, Leaving, Mail, Product, SignIn, SignUp, View};

/// Words that follow each other in a name, however it is spelt, and what they say. Single words also stand for names
/// without any sign between their words when they begin or end one ("userlogin").
const PATTERNS: [(NoValue, &[&[&str]]); 7] = [
    (
        SignIn,
        &[
            &["login"],
            &["logins"],
            &["log", "in"],
            &["logged", "in"],
            &["logon"],
            &["log", "on"],
            &["logged", "on"],
            &["signin"],
            &["sign", "in"],
            &["signed", "in"],
            &["sign", "on"],
            &["sso"],
            &["logout"],
            &["log", "out"],
            &["logged", "out"],
            &["signout"],
            &["sign", "out"],
            &["signed", "out"],
            &["authenticated"],
            &["authentication"],
            &["session"],
            &["sessions"],
            &["app", "open"],
            &["app", "opened"],
            &["open", "app"],
            &["opened", "app"],
            &["app", "launched"],
            &["app", "launch"],
            &["app", "start"],
            &["app", "started"],
            &["first", "open"],
            &["password"],
        ],
    ),
    (
        SignUp,
        &[
            &["signup"],
            &["sign", "up"],
            &["signed", "up"],
            &["register"],
            &["registered"],
            &["registration"],
            &["account", "created"],
            &["create", "account"],
            &["created", "account"],
            &["user", "created"],
            &["created", "user"],
            &["customer", "created"],
            &["identify"],
            &["email", "confirmed"],
            &["email", "verified"],
            &["trial", "started"],
        ],
    ),
    (
        View,
        &[
            &["pageview"],
            &["pageviews"],
            &["page", "view"],
            &["page", "views"],
            &["page", "viewed"],
            &["viewed", "page"],
            &["view", "page"],
            &["page", "visit"],
            &["page", "visited"],
            &["page", "load"],
            &["page", "loaded"],
            &["page", "leave"],
            &["pageleave"],
            &["page"],
            &["screen"],
            &["screenview"],
            &["screen", "view"],
            &["screen", "viewed"],
            &["scroll"],
            &["autocapture"],
        ],
    ),
    (
        Mail,
        &[
            &["email", "open"],
            &["email", "opened"],
            &["email", "received"],
            &["email", "delivered"],
            &["email", "bounced"],
            &["email", "bounce"],
            &["email", "clicked"],
            &["email", "link"],
            &["opened", "email"],
            &["open", "email"],
            &["received", "email"],
            &["mail", "open"],
            &["mail", "opened"],
            &["mail", "received"],
            &["mail", "delivered"],
            &["opened", "mail"],
            &["received", "mail"],
            &["newsletter"],
            &["receipt"],
            &["push", "received"],
            &["push", "delivered"],
            &["push", "opened"],
            &["push", "sent"],
            &["notification", "received"],
            &["notification", "sent"],
            &["notification", "delivered"],
            &["notification", "opened"],
            &["notification", "viewed"],
        ],
    ),
    (
        Error,
        &[
            &["error"],
            &["errors"],
            &["exception"],
            &["crash"],
            &["crashed"],
            &["failed"],
            &["failure"],
            &["timeout"],
            &["rage", "click"],
            &["rageclick"],
        ],
    ),
    (
        Product,
        &[
            &["invoice"],
            &["invoiced"],
            &["heartbeat"],
            &["ping"],
            &["healthcheck"],
            &["billed"],
            &["charged"],
            &["payment", "succeeded"],
            &["subscription", "renewed"],
            &["feature", "flag"],
            &["experiment", "viewed"],
        ],
    ),
    (
        Leaving,
        &[
            &["unsubscribe"],
            &["unsubscribed"],
            &["cancel"],
            &["cancelled"],
            &["canceled"],
            &["cancellation"],
            &["uninstall"],
            &["uninstalled"],
            &["app", "remove"],
            &["account", "deleted"],
            &["deactivated"],
            &["churned"],
        ],
    ),
];

/// A word of this length at an end of an unbroken name is no accident.
const TELLING: usize = 5;

/// Why the events of this name show no value; `None` for those that may.
pub fn no_value(name: &str) -> Option<NoValue> {
    let words = words_of(name);
    let mut kinds = PATTERNS.iter();
    let found = kinds.find(|(_, patterns)| patterns.iter().any(|pattern| has(&words, pattern)));
    found.map(|(kind, _)| *kind)
}

fn has(words: &[String], pattern: &[&str]) -> bool {
    let in_order = words.windows(pattern.len()).any(|some| {
        some.iter()
            .zip(pattern)
            .all(|(word, wanted)| word == wanted)
    });
    let squeezed = pattern.concat();
    in_order
        || squeezed.len() >= TELLING
            && words
                .iter()
                .any(|word| word.starts_with(&squeezed) || word.ends_with(&squeezed))
            && !["page", "screen", "session"].contains(&squeezed.as_str())
}

/// The words of a name in small letters: "userSignedIn", "User signed-in" and "USER SIGNED IN" are the same.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let ends_capitals =
            before.is_uppercase() && letters.peek().is_some_and(|next| next.is_lowercase());
        let begins = letter.is_uppercase() && (before.is_lowercase() || ends_capitals);
        if !letter.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// How customers use an event, in a sample of them or in all.
#[derive(Clone, PartialEq, Debug)]
pub struct Usage {
    /// The event's name.
    pub event: String,
    /// Customers who did it.
    pub customers: u64,
    /// Of so many who did anything.
    pub of: u64,
    /// Of the weeks from a customer's first time until he was last seen, the mean share in which he did it, 0 to 1.
    pub regularity: f64,
}

impl Usage {
    /// The share of customers who did it, 0 to 1.
    pub fn reach(&self) -> f64 {
        match (u32::try_from(self.customers), u32::try_from(self.of)) {
            (Ok(customers), Ok(of)) if of > 0 => f64::from(customers) / f64::from(of),
            _ => 0.0,
        }
    }

    /// Why it is proposed: "62 % of customers did it, and came back to it in 48 % of their weeks."
    pub fn words(&self) -> String {
        format!(
            "{} of customers did it, in {} of the weeks from their first time until they were last seen.",
            percent(self.reach()),
            percent(self.regularity)
        )
    }
}

/// The events to propose, the best first: by the share of customers times the regularity, equal ones by name.
pub fn candidates(mut all: Vec<Usage>) -> Vec<Usage> {
    all.retain(|usage| usage.customers > 0 && no_value(&usage.event).is_none());
    let score = |usage: &Usage| usage.reach() * usage.regularity;
    all.sort_by(|one, other| {
        let by_score = score(other).total_cmp(&score(one));
        by_score.then_with(|| one.event.cmp(&other.event))
    });
    all
}

/// Names told of one reason; of more there is the number.
const NAMED: usize = 5;

/// What is left out of the proposals: "signing in or out (login and logout)"; empty when nothing is.
pub fn left_out<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut found: Vec<(NoValue, Vec<&str>)> = Vec::new();
    for name in names {
        let Some(why) = no_value(name) else { continue };
        match found.iter_mut().find(|(other, _)| *other == why) {
            Some((_, names)) => names.push(name),
            None => found.push((why, vec![name])),
        }
    }
    let told = found.into_iter().map(|(why, names)| {
        let others = names.len().saturating_sub(NAMED);
        let mut named: Vec<String> = names.into_iter().take(NAMED).map(str::to_owned).collect();
        match others {
            0 => {}
            1 => named.push("one other".to_owned()),
            _ => named.push(format!("{others} others")),
        }
        format!("{} ({})", why.words(), list(&named, "and"))
    });
    let told: Vec<String> = told.collect();
    list(&told, "and")
}
