//! Server functions: each gets its context, makes one call, and maps the error. They are a public interface and trust
//! nothing they are given.

#[cfg(feature = "ssr")]
pub mod activities;
#[cfg(feature = "ssr")]
pub mod annotations;
#[cfg(feature = "ssr")]
pub mod churn;
#[cfg(feature = "ssr")]
pub mod comparison;
#[cfg(feature = "ssr")]
pub mod erasure;
#[cfg(feature = "ssr")]
pub mod imports;
#[cfg(feature = "ssr")]
pub mod notices;
#[cfg(feature = "ssr")]
pub mod people;
#[cfg(feature = "ssr")]
pub mod quartiles;
#[cfg(feature = "ssr")]
pub mod reports;
pub mod retention;
#[cfg(feature = "ssr")]
pub mod segments;
pub mod workspace;
