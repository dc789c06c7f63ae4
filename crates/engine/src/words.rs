//! Words on a cache line's boundary: the memory of variables, arenas and scratch.
//!
//! Plans keep addresses in it. So it is held by an address too: a box claims, whenever it is moved, to be the only way to
//! what is in it.

use crate::error::Result;
use crate::memory::refused;
use crate::pages::Piece;
use std::ptr::NonNull;
use std::slice::{from_raw_parts, from_raw_parts_mut};

/// Words on a 64-byte boundary, zeroed; allocation can fail without aborting.
#[derive(Debug)]
pub struct Words {
    memory: Memory,
    first: NonNull<u32>,
    len: usize,
}

/// Where words are.
#[derive(Debug)]
enum Memory {
    /// In pages that are shared or their own, which go with it.
    Pages(#[expect(dead_code, reason = "kept for as long as the words")] Piece),
    /// In a box, which it becomes again in the end.
    Boxed(NonNull<[u32]>),
}

/// Words of a cache line.
pub const LINE_WORDS: usize = 16;

// SAFETY: the words are its own; addresses of them are the business of who keeps some.
unsafe impl Send for Words {}
// SAFETY: through a shared reference they are only read.
unsafe impl Sync for Words {}

impl Words {
    /// `len` zero words. Where they are many the system gives them zeroed, page by page as they are touched, so that to
    /// allocate them takes no time.
    ///
    /// # Errors
    /// `ERR_MEMORY` when the system has none.
    pub fn zeroed(len: usize) -> Result<Words> {
        if let Some(piece) = Piece::zeroed(len.saturating_mul(size_of::<u32>())) {
            let first = piece.first().cast();
            return Ok(Words { memory: Memory::Pages(piece), first, len });
        }
        let memory = bytemuck::allocation::try_zeroed_slice_box(len.saturating_add(LINE_WORDS))
            .map_err(|()| refused::<u32>(len))?;
        let memory: NonNull<[u32]> = NonNull::from(Box::leak(memory));
        let start: NonNull<u32> = memory.cast();
        // SAFETY: the boundary lies inside the memory, before as many words as there are.
        let first = unsafe { start.add(start.align_offset(LINE_WORDS * size_of::<u32>())) };
        Ok(Words { memory: Memory::Boxed(memory), first, len })
    }

    /// The address of the first word, good until they are dropped.
    pub fn as_mut_ptr(&mut self) -> *mut u32 {
        self.first.as_ptr()
    }

    /// The words.
    pub fn as_slice(&self) -> &[u32] {
        // SAFETY: so many words lie behind the boundary, and are borrowed as this is.
        unsafe { from_raw_parts(self.first.as_ptr(), self.len) }
    }

    /// The words, writable.
    pub fn as_mut_slice(&mut self) -> &mut [u32] {
        // SAFETY: as above.
        unsafe { from_raw_parts_mut(self.first.as_ptr(), self.len) }
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        if let Memory::Boxed(memory) = self.memory {
            // SAFETY: it came of a box, and nobody else gives it back.
            drop(unsafe { Box::from_raw(memory.as_ptr()) });
        }
    }
}
