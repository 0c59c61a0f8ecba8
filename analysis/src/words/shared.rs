//! What a link says of its numbers.

use jiff::civil::DateTime;

use super::method::parts;
use super::{date_time, thousands};
use crate::report::RetentionReport;
use crate::withhold::{FEWEST, Withheld};

/// The method line of a report on a link. `guarded`: numbers that tell of few customers were taken out.
pub fn shared_method(report: &RetentionReport, withheld: &Withheld, guarded: bool) -> String {
    let mut parts = parts(report, !guarded);
    if guarded {
        parts.push(match withheld.len() {
            0 if withheld.is_empty() => format!(
                "nothing had to be withheld: no cell tells of fewer than {FEWEST} customers"
            ),
            1 => format!(
                "1 cell that tells of fewer than {FEWEST} customers is withheld and left out of the overall row"
            ),
            many => format!(
                "{} cells that tell of fewer than {FEWEST} customers are withheld and left out of the overall row",
                thousands(u64::try_from(many).unwrap_or(u64::MAX))
            ),
        });
    }
    parts.join(" · ")
}

/// "Pinned on 22 Nov 2026 20:45: these numbers stay as they are. Data version 130."; `data` begins with the number of
/// writes.
pub fn pinned(at: DateTime, data: &str) -> String {
    let writes = data.split('.').next().unwrap_or_default();
    format!(
        "Pinned on {}: these numbers stay as they are. Data version {writes}.",
        date_time(at)
    )
}

/// "Live: asked anew whenever it is looked at; these numbers are as of 22 Nov 2026 20:45."
pub fn live(as_of: DateTime) -> String {
    format!(
        "Live: asked anew whenever it is looked at; these numbers are as of {}.",
        date_time(as_of)
    )
}
