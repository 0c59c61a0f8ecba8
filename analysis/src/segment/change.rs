//! Building a condition step by step: every step is another condition.
//!
//! While it is built, a condition may hold groups without conditions; [`Condition::pruned`] takes them away.

use super::Condition;

/// Where a part stands: the places of the parts that lead to it, from the outermost in. What is not is in the place of
/// its `Not`.
pub type Path = Vec<usize>;

impl Condition {
    /// The part at a path.
    pub fn at(&self, path: &[usize]) -> Option<&Condition> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        match self.positive() {
            Condition::All(parts) | Condition::Any(parts) => parts.get(*first)?.at(rest),
            _ => None,
        }
    }

    fn at_mut(&mut self, path: &[usize]) -> Option<&mut Condition> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        match self.positive_mut() {
            Condition::All(parts) | Condition::Any(parts) => parts.get_mut(*first)?.at_mut(rest),
            _ => None,
        }
    }

    /// What is negated, or the condition itself if it is not.
    pub fn positive(&self) -> &Condition {
        match self {
            Condition::Not(part) => part.positive(),
            other => other,
        }
    }

    fn positive_mut(&mut self) -> &mut Condition {
        match self {
            Condition::Not(part) => part.positive_mut(),
            other => other,
        }
    }

    /// With a part added to the group at a path. What is no group becomes one, of all.
    #[must_use]
    pub fn with(mut self, path: &[usize], part: Condition) -> Condition {
        if let Some(group) = self.at_mut(path) {
            match group.positive_mut() {
                Condition::All(parts) | Condition::Any(parts) => parts.push(part),
                other => *other = Condition::All(vec![std::mem::take(other), part]),
            }
        }
        self
    }

    /// Without the part at a path; without the whole, everybody is left.
    #[must_use]
    pub fn without(mut self, path: &[usize]) -> Condition {
        let Some((place, group)) = path.split_last() else {
            return Condition::EVERYBODY;
        };
        if let Some(Condition::All(parts) | Condition::Any(parts)) =
            self.at_mut(group).map(Condition::positive_mut)
            && *place < parts.len()
        {
            parts.remove(*place);
        }
        self
    }

    /// With the part at a path negated, or no longer so.
    #[must_use]
    pub fn negated(mut self, path: &[usize]) -> Condition {
        if let Some(part) = self.at_mut(path) {
            *part = match std::mem::take(part) {
                Condition::Not(inner) => *inner,
                other => Condition::Not(Box::new(other)),
            };
        }
        self
    }

    /// With the group at a path asking for one of its parts instead of all, or the other way round.
    #[must_use]
    pub fn switched(mut self, path: &[usize]) -> Condition {
        if let Some(group) = self.at_mut(path).map(Condition::positive_mut) {
            match group {
                Condition::All(parts) => *group = Condition::Any(std::mem::take(parts)),
                Condition::Any(parts) => *group = Condition::All(std::mem::take(parts)),
                _ => {}
            }
        }
        self
    }

    /// Without groups that hold nothing.
    #[must_use]
    pub fn pruned(self) -> Condition {
        self.kept().unwrap_or_default()
    }

    fn kept(self) -> Option<Condition> {
        let keep = |parts: Vec<Condition>| {
            let parts: Vec<Condition> = parts.into_iter().filter_map(Condition::kept).collect();
            (!parts.is_empty()).then_some(parts)
        };
        match self {
            Condition::All(parts) => keep(parts).map(Condition::All),
            Condition::Any(parts) => keep(parts).map(Condition::Any),
            Condition::Not(part) => part.kept().map(|part| Condition::Not(Box::new(part))),
            leaf => Some(leaf),
        }
    }
}
