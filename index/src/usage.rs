//! How often each customer of a shard sent each event in his exposure window, and when he was active after it.
//!
//! What is here does not depend on an as-of: a customer is counted only once both his windows are over, and then nothing
//! in them is hidden. So it is made once for a kind of question (windows and activity) and answers for every feature,
//! range of cohorts, condition on traits and as-of.
//!
//! Customers lie in order of their start, so those of some cohorts are neighbours; each event that was sent is a column.

use crate::bits;
use crate::bytes::place;
use crate::chunk::Chunk;
use crate::month::{DAY, Month, micros, timestamp};
use crate::{Broken, Selection};
use analysis::period::{Calendar, Grain, Length};

/// The two windows of a customer, in rolling periods from his own start.
#[derive(Clone, PartialEq, Debug)]
pub struct Windows {
    calendar: Calendar,
    grain: Grain,
    exposure: u32,
    outcome: u32,
    at_least: u32,
}

impl Windows {
    /// An exposure and an outcome window of so many periods, both at least 1, the outcome at most 64, in which `at_least`
    /// events (0 means 1) make a period active.
    pub fn new(
        calendar: Calendar,
        grain: Grain,
        (exposure, outcome): (u32, u32),
        at_least: u32,
    ) -> Windows {
        Windows {
            calendar,
            grain,
            exposure: exposure.max(1),
            outcome: outcome.clamp(1, 64),
            at_least: at_least.max(1),
        }
    }

    /// The first instants of the last exposure period and of each outcome period, then the outcome's end.
    fn bounds(&self, start: i64) -> impl Iterator<Item = i64> {
        let periods = self.exposure - 1..=self.exposure + self.outcome;
        periods.map(move |period| match self.grain.length() {
            Length::Seconds(seconds) => {
                let length = i64::from(seconds) * 1_000_000;
                start.saturating_add(length.saturating_mul(i64::from(period)))
            }
            Length::Months(_) => {
                let start = timestamp(start);
                micros(self.calendar.rolling(self.grain, start, place(period)))
            }
        })
    }

    /// How many bounds each customer has.
    fn width(&self) -> usize {
        place(self.outcome) + 2
    }
}

/// How often the customers of a shard sent an event, by place, in as few bytes as it takes.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Uses {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
    /// Place and uses of those who sent it at all.
    Few(Vec<(u32, u32)>),
}

impl Uses {
    /// `None` when nobody sent it.
    fn of(counts: &[u32]) -> Option<Uses> {
        let most = counts.iter().copied().max().filter(|most| *most > 0)?;
        let users = counts.iter().filter(|count| **count > 0).count();
        let width = match most {
            0..=0xff => 1,
            0x100..=0xffff => 2,
            _ => usize::MAX,
        };
        if users.saturating_mul(8) < counts.len().saturating_mul(width) {
            let numbered = (0..).zip(counts.iter().copied());
            return Some(Uses::Few(numbered.filter(|(_, uses)| *uses > 0).collect()));
        }
        let fits = "not above the most";
        Some(if width == 1 {
            let bytes = counts.iter().map(|&count| u8::try_from(count).expect(fits));
            Uses::Bytes(bytes.collect())
        } else {
            let words = counts
                .iter()
                .map(|&count| u16::try_from(count).expect(fits));
            Uses::Words(words.collect())
        })
    }

    fn add_to(&self, sums: &mut [u32]) {
        match self {
            Uses::Bytes(uses) => {
                for (sum, uses) in sums.iter_mut().zip(uses) {
                    *sum = sum.saturating_add(u32::from(*uses));
                }
            }
            Uses::Words(uses) => {
                for (sum, uses) in sums.iter_mut().zip(uses) {
                    *sum = sum.saturating_add(u32::from(*uses));
                }
            }
            Uses::Few(users) => {
                for (customer, uses) in users {
                    if let Some(sum) = sums.get_mut(place(*customer)) {
                        *sum = sum.saturating_add(*uses);
                    }
                }
            }
        }
    }

    /// How many of these customers sent it.
    fn users(&self, who: &[u64]) -> u64 {
        fn among<T: Copy + PartialEq + Default>(uses: &[T], who: &[u64]) -> u64 {
            let blocks = uses.chunks(64).zip(who);
            blocks
                .map(|(uses, who)| u64::from((nonzero(uses) & who).count_ones()))
                .sum()
        }
        match self {
            Uses::Bytes(uses) => among(uses, who),
            Uses::Words(uses) => among(uses, who),
            Uses::Few(users) => users
                .iter()
                .map(|(customer, _)| u64::from(bits::has(who, place(*customer))))
                .sum(),
        }
    }

    fn size(&self) -> usize {
        match self {
            Uses::Bytes(uses) => size_of_val(&uses[..]),
            Uses::Words(uses) => size_of_val(&uses[..]),
            Uses::Few(users) => size_of_val(&users[..]),
        }
    }
}

