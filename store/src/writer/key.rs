//! A `uuid` column's 16 bytes, without the crate of that name.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::{Encode, Postgres, Type};

/// A key as Postgres keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(pub(super) [u8; 16]);

impl Key {
    /// A key made of a row as it was before such keys began with the day ([`intake::event_key`]), its last bytes given.
    pub(super) fn older(self, end: [u8; 2]) -> Self {
        let [_, _, hash @ ..] = self.0;
        let mut older = [0; 16];
        older[..14].copy_from_slice(&hash);
        older[14..].copy_from_slice(&end);
        Self(older)
    }
}

/// Object ids of `uuid` and `uuid[]`, the same in every Postgres.
const UUID: Oid = Oid(2950);
const UUID_ARRAY: Oid = Oid(2951);

impl Type<Postgres> for Key {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(UUID)
    }
}

impl PgHasArrayType for Key {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(UUID_ARRAY)
    }
}

impl Encode<'_, Postgres> for Key {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }
}
