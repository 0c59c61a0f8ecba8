//! Where a customer lives.

/// Shards of a workspace. Fixed: the number is part of every stored row's key.
pub const SHARDS: u16 = 64;

/// The shard of an external id: the first two bytes of its BLAKE3 hash, so that the same id lands in the same shard on
/// every machine and in every version.
pub fn shard(external_id: &str) -> i16 {
    let hash = blake3::hash(external_id.as_bytes());
    let [a, b, ..] = *hash.as_bytes();
    let shard = u16::from_be_bytes([a, b]) % SHARDS;
    i16::try_from(shard).expect("64 shards fit")
}
