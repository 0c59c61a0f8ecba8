//! Random numbers that are the same on every machine: `ChaCha`, a stream of its own for each thing drawn, and only
//! additions, multiplications, divisions and square roots, which IEEE 754 fixes to the last bit (the platform's `exp`
//! and `ln` are not fixed, so they are not used).

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream of random numbers is for. Streams are independent, so accounts and customers can be made in any order.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    /// An account's traits and size.
    Account,
    /// An account's contracts.
    Contract,
    /// One customer: traits, habits, life and events.
    Customer,
}

/// One stream.
pub(crate) struct Random {
    key: [u8; 32],
    rng: ChaCha8Rng,
}

impl Random {
    /// The stream of account `account`, and of its customer `member` where that applies.
    pub(crate) fn new(seed: u64, stream: Stream, account: u32, member: u32) -> Self {
        let stream: u8 = match stream {
            Stream::Account => 1,
            Stream::Contract => 2,
            Stream::Customer => 3,
        };
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = stream;
        key[12..16].copy_from_slice(&account.to_le_bytes());
        key[16..20].copy_from_slice(&member.to_le_bytes());
        Self::of(key)
    }

    /// A stream of this stream's own for step `step` of something, whatever was drawn from it before: what happens in
    /// one step then changes no other.
    pub(crate) fn step(&self, step: usize) -> Self {
        let mut key = self.key;
        let step = u32::try_from(step).expect("few steps") + 1;
        key[20..24].copy_from_slice(&step.to_le_bytes());
        Self::of(key)
    }

    fn of(key: [u8; 32]) -> Self {
        Self {
            key,
            rng: ChaCha8Rng::from_seed(key),
        }
    }

    /// Uniform between 0 and 1, neither of them included.
    pub(crate) fn share(&mut self) -> f64 {
        (f64::from(self.rng.next_u32()) + 0.5) / 4_294_967_296.0
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// Uniform in `0..n`; 0 when n is 0.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        let scaled = (u64::from(self.rng.next_u32()) * u64::from(n)) >> 32;
        u32::try_from(scaled).expect("a share of a u32 is a u32")
    }

    /// One of the items, all equally likely.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let n = u32::try_from(items.len()).expect("short lists");
        items[usize::try_from(self.below(n)).expect("an index")]
    }

    /// The index of one of the weights, each as likely as its weight says; the first one when all are 0.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let mut left = self.below(weights.clone().sum());
        weights
            .clone()
            .position(|weight| {
                let hit = left < weight;
                left = left.saturating_sub(weight);
                hit
            })
            .unwrap_or(0)
    }

    /// A value of a table of values with weights.
    pub(crate) fn choose<T: Copy>(&mut self, table: &[(T, u32)]) -> T {
        table[self.weighted(table.iter().map(|(_, weight)| *weight))].0
    }

    /// Poisson by inversion; the mean is cut at 60.
    pub(crate) fn poisson(&mut self, mean: f64) -> u32 {
        let mean = mean.clamp(0.0, 60.0);
        let mut left = self.share();
        let mut probability = exp_minus(mean);
        let mut count = 0_u32;
        while left > probability && count < 200 {
            left -= probability;
            count += 1;
            probability *= mean / f64::from(count);
        }
        count
    }

    /// Pareto with exponent 2, from 1 (half of all below 1.41) up to `cap`: most are small, a few are very large.
    pub(crate) fn heavy(&mut self, cap: f64) -> f64 {
        (1.0 / self.share().sqrt()).min(cap)
    }

    /// A bell around 1, between 0 and 2, standard deviation 0.33.
    pub(crate) fn wobble(&mut self) -> f64 {
        (self.share() + self.share() + self.share()) / 1.5
    }

    /// Sixty-four random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.rng.next_u64()
    }
}

/// e^-x for x from 0 to 60, good to five digits, which is plenty for a Poisson draw: the fifth-order series of a
/// 1024th of x, squared ten times.
fn exp_minus(x: f64) -> f64 {
    let s = x / 1024.0;
    let series = 1.0 - s * (1.0 - s / 2.0 * (1.0 - s / 3.0 * (1.0 - s / 4.0 * (1.0 - s / 5.0))));
    (0..10).fold(series, |power, _| power * power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn exp_is_close_to_the_platforms() {
        for tenth in 0..600 {
            let x = f64::from(tenth) / 10.0;
            let ratio = exp_minus(x) / (-x).exp();
            assert!((ratio - 1.0).abs() < 1e-5, "{x}: {ratio}");
        }
    }

    #[test]
    fn draws_have_their_means() {
        let mut random = Random::new(1, Stream::Customer, 2, 3);
        let n = 40_000;
        for mean in [0.1, 1.0, 7.5, 30.0] {
            let total: u32 = (0..n).map(|_| random.poisson(mean)).sum();
            let found = f64::from(total) / f64::from(n);
            // five standard errors
            assert!(
                (found - mean).abs() < 5.0 * (mean / f64::from(n)).sqrt(),
                "{mean}: {found}"
            );
        }
        let twos = (0..n)
            .filter(|_| random.choose(&[(1, 3), (2, 1), (3, 0)]) == 2)
            .count();
        assert!((9_500..10_500).contains(&twos), "{twos}");
    }

    #[test]
    fn streams_differ() {
        let drawn: BTreeSet<u64> = [
            (1, Stream::Account, 1, 0),
            (2, Stream::Account, 1, 0),
            (1, Stream::Contract, 1, 0),
            (1, Stream::Customer, 1, 0),
            (1, Stream::Customer, 1, 1),
            (1, Stream::Customer, 2, 0),
        ]
        .into_iter()
        .flat_map(|(seed, stream, account, member)| {
            let mut random = Random::new(seed, stream, account, member);
            [random.step(0).bits(), random.step(1).bits(), random.bits()]
        })
        .collect();
        assert_eq!(drawn.len(), 18);
    }
}
