//! Which feature is looked at when none is named.

use super::{ScanRow, Verdict};

/// What events are called that are no value by themselves, their words put together: being there, not doing something.
const BEING_THERE: [&str; 34] = [
    "appopen",
    "appopened",
    "appstart",
    "appstarted",
    "heartbeat",
    "identify",
    "loggedin",
    "loggedout",
    "login",
    "logins",
    "logon",
    "logout",
    "openedapp",
    "pageview",
    "pageviewed",
    "pageviews",
    "pagevisit",
    "pagevisited",
    "registered",
    "registration",
    "screenview",
    "screenviewed",
    "sessionend",
    "sessionstart",
    "sessionstarted",
    "signedin",
    "signedout",
    "signedup",
    "signin",
    "signon",
    "signout",
    "signup",
    "viewedpage",
    "viewedscreen",
];
/// None of these has more words than this.
const WORDS: usize = 2;

/// Whether an event's name says that a customer was there and nothing else: a login, a page view, a sign-up. Such an
/// event is a feature for who asks for it, never by itself.
pub fn is_presence(event: &str) -> bool {
    let words = words(event);
    (1..=WORDS)
        .flat_map(|length| words.windows(length))
        .any(|some| BEING_THERE.binary_search(&some.concat().as_str()).is_ok())
}

/// The words of a name in small letters: `userSignedUp`, `user signed-up` and `user_signed_up` have the same three.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = None;
    for letter in name.chars() {
        if letter.is_alphanumeric() {
            let begins = match before {
                None => true,
                Some(before) => char::is_lowercase(before) && letter.is_uppercase(),
            };
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
            before = Some(letter);
        } else {
            before = None;
        }
    }
    words
}

/// The most interesting feature of a scan: the one that keeps customers most, else the one that drives most away, if
/// chance does not explain it; else the one that most customers use. `None` when customers were only seen to be there.
pub fn interesting(scan: &[ScanRow]) -> Option<&ScanRow> {
    let rows = || scan.iter().filter(|row| !is_presence(&row.feature));
    let found = |row: &&ScanRow, verdict: Verdict| row.stands() && row.verdict == verdict;
    rows()
        .find(|row| found(row, Verdict::Confirmed))
        .or_else(|| rows().rev().find(|row| found(row, Verdict::Reverse)))
        .or_else(|| rows().min_by_key(|row| (std::cmp::Reverse(row.users), &row.feature)))
}
