//! What customers do in the demo product: twelve features, and three events that say nothing about value.

/// The features most people use, whose usage follows their general activity: name, how often it is chosen among a
/// customer's actions, and the share of customers who use it at all.
pub(crate) const ORDINARY: [(&str, u32, f64); 8] = [
    ("task_completed", 30, 1.0),
    ("comment_added", 24, 0.8),
    ("report_published", 18, 0.75),
    ("board_shared", 14, 0.65),
    ("file_uploaded", 14, 0.6),
    ("export_run", 10, 0.5),
    ("automation_created", 10, 0.6),
    ("guest_invited", 5, 0.4),
];

/// Only in accounts whose feature set has `automation`.
pub(crate) const AUTOMATION: &str = "automation_created";
/// Keeps people.
pub(crate) const TEMPLATE: &str = "template_used";
/// Drives people away; only in accounts whose feature set has `email`.
pub(crate) const BULK_EMAIL: &str = "bulk_email_sent";
/// Looks good, does nothing.
pub(crate) const SHORTCUT: &str = "keyboard_shortcut_used";
/// Does nothing.
pub(crate) const THEME: &str = "theme_changed";

/// Not value: logging in.
pub(crate) const LOGIN: &str = "login";
/// Not an action at all: the product bills the account's first customer.
pub(crate) const INVOICE: &str = "invoice_sent";
/// Not an action at all.
pub(crate) const PAYMENT_FAILED: &str = "payment_failed";

/// The demo workspace's activity definition, "created value": all that makes something others can use. Logins,
/// shortcuts, themes and the product's own mails are not in it.
pub const CREATED_VALUE: [&str; 10] = [
    "automation_created",
    "board_shared",
    "bulk_email_sent",
    "comment_added",
    "export_run",
    "file_uploaded",
    "guest_invited",
    "report_published",
    "task_completed",
    "template_used",
];

/// All twelve features, in alphabetical order.
pub const FEATURES: [&str; 12] = [
    "automation_created",
    "board_shared",
    "bulk_email_sent",
    "comment_added",
    "export_run",
    "file_uploaded",
    "guest_invited",
    "keyboard_shortcut_used",
    "report_published",
    "task_completed",
    "template_used",
    "theme_changed",
];
