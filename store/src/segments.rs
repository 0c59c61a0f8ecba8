//! Saved segments, and who belongs to them.
//!
//! Members are bits by shard and customer number (`members`). A condition is asked leaf by leaf, each by a checked query
//! or a column of the index, and the answers are combined as bits (`evaluate`), so no query text is built. A question
//! that names segments gets the bits of those who belong to all of them: the reference as a parameter (`is_member`), the
//! index as one more filter.

mod evaluate;
mod members;
mod nesting;
mod saved;

pub(crate) use evaluate::members_of;
pub use members::Members;
pub use saved::NewSegment;
