//! The activity index: kept in Postgres beside the events, read into bounded memory, and asked in the reference's place.
//!
//! A write adds its events to the index in its own transaction, as a segment in the journal (`journal`). Segments are
//! folded into chunks of a month when there are enough of them (`fold`). A question reads the chunks it needs and the
//! journal since, in one snapshot (`load`), makes sets of active periods of them, keeps both in memory by version
//! (`memory`), and counts (`answer`); `asked` knows what a question means for a shard, `gather` reads and makes on several
//! connections and threads; `kept` has sets on disk for the next start; `split` counts several choices of customers from the same sets. A question about features is answered from a sum of the same chunks (`usage`). Its columns of
//! traits also tell who belongs to a segment (`customers`). All of it can be made anew from the events, and compared with
//! them (`rebuild`).

mod answer;
mod asked;
mod customers;
mod days;
mod fold;
mod gather;
mod kept;
mod load;
mod memory;
mod rebuild;
mod split;
mod streams;
mod usage;
mod who;

pub(crate) use answer::{LITTLE_WORK, Prepared, Question, joined, prepare};
pub(crate) use customers::Customers;
pub(crate) use days::{Active, active_days};
pub(crate) use kept::{Keeping, rehearse};
pub(crate) use load::{Shards, shards_of};
pub use memory::INDEX_MEMORY;
pub(crate) use memory::Memory;
pub use rebuild::ShardDoubt;
pub(crate) use rebuild::make_anew;
pub(crate) use split::{Choice, Ready};
pub(crate) use streams::{clear_streams, lock_shard, next_segment, touched_customers};
pub(crate) use usage::{FeatureQuestion, Watch, watch};
