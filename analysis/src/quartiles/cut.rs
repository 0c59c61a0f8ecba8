//! Where quarters of usage end.

use serde::{Deserialize, Serialize};

/// The numbers of uses at which groups end; `bottom < top`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cuts {
    /// The most uses of an infrequently active customer.
    pub bottom: u32,
    /// The fewest uses of a highly active customer.
    pub top: u32,
}

/// The cuts of customers by usage: numbers of uses, ascending, with the customers who had exactly that many.
///
/// Equal usage is never split. The top cut is the usage whose "at least this much" share comes nearest to a quarter, the
/// bottom cut the one below it whose "at most this much" share does; of two equally near ones that with the smaller
/// group. `None` when no two customers differ.
pub fn cut(usage: &[(u32, u64)]) -> Option<Cuts> {
    let used: Vec<(u32, u64)> = usage.iter().copied().filter(|(_, n)| *n > 0).collect();
    let total: u64 = used.iter().map(|(_, n)| n).sum();
    // Distance from a quarter in quarters of a customer, then the size of the group.
    let distance = |group: u64| (group.saturating_mul(4).abs_diff(total), group);
    let mut at_least = Vec::with_capacity(used.len());
    let mut so_far = 0;
    for (uses, customers) in used.iter().rev() {
        so_far += customers;
        at_least.push((*uses, so_far));
    }
    // The least usage can't be a top cut: nothing would be left below it.
    at_least.pop();
    let (top, _) = *at_least.iter().min_by_key(|(_, group)| distance(*group))?;
    let mut so_far = 0;
    let at_most = used.iter().map(|(uses, customers)| {
        so_far += customers;
        (*uses, so_far)
    });
    let (bottom, _) = at_most
        .take_while(|(uses, _)| *uses < top)
        .min_by_key(|(_, group)| distance(*group))?;
    Some(Cuts { bottom, top })
}
