//! Parts that pages are made of.
//!
//! The islands are brought to life in the browser: [`explore`], [`boxes`], [`keep`] and [`span`], with what they are
//! made of. All others are only ever rendered by the server.

pub mod boxes;
pub mod explore;
pub mod export;
pub mod keep;
pub mod problems;
pub mod span;

mod inspect;
pub(crate) mod matrix;

#[cfg(feature = "ssr")]
pub mod cards;
#[cfg(feature = "ssr")]
pub mod choosers;
#[cfg(feature = "ssr")]
pub mod churn;
#[cfg(feature = "ssr")]
pub mod compare;
#[cfg(feature = "ssr")]
pub mod dots;
#[cfg(feature = "ssr")]
pub mod features;
#[cfg(feature = "ssr")]
pub mod frame;
#[cfg(feature = "ssr")]
pub mod guest;
#[cfg(feature = "ssr")]
pub mod keep_report;
#[cfg(feature = "ssr")]
pub mod notes;
#[cfg(feature = "ssr")]
pub mod popover;
#[cfg(feature = "ssr")]
pub mod proposals;
#[cfg(feature = "ssr")]
pub mod question;
