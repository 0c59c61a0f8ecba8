//! Where a customer lives.

/// Shards of a workspace. Fixed: the number is part of every stored row's key.
pub const SHARDS: u16 = 64;

/// The shard of an external id: the first two bytes of its BLAKE3 hash, so that the same id lands in the same shard on
/// every machine and in every version.
pub fn shard(external_id: &str) -> i16 {
    Fingerprint::of(external_id).shard()
}

/// What stands for an external id where many are remembered: half of its BLAKE3 hash, which no two share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 16]);

impl Fingerprint {
    pub(crate) fn of(external_id: &str) -> Self {
        let hash = blake3::hash(external_id.as_bytes());
        let half = hash.as_bytes().first_chunk();
        Self(*half.expect("a hash is longer than its half"))
    }

    pub(crate) fn shard(self) -> i16 {
        let [a, b, ..] = self.0;
        let shard = u16::from_be_bytes([a, b]) % SHARDS;
        i16::try_from(shard).expect("64 shards fit")
    }
}
