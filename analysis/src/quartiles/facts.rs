//! What must be known of customers to answer any question about features.

#[cfg(feature = "inference")]
use super::{Customers, Unit};

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
    /// What the row says about a feature, given as places of names.
    fn unit(&self, feature: &[u32]) -> Unit {
        let (mut uses, mut other) = (0_u32, 0_u32);
        for (event, count) in &self.events {
            let sum = if feature.contains(event) {
                &mut uses
            } else {
                &mut other
            };
            *sum = sum.saturating_add(*count);
        }
        Unit {
            uses,
            other,
            active: self.active,
        }
    }
}

#[cfg(feature = "inference")]
impl Facts {
    fn counted(&self, landmark: bool) -> impl Iterator<Item = &FactRow> {
        self.rows.iter().filter(move |row| row.lately || !landmark)
    }
}

#[cfg(feature = "inference")]
impl Customers for Facts {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn size(&self, landmark: bool) -> u64 {
        let counted = self.counted(landmark);
        counted.map(|row| u64::from(row.customers)).sum()
    }

    fn not_over(&self) -> u64 {
        self.not_over
    }

    fn users(&self, landmark: bool) -> Vec<u64> {
        let mut users = vec![0; self.names.len()];
        for row in self.counted(landmark) {
            for (event, count) in &row.events {
                let place = usize::try_from(*event).ok();
                if let Some(customers) = place.and_then(|place| users.get_mut(place))
                    && *count > 0
                {
                    *customers += u64::from(row.customers);
                }
            }
        }
        users
    }

    fn fold<A: Send>(
        &self,
        feature: &[u32],
        landmark: bool,
        _only_users: bool,
        zero: impl Fn() -> A + Sync,
        add: impl Fn(&mut A, &Unit, u64) + Sync,
        _merge: impl Fn(&mut A, A),
    ) -> A {
        let mut sum = zero();
        for row in self.counted(landmark) {
            add(&mut sum, &row.unit(feature), u64::from(row.customers));
        }
        sum
    }
}