/// Which of at most 64 numbers are not 0, as bits.
fn nonzero<T: Copy + PartialEq + Default>(numbers: &[T]) -> u64 {
    let bits = numbers.iter().enumerate();
    bits.fold(0, |word, (bit, number)| {
        word | u64::from(*number != T::default()) << bit
    })
}

/// What the customers of a shard did in their windows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ShardUsage {
    /// By place, in order of start: the customer's number.
    customers: Vec<u32>,
    /// By place: when he started.
    starts: Vec<i64>,
    /// By place: when his outcome window ends.
    ends: Vec<i64>,
    /// By place, as bits: whether he was active in the last exposure period.
    lately: Vec<u64>,
    /// By place: in which outcome periods he was active, as bits.
    active: Vec<u64>,
    /// By place: events of all names in the exposure window.
    all: Vec<u32>,
    /// By number of the name, ascending; those that nobody sent have none.
    events: Vec<(i32, Uses)>,
}

/// All events of one name.
#[derive(Clone, Debug)]
pub struct NamedEvents<'a> {
    /// The number of the name.
    pub name: i32,
    /// Whether they count as active.
    pub active: bool,
    /// Whether they are a feature, or count as other activity than one.
    pub feature: bool,
    /// By month.
    pub chunks: Vec<(Month, &'a Chunk<'a>)>,
}

/// Where a customer's events are looked at.
#[derive(Clone, Copy)]
struct Slot {
    /// The first and the last day of his windows, from 1970-01-01; the last before the first where there is nobody.
    first: i64,
    last: i64,
    place: u32,
}

/// What is added up while events are read.
struct Sums {
    /// `width` of each customer.
    bounds: Vec<i64>,
    width: usize,
    /// Events of the name that is being read, in the exposure window.
    uses: Vec<u32>,
    /// Of each customer, events that count as active: in the last exposure period, then in the outcome's.
    active: Vec<u32>,
}

impl Sums {
    #[inline]
    fn add(&mut self, number: usize, at: i64, named: &NamedEvents<'_>) {
        let own = &self.bounds[number * self.width..(number + 1) * self.width];
        // the last exposure period, the outcome's periods, the end
        let passed = own.partition_point(|bound| *bound <= at);
        if named.feature && passed < 2 {
            self.uses[number] = self.uses[number].saturating_add(1);
        }
        if named.active && (1..self.width).contains(&passed) {
            let count = &mut self.active[number * (self.width - 1) + passed - 1];
            *count = count.saturating_add(1);
        }
    }
}

