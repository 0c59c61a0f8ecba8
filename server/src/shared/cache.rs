//! Pages and answers in memory, by link and version. Which version is asked for is found out anew with every request, so
//! what ended or changed is not served from here.

use analysis::query::Show;
use app::shared::Shared;
use axum::body::Bytes;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Most bytes of pages.
const PAGES: usize = 32 * 1024 * 1024;
/// Most answers.
const ANSWERS: usize = 64;

/// What a page depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) workspace: i32,
    pub(super) link: i32,
    pub(super) version: String,
    pub(super) show: Show,
    pub(super) intervals: bool,
    pub(super) packing: Option<&'static str>,
    /// The link's address as this reader has it, since the page names its own preview. Another token of the same link must
    /// not be told.
    pub(super) address: String,
}

type Asked = (i32, i32, String);

impl Key {
    fn asked(&self) -> Asked {
        (self.workspace, self.link, self.version.clone())
    }
}

/// Values with their sizes; the least recently used go first.
#[derive(Debug)]
struct Shelf<K, V> {
    most: usize,
    taken: usize,
    clock: u64,
    values: HashMap<K, (V, usize, u64)>,
}

impl<K: Clone + Eq + Hash, V: Clone> Shelf<K, V> {
    fn new(most: usize) -> Self {
        Self {
            most,
            taken: 0,
            clock: 0,
            values: HashMap::new(),
        }
    }

    fn get(&mut self, key: &K) -> Option<V> {
        self.clock += 1;
        let (value, _, used) = self.values.get_mut(key)?;
        *used = self.clock;
        Some(value.clone())
    }

    fn put(&mut self, key: K, value: V, size: usize) {
        if size > self.most {
            return;
        }
        self.clock += 1;
        let before = self.values.insert(key, (value, size, self.clock));
        self.taken += size;
        self.taken -= before.map_or(0, |(_, size, _)| size);
        while self.taken > self.most {
            let oldest = self.values.iter().min_by_key(|(_, (_, _, used))| *used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            if let Some((_, size, _)) = self.values.remove(&oldest) {
                self.taken -= size;
            }
        }
    }
}

/// All that is kept.
#[derive(Debug)]
pub(super) struct Cache {
    pages: Mutex<Shelf<Key, Bytes>>,
    answers: Mutex<Shelf<Asked, Arc<Shared>>>,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            pages: Mutex::new(Shelf::new(PAGES)),
            answers: Mutex::new(Shelf::new(ANSWERS)),
        }
    }
}

impl Cache {
    pub(super) fn page(&self, key: &Key) -> Option<Bytes> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.get(key)
    }

    pub(super) fn keep_page(&self, key: Key, page: Bytes) {
        let size = page.len() + key.version.len() + key.address.len() + size_of::<Key>();
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.put(key, page, size);
    }

    pub(super) fn answer(&self, key: &Key) -> Option<Arc<Shared>> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(&key.asked())
    }

    pub(super) fn keep_answer(&self, key: &Key, answer: Arc<Shared>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.put(key.asked(), answer, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::Shelf;

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut shelf = Shelf::new(10);
        shelf.put("a", 1, 4);
        shelf.put("b", 2, 4);
        assert_eq!(shelf.get(&"a"), Some(1));
        shelf.put("c", 3, 4);
        assert_eq!(shelf.get(&"b"), None);
        assert_eq!((shelf.get(&"a"), shelf.get(&"c")), (Some(1), Some(3)));
        shelf.put("a", 5, 1);
        assert_eq!((shelf.taken, shelf.get(&"a")), (5, Some(5)));
        shelf.put("d", 4, 11);
        assert_eq!(shelf.get(&"d"), None, "what can never fit is not kept");
        assert_eq!(shelf.taken, 5);
    }
}
