//! Memory that can be refused: sizes come from users, and a failed allocation must not abort.

use crate::error::{Code, Error, Result};

/// An empty vector with room for `len` values.
///
/// # Errors
/// `ERR_MEMORY` when the system has none.
pub fn reserve<T>(len: usize) -> Result<Vec<T>> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(len).map_err(|_| refused::<T>(len))?;
    in_huge_pages(memory.spare_capacity_mut());
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

/// Values that are given back to the system at once: as much as its allocator would rather keep.
const PIECE: usize = 4 << 20;

/// Gives the memory of values back, from the end and piece by piece: while the system takes a GB back in one go, every
/// other thread of the process waits that asks for memory.
pub fn give_back<T: Copy>(memory: &mut Vec<T>) {
    while memory.capacity() > PIECE {
        let rest = memory.capacity() - PIECE;
        memory.truncate(rest);
        memory.shrink_to(rest);
    }
}

/// Asks the system for pages of 2 MiB where memory spans some: to have a GB in small ones takes most of a second on
/// a virtual machine. A wish: what comes of it does not matter.
#[cfg(target_os = "linux")]
pub fn in_huge_pages<T>(memory: &mut [T]) {
    use rustix::mm::{Advice, madvise};
    const HUGE: usize = 2 << 20;
    let range = memory.as_mut_ptr_range();
    let [start, end] = [range.start.addr().next_multiple_of(HUGE), range.end.addr() & !(HUGE - 1)];
    if start < end {
        let first = range.start.with_addr(start).cast();
        // SAFETY: the pages lie inside memory that is ours alone; the advice changes no byte of it.
        let _ = unsafe { madvise(first, end - start, Advice::LinuxHugepage) };
    }
}

/// As on Linux: others decide for themselves.
#[cfg(not(target_os = "linux"))]
pub fn in_huge_pages<T>(_: &mut [T]) {}