impl ShardUsage {
    /// Looks at all events of customers with these starts (number and instant, in any order).
    ///
    /// # Errors
    /// When a chunk is broken or a plane of it was not read.
    pub fn build<'a>(
        windows: &Windows,
        starts: impl IntoIterator<Item = (u32, i64)>,
        events: impl IntoIterator<Item = NamedEvents<'a>>,
    ) -> Result<ShardUsage, Broken> {
        let mut entries: Vec<(i64, u32)> = starts
            .into_iter()
            .map(|(customer, start)| (start, customer))
            .collect();
        entries.sort_unstable();
        let width = windows.width();
        let mut bounds = Vec::with_capacity(entries.len() * width);
        for (start, _) in &entries {
            bounds.extend(windows.bounds(*start));
        }
        let ends: Vec<i64> = bounds.chunks(width).map(|own| own[width - 1]).collect();
        let mut usage = ShardUsage {
            customers: entries.iter().map(|(_, customer)| *customer).collect(),
            starts: entries.iter().map(|(start, _)| *start).collect(),
            lately: vec![0; bits::words(entries.len())],
            active: vec![0; entries.len()],
            all: vec![0; entries.len()],
            events: Vec::new(),
            ends,
        };
        let slots = usage.slots();
        let mut sums = Sums {
            bounds,
            width,
            uses: vec![0; entries.len()],
            active: vec![0; entries.len() * (width - 1)],
        };
        for named in events {
            for (month, chunk) in &named.chunks {
                usage.read(&slots, &mut sums, &named, (*month, chunk))?;
            }
            if let Some(uses) = Uses::of(&sums.uses) {
                uses.add_to(&mut usage.all);
                usage.events.push((named.name, uses));
                sums.uses.fill(0);
            }
        }
        usage.settle(&sums, windows.at_least);
        usage.events.sort_by_key(|(name, _)| *name);
        Ok(usage)
    }

    /// By customer's number.
    fn slots(&self) -> Vec<Slot> {
        let nobody = Slot {
            first: 1,
            last: 0,
            place: 0,
        };
        let customers = self.customers.iter().map(|customer| place(*customer) + 1);
        let mut slots = vec![nobody; customers.max().unwrap_or(0)];
        for (number, customer) in (0..).zip(&self.customers) {
            slots[place(*customer)] = Slot {
                first: self.starts[place(number)].div_euclid(DAY),
                last: self.ends[place(number)].div_euclid(DAY),
                place: number,
            };
        }
        slots
    }

    fn read(
        &self,
        slots: &[Slot],
        sums: &mut Sums,
        named: &NamedEvents<'_>,
        (month, chunk): (Month, &Chunk<'_>),
    ) -> Result<(), Broken> {
        let first_day = month.first_day();
        let mut events = chunk.open(month)?;
        let instants = events.instants();
        let mut event = 0_usize;
        while let Some((customer, day)) = events.next()? {
            let absolute = first_day + i64::from(day);
            if let Some(slot) = slots.get(place(customer))
                && (slot.first..=slot.last).contains(&absolute)
            {
                let at = instants.exact(event, day)?;
                let number = place(slot.place);
                if at >= self.starts[number] {
                    sums.add(number, at, named);
                }
            }
            event = event.wrapping_add(1);
        }
        Ok(())
    }

    /// Sets the bits of the periods with events enough.
    fn settle(&mut self, sums: &Sums, at_least: u32) {
        let own = sums.active.chunks(sums.width - 1);
        for (number, periods) in own.enumerate() {
            for (period, count) in periods.iter().enumerate() {
                if *count < at_least {
                    continue;
                }
                match period.checked_sub(1) {
                    None => bits::set(&mut self.lately, number),
                    Some(period) => self.active[number] |= 1 << period,
                }
            }
        }
    }

    /// The number of customers.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    /// Bytes of memory.
    pub fn size(&self) -> usize {
        let columns: usize = self.events.iter().map(|(_, uses)| uses.size() + 64).sum();
        size_of_val(&self.customers[..])
            + size_of_val(&self.starts[..])
            + size_of_val(&self.ends[..])
            + size_of_val(&self.lately[..])
            + size_of_val(&self.active[..])
            + size_of_val(&self.all[..])
            + columns
    }

    /// The customers who started from `from` until before `until` and are chosen: whose windows were over at `as_of`, and
    /// how many there are whose were not. All instants in microseconds since 1970.
    pub fn choose(
        &self,
        (from, until): (i64, i64),
        as_of: i64,
        chosen: Option<&Selection>,
    ) -> Watched {
        let mut watched = Watched {
            all: vec![0; bits::words(self.len())],
            lately: Vec::new(),
            not_over: 0,
        };
        let first = self.starts.partition_point(|start| *start < from);
        let end = self.starts.partition_point(|start| *start < until);
        for number in first..end {
            if chosen.is_none_or(|chosen| chosen.has(self.customers[number])) {
                if self.ends[number] <= as_of {
                    bits::set(&mut watched.all, number);
                } else {
                    watched.not_over += 1;
                }
            }
        }
        let both = watched.all.iter().zip(&self.lately);
        watched.lately = both.map(|(all, lately)| all & lately).collect();
        watched
    }

    /// How many of these customers sent an event, by number of its name; those that nobody sent are left out.
    pub fn users(&self, who: &[u64]) -> impl Iterator<Item = (i32, u64)> {
        let events = self.events.iter();
        events.map(|(name, uses)| (*name, uses.users(who)))
    }

    /// Tells of each of these customers how many events of these names he sent in the exposure window, how many others,
    /// and in which outcome periods he was active; with `only_users` not of those who sent none of the names.
    pub fn each(
        &self,
        names: &[i32],
        who: &[u64],
        only_users: bool,
        mut tell: impl FnMut(u32, u32, u64),
    ) {
        let mut uses = vec![0_u32; self.len()];
        for (name, column) in &self.events {
            if names.contains(name) {
                column.add_to(&mut uses);
            }
        }
        let facts = uses.chunks(64).zip(self.all.chunks(64));
        let facts = facts.zip(self.active.chunks(64));
        for (((uses, all), active), who) in facts.zip(who) {
            let mut left = match only_users {
                true => who & nonzero(uses),
                false => *who,
            };
            while left != 0 {
                let bit = place(left.trailing_zeros());
                left &= left - 1;
                if let (Some(uses), Some(all), Some(active)) =
                    (uses.get(bit), all.get(bit), active.get(bit))
                {
                    tell(*uses, all.saturating_sub(*uses), *active);
                }
            }
        }
    }
}

/// Customers of a shard who are counted, as bits by place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watched {
    all: Vec<u64>,
    lately: Vec<u64>,
    not_over: u64,
}

impl Watched {
    /// Those whose windows were over; with `landmark` only those who were active in the last exposure period.
    pub fn who(&self, landmark: bool) -> &[u64] {
        if landmark { &self.lately } else { &self.all }
    }

    /// Their number.
    pub fn size(&self, landmark: bool) -> u64 {
        let words = self.who(landmark).iter();
        words.map(|word| u64::from(word.count_ones())).sum()
    }

    /// Customers whose windows were not over.
    pub fn not_over(&self) -> u64 {
        self.not_over
    }
}
