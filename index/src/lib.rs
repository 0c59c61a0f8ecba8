//! The activity index: what a retention question needs of the events, in as few bytes as it can be kept.
//!
//! - [`chunk`]: the events of one stream (an event name) in one shard in one month, about four bytes each, exact to the
//!   microsecond, in planes of falling coarseness so that most questions read one byte an event.
//! - [`segment`]: what one write added to a shard, to be merged into chunks later.
//! - [`starts`]: when each customer of a shard began.
//! - [`days`]: on which local days customers were active.
//! - [`latest`]: when each customer was last active.
//! - [`column`]: a trait of each customer of a shard, and the customers whom filters choose.
//! - [`usage`]: how often each customer sent each event in his first periods, and in which of the next he was active.
//! - [`kept`]: sets as bytes, to be kept beside what they were made from.
//! - [`sets`]: for each customer the set of periods in which he was active, as bits, 64 customers side by side.
//!
//! Everything here is a pure function of bytes and arguments. Bytes may be broken in any way: they lead to [`Broken`],
//! never to a panic. Instants are microseconds since 1970 in UTC, which is what Postgres keeps.

mod bits;
mod bytes;
pub mod chunk;
pub mod column;
mod count;
pub mod days;
mod frame;
pub mod kept;
mod last;
pub mod latest;
pub mod month;
mod parallel;
mod program;
pub mod segment;
pub mod sets;
pub mod starts;
pub mod usage;

pub use bytes::Broken;
pub use column::Selection;
pub use count::Counting;
pub use frame::{Frame, Window};
pub use last::{Last, LastPeriod};
pub use parallel::{fold_in_parallel, in_parallel};
pub use program::Program;
