//! Memory that can be refused: sizes come from users, and a failed allocation must not abort.

use crate::error::{Code, Error, Result};

/// An empty vector with room for `len` values.
///
/// # Errors
/// `ERR_MEMORY` when the system has none.
pub fn reserve<T>(len: usize) -> Result<Vec<T>> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(len).map_err(|_| refused::<T>(len))?;
    Ok(memory)
}

/// The error that there is no memory for `len` values.
pub fn refused<T>(len: usize) -> Error {
    let size = len.saturating_mul(size_of::<T>()).div_ceil(1 << 20);
    Error::new(Code::Memory, format!("cannot allocate {size} MiB"))
}

/// `len` zeros.
///
/// # Errors
/// As [`reserve`].
pub fn zeros<T: Clone + Default>(len: usize) -> Result<Vec<T>> {
    let mut memory = reserve(len)?;
    memory.resize(len, T::default());
    Ok(memory)
}
