//! A trait of each customer of a shard, and the customers whom conditions choose.

use crate::bits;
use crate::bytes::place;
use analysis::query::TraitTest;
use std::collections::HashMap;

/// A trait's value.
#[derive(Clone, PartialEq, Debug)]
pub struct Value {
    /// As text, numbers and truth values as JSON writes them.
    pub text: String,
    /// The number, if it is one (a text that looks like one is not).
    pub number: Option<f64>,
}

/// Customers of a shard as a set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selection {
    words: Vec<u64>,
}

impl Selection {
    /// All of the shard's customers, given their number.
    pub fn all(customers: usize) -> Selection {
        let words = (0..bits::words(customers)).map(|word| bits::span(0, customers - word * 64));
        Selection {
            words: words.collect(),
        }
    }

    /// These customers.
    pub fn of(customers: impl IntoIterator<Item = u32>) -> Selection {
        let mut words = Vec::new();
        for customer in customers {
            let customer = place(customer);
            if words.len() <= customer / 64 {
                words.resize(customer / 64 + 1, 0);
            }
            bits::set(&mut words, customer);
        }
        Selection { words }
    }

    /// Whether a customer is chosen.
    pub fn has(&self, customer: u32) -> bool {
        bits::has(&self.words, place(customer))
    }

    /// The number of the chosen.
    pub fn len(&self) -> usize {
        let ones = self.words.iter().map(|word| place(word.count_ones()));
        ones.sum()
    }

    /// Whether nobody is chosen.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Keeps only those whom the other has as well.
    pub fn and(&mut self, other: &Selection) {
        self.words.truncate(other.words.len());
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    /// Adds those whom the other has.
    pub fn or(&mut self, other: &Selection) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    /// As bytes: customer `n` in bit `n % 8` of byte `n / 8`, from the lowest on.
    pub fn bytes(&self) -> Vec<u8> {
        let bytes = self.words.iter().flat_map(|word| word.to_le_bytes());
        bytes.collect()
    }

    /// From such bytes.
    pub fn from_bytes(bytes: &[u8]) -> Selection {
        let words = bytes.chunks(8).map(|bytes| {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(word)
        });
        Selection {
            words: words.collect(),
        }
    }

    /// Removes those whom the other has.
    pub fn without(&mut self, other: &Selection) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
    }
}

/// A trait's values by customer, each as the number of one of few texts; 0 is no value.
#[derive(Clone, PartialEq, Debug)]
pub struct Column {
    codes: Codes,
    values: Vec<Value>,
}

/// As wide as the number of different values needs.
#[derive(Clone, PartialEq, Debug)]
enum Codes {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

impl Column {
    /// The column of these customers' values, in any order; of two values of a customer, the last.
    pub fn new(rows: impl IntoIterator<Item = (u32, Value)>) -> Column {
        let mut numbers: HashMap<(String, Option<u64>), usize> = HashMap::new();
        let mut groups: Vec<(Value, Vec<u32>)> = Vec::new();
        let mut last: HashMap<u32, usize> = HashMap::new();
        for (customer, value) in rows {
            let key = (value.text.clone(), value.number.map(f64::to_bits));
            let group = *numbers.entry(key).or_insert_with(|| {
                groups.push((value, Vec::new()));
                groups.len() - 1
            });
            last.insert(customer, group);
        }
        for (customer, group) in last {
            groups[group].1.push(customer);
        }
        Column::grouped(groups)
    }

    /// The column of these different values, each with the customers who have it.
    pub fn grouped(groups: impl IntoIterator<Item = (Value, Vec<u32>)>) -> Column {
        let mut values = Vec::new();
        let mut codes: Vec<u32> = Vec::new();
        for (value, customers) in groups {
            values.push(value);
            let code = u32::try_from(values.len()).expect("fewer values than customers");
            for customer in customers {
                let customer = place(customer);
                if codes.len() <= customer {
                    codes.resize(customer + 1, 0);
                }
                codes[customer] = code;
            }
        }
        values.shrink_to_fit();
        let fit = "as wide as the largest";
        let codes = if values.len() <= usize::from(u8::MAX) {
            let codes = codes.iter().map(|&code| u8::try_from(code).expect(fit));
            Codes::One(codes.collect())
        } else if values.len() <= usize::from(u16::MAX) {
            let codes = codes.iter().map(|&code| u16::try_from(code).expect(fit));
            Codes::Two(codes.collect())
        } else {
            codes.shrink_to_fit();
            Codes::Four(codes)
        };
        Column { codes, values }
    }

    /// The different values as texts.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.values.iter().map(|value| &value.text[..])
    }

    /// Which of the different values a customer has, by place; none: he has none.
    pub fn value(&self, customer: u32) -> Option<usize> {
        let customer = place(customer);
        let code = match &self.codes {
            Codes::One(codes) => codes.get(customer).map(|&code| usize::from(code)),
            Codes::Two(codes) => codes.get(customer).map(|&code| usize::from(code)),
            Codes::Four(codes) => codes.get(customer).map(|&code| place(code)),
        };
        code?.checked_sub(1)
    }

    /// Of a shard's first `customers`, those whose value passes a test.
    pub fn select(&self, test: &TraitTest, customers: usize) -> Selection {
        let unset = matches!(test, TraitTest::IsNot(_) | TraitTest::Unset);
        let mut passes = vec![unset];
        passes.extend(self.values.iter().map(|value| value.passes(test)));
        match &self.codes {
            Codes::One(codes) => select(codes, &passes, customers, usize::from),
            Codes::Two(codes) => select(codes, &passes, customers, usize::from),
            Codes::Four(codes) => select(codes, &passes, customers, place),
        }
    }

    /// Bytes of memory, nearly.
    pub fn size(&self) -> usize {
        let codes = match &self.codes {
            Codes::One(codes) => codes.len(),
            Codes::Two(codes) => codes.len() * 2,
            Codes::Four(codes) => codes.len() * 4,
        };
        let texts: usize = self.values.iter().map(|value| value.text.len()).sum();
        codes + texts + size_of_val(&self.values[..])
    }
}

impl Value {
    fn passes(&self, test: &TraitTest) -> bool {
        match test {
            TraitTest::Is(list) => list.contains(&self.text),
            TraitTest::IsNot(list) => !list.contains(&self.text),
            TraitTest::Set => true,
            TraitTest::Unset => false,
            TraitTest::Between { min, max } => self.number.is_some_and(|number| {
                min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
            }),
        }
    }
}

fn select<T: Copy>(
    codes: &[T],
    passes: &[bool],
    customers: usize,
    index: impl Fn(T) -> usize,
) -> Selection {
    let known = &codes[..customers.min(codes.len())];
    let mut words: Vec<u64> = known
        .chunks(64)
        .map(|codes| bits::word(codes.iter().map(|&code| passes[index(code)])))
        .collect();
    words.resize(bits::words(customers), 0);
    if passes[0] {
        for (number, word) in words.iter_mut().enumerate() {
            let first = number * 64;
            let from = known.len().saturating_sub(first);
            *word |= bits::span(from, customers - first);
        }
    }
    Selection { words }
}
