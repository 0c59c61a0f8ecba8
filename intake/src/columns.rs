//! What the columns of well-known exports are called, and what they are for.

use analysis::import::{ColumnRole, FileKind};

/// Names are compared folded: lower case, without blanks, `_`, `-`, `.`, `$` and a closing `(UTC)`. The first name of a
/// list that occurs wins, so the order is the order of trust.
const CUSTOMER: [&str; 16] = [
    "userid",
    "distinctid",
    "customerid",
    "customer",
    "personid",
    "memberid",
    "externalid",
    "externaluserid",
    "uid",
    "user",
    "person",
    "amplitudeid",
    "anonymousid",
    "deviceid",
    "email",
    "customeremail",
];

/// `event_text` before `event`: in a Segment warehouse the latter is a slug of the former.
const EVENT: [&str; 6] = [
    "eventtype",
    "eventname",
    "eventtext",
    "event",
    "action",
    "activity",
];

const TIME: [&str; 19] = [
    "eventtime",
    "clienteventtime",
    "timestamp",
    "eventtimestamp",
    "time",
    "originaltimestamp",
    "occurredat",
    "happenedat",
    "eventdate",
    "datetime",
    "ts",
    "sentat",
    "receivedat",
    "invoicedate",
    "orderdate",
    "createdat",
    "created",
    "createdutc",
    "date",
];

/// These also date a customer's beginning, so alone they don't make a file one of events.
const TIME_OF_EITHER: [&str; 4] = ["createdat", "created", "createdutc", "date"];

const KEY: [&str; 6] = [
    "insertid",
    "messageid",
    "uuid",
    "eventuuid",
    "idempotencykey",
    "dedupekey",
];

const SIGNED_UP: [&str; 20] = [
    "signupat",
    "signedupat",
    "signupdate",
    "signuptime",
    "signup",
    "signedup",
    "registeredat",
    "registrationdate",
    "registered",
    "joinedat",
    "joindate",
    "joined",
    "createdat",
    "created",
    "createdutc",
    "createddate",
    "creationdate",
    "createdtime",
    "firstseenat",
    "firstseen",
];

/// So many of [`SIGNED_UP`] say "signup" and nothing else.
const SIGNED_UP_ONLY: usize = 12;

const ACCOUNT: [&str; 13] = [
    "accountid",
    "companyid",
    "organizationid",
    "organisationid",
    "orgid",
    "groupid",
    "tenantid",
    "teamid",
    "workspaceid",
    "account",
    "company",
    "organization",
    "organisation",
];

/// Columns of well-known exports whose times are UTC though they carry no offset.
const UTC: [&str; 4] = [
    "eventtime",
    "clienteventtime",
    "clientuploadtime",
    "serverreceivedtime",
];

/// Whether times without offset in a column of this name are UTC whatever the workspace's zone.
pub(crate) fn is_utc(name: &str) -> bool {
    let lower = name.to_lowercase();
    let folded = fold(name);
    lower.trim_end().ends_with("(utc)")
        || lower.ends_with("_utc")
        || lower.ends_with(" utc")
        || UTC.contains(&folded.as_str())
}

/// What the file holds, by its column names alone.
pub(crate) fn kind(names: &[String]) -> FileKind {
    let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
    let has = |list: &[&str]| folded.iter().any(|name| list.contains(&name.as_str()));
    let strong_time =
        |name: &String| TIME.contains(&name.as_str()) && !TIME_OF_EITHER.contains(&name.as_str());
    let dated = folded.iter().any(strong_time);
    if has(&EVENT) && (dated || has(&TIME_OF_EITHER)) {
        FileKind::Events
    } else if has(&SIGNED_UP[..SIGNED_UP_ONLY]) {
        FileKind::Customers
    } else if dated || has(&EVENT) {
        FileKind::Events
    } else {
        FileKind::Customers
    }
}

