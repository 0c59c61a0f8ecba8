//! What must be known of customers to answer any question about features.

/// Customers who did the same, as far as the question can see.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FactRow {
    /// Their number.
    pub customers: u32,
    /// Whether they were active in the last period of the exposure window.
    pub lately: bool,
    /// In which periods of the outcome window they were active: bit k for the k-th from 0.
    pub active: u64,
    /// The events they sent in the exposure window: places in [`Facts::names`], each at most once, with how often.
    pub events: Vec<(u32, u32)>,
}

/// Everything about the customers whose outcome window was over, and how many others there are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// Names of events.
    pub names: Vec<String>,
    /// Customers whose outcome window had ended at as-of.
    pub rows: Vec<FactRow>,
    /// Customers asked for whose outcome window had not.
    pub not_over: u64,
}

#[cfg(feature = "inference")]
impl FactRow {
    /// How often they sent the events for which `is` holds, and how often all others.
    pub(super) fn uses(&self, is: impl Fn(u32) -> bool) -> (u32, u32) {
        let (mut uses, mut other) = (0_u32, 0_u32);
        for (event, count) in &self.events {
            let sum = if is(*event) { &mut uses } else { &mut other };
            *sum = sum.saturating_add(*count);
        }
        (uses, other)
    }
}

#[cfg(feature = "inference")]
impl Facts {
    /// Places of names; names that were never sent have none.
    pub(super) fn places(&self, names: &[String]) -> Vec<u32> {
        let places = (0..).zip(&self.names);
        places
            .filter(|(_, name)| names.contains(name))
            .map(|(place, _)| place)
            .collect()
    }
}
