//! The days on which customers were active, close together in memory: a question looks at all of them several times.

/// Customers' active days. A day is known by its number among the days of a [`super::ChurnPlan`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    days: Vec<u16>,
    ends: Vec<usize>,
}

impl History {
    /// Adds a customer with his active days, ascending and each once. Nobody is added without any.
    pub fn push(&mut self, days: impl IntoIterator<Item = u16>) {
        let before = self.days.len();
        self.days.extend(days);
        if self.days.len() > before {
            self.ends.push(self.days.len());
        }
    }

    /// The customers, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = Days<'_>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| Days(&self.days[start..*end]))
    }

    /// How many customers there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether nobody was ever active.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// One customer's active days, ascending; at least one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Days<'a>(&'a [u16]);

impl Days<'_> {
    /// How many of them lie in `[from, to)`.
    pub fn within(self, from: u32, to: u32) -> u32 {
        let count = self.before(to).saturating_sub(self.before(from));
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Whether any of them lies in `[from, to)`.
    pub fn any(self, from: u32, to: u32) -> bool {
        self.within(from, to) > 0
    }

    /// The first.
    pub fn first(self) -> u32 {
        self.0.first().copied().map_or(u32::MAX, u32::from)
    }

    /// The last before `limit`.
    pub fn last_before(self, limit: u32) -> Option<u32> {
        let place = self.before(limit).checked_sub(1)?;
        self.0.get(place).copied().map(u32::from)
    }

    /// The first at or after `limit`.
    pub fn first_from(self, limit: u32) -> Option<u32> {
        self.0.get(self.before(limit)).copied().map(u32::from)
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        self.0.iter().copied().map(u32::from)
    }

    /// How many lie before `limit`.
    fn before(self, limit: u32) -> usize {
        self.0.partition_point(|day| u32::from(*day) < limit)
    }
}