/// The role of each column by its name. `unique(i)`: whether no value of column `i` occurs twice in the sample.
pub(crate) fn roles(
    kind: FileKind,
    names: &[String],
    unique: impl Fn(usize) -> bool,
) -> Vec<ColumnRole> {
    let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
    let mut roles: Vec<ColumnRole> = names
        .iter()
        .map(|name| {
            if name.is_empty() {
                // the row numbers that some programs write
                ColumnRole::Ignored
            } else {
                ColumnRole::Property
            }
        })
        .collect();
    let find = |list: &[&str]| {
        list.iter()
            .find_map(|known| folded.iter().position(|name| name == known))
    };
    let own_id = find(&["id"]);
    let customer = find(&CUSTOMER);
    let mut set = |column: Option<usize>, role| {
        if let Some(role_of) = column.and_then(|column| roles.get_mut(column))
            && *role_of == ColumnRole::Property
        {
            *role_of = role;
        }
    };
    match kind {
        FileKind::Events => {
            set(customer, ColumnRole::Customer);
            set(find(&EVENT).or_else(|| find(&["name"])), ColumnRole::Event);
            set(find(&TIME), ColumnRole::Time);
            // `id` is a row's own number in a warehouse, but an order's number in a shop, on several rows
            let key = find(&KEY).or_else(|| own_id.filter(|&column| unique(column)));
            set(key, ColumnRole::Key);
        }
        FileKind::Customers => {
            // Behind the ids proper comes `id`, and only then an address or a device.
            let proper = find(&CUSTOMER[..11]).or(own_id).or(customer);
            set(proper, ColumnRole::Customer);
            set(find(&SIGNED_UP), ColumnRole::SignedUp);
            set(find(&ACCOUNT), ColumnRole::Account);
        }
    }
    roles
}

fn fold(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    let bare = lower.strip_suffix("(utc)").unwrap_or(&lower);
    bare.chars()
        .filter(|character| !matches!(character, ' ' | '_' | '-' | '.' | '$'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ColumnRole::{Account, Customer, Event, Ignored, Key, Property, SignedUp, Time};

    fn check(header: &str, kind_expected: FileKind, roles_expected: &[ColumnRole]) {
        let names: Vec<String> = header.split(',').map(str::to_owned).collect();
        assert_eq!(kind(&names), kind_expected, "{header}");
        assert_eq!(
            roles(kind_expected, &names, |_| true),
            roles_expected,
            "{header}"
        );
    }

    #[test]
    fn knows_the_well_known_exports() {
        check(
            "user_id,event,timestamp,project,size,insert_id",
            FileKind::Events,
            &[Customer, Event, Time, Property, Property, Key],
        );
        // Amplitude
        check(
            "$insert_id,amplitude_id,client_event_time,event_time,event_type,user_id,uuid",
            FileKind::Events,
            &[Key, Property, Property, Time, Event, Customer, Property],
        );
        // Mixpanel
        check(
            "event,distinct_id,time,$insert_id,$city",
            FileKind::Events,
            &[Event, Customer, Time, Key, Property],
        );
        // PostHog
        check(
            "uuid,event,distinct_id,person_id,timestamp,created_at",
            FileKind::Events,
            &[Key, Event, Customer, Property, Time, Property],
        );
        // Segment warehouse
        check(
            "id,anonymous_id,user_id,event,event_text,received_at,timestamp",
            FileKind::Events,
            &[Key, Property, Customer, Property, Event, Property, Time],
        );
        // shops: no event column; the person names the event
        check(
            "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID",
            FileKind::Events,
            &[Property, Property, Property, Time, Property, Customer],
        );
        check(
            "userId,name,time",
            FileKind::Events,
            &[Customer, Event, Time],
        );
    }

    #[test]
    fn knows_files_of_customers() {
        check(
            "user_id,signup_at,first_project,mail_kind",
            FileKind::Customers,
            &[Customer, SignedUp, Property, Property],
        );
        check(
            "id,email,name,created_at,company_id,plan",
            FileKind::Customers,
            &[Customer, Property, Property, SignedUp, Account, Property],
        );
        // Stripe
        check(
            "id,Customer ID,Plan,Created (UTC)",
            FileKind::Customers,
            &[Property, Customer, Property, SignedUp],
        );
        check(
            ",User ID,Signed Up At",
            FileKind::Customers,
            &[Ignored, Customer, SignedUp],
        );
        check("email,plan", FileKind::Customers, &[Customer, Property]);
    }

    #[test]
    fn a_number_that_repeats_is_no_key() {
        let names = ["id", "user_id", "event", "time"].map(str::to_owned);
        let roles = roles(FileKind::Events, &names, |_| false);
        assert_eq!(roles, [Property, Customer, Event, Time]);
    }

    #[test]
    fn knows_times_that_are_utc() {
        for name in [
            "event_time",
            "Created (UTC)",
            "client_event_time",
            "seen_utc",
        ] {
            assert!(is_utc(name), "{name}");
        }
        for name in ["timestamp", "created_at", "time"] {
            assert!(!is_utc(name), "{name}");
        }
    }
}
