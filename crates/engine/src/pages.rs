//! Pages: memory in pages of 2 MiB, of which several pieces may share one.
//!
//! A net's weights are many matrices of less than a page. In pages of 4 KiB, addresses of a few megabytes outgrow the table
//! that a core looks them up in, and on a virtual machine a miss costs two walks: a step takes a tenth to a fifth longer. What
//! is at least as large as a page has pages of its own; smaller pieces lie in blocks (best fit, crate `range-alloc`).

/// Bytes of a page.
const PAGE: usize = 2 << 20;
/// Bytes of a block: addresses alone, until they are touched.
const BLOCK: usize = 16 * PAGE;
/// Bytes below which a piece is left to the allocator: all of a small net's fit in the near cache, and in few pages.
const LEAST: usize = 16 << 10;
/// Bytes of a cache line, where every piece begins.
const LINE: usize = 64;
/// Bytes between pieces: where weight, slots and gradient begin at the same place of 4 KiB, a store holds up loads from the
/// others, which it cannot tell apart by their lower bits.
const APART: usize = 5 * LINE;

#[cfg(all(target_os = "linux", not(miri)))]
mod system {
    use super::{APART, BLOCK, LEAST, LINE, PAGE};
    use crate::memory::in_huge_pages;
    use parking_lot::Mutex;
    use range_alloc::RangeAllocator;
    use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
    use std::ops::Range;
    use std::ptr::{NonNull, null_mut};
    use std::slice::from_raw_parts_mut;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Addresses of its own, the first on a page's boundary, zeroed as they are touched.
    #[derive(Debug)]
    struct Mapping {
        start: NonNull<u8>,
        len: usize,
        first: NonNull<u8>,
    }

    // SAFETY: the addresses are its own.
    unsafe impl Send for Mapping {}

    impl Mapping {
        /// `len` bytes, or `None` where the system has none.
        fn new(len: usize) -> Option<Mapping> {
            let whole = len.checked_add(PAGE)?;
            let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
            // SAFETY: the system chooses addresses that nobody has.
            let start = unsafe { mmap_anonymous(null_mut(), whole, access, flags) }.ok()?;
            let start = NonNull::new(start.cast::<u8>())?;
            // SAFETY: the boundary is less than a page behind the start.
            let first = unsafe { start.add(start.align_offset(PAGE)) };
            // SAFETY: zeroed bytes of its own, borrowed for the length of the advice.
            in_huge_pages(unsafe { from_raw_parts_mut(first.as_ptr(), len) });
            Some(Mapping { start, len: whole, first })
        }
    }

    impl Drop for Mapping {
        fn drop(&mut self) {
            // SAFETY: its own addresses, which nobody uses any more.
            let given_back = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
            debug_assert!(given_back.is_ok());
        }
    }

    /// A mapping whose bytes are dealt out.
    struct Block {
        mapping: Mapping,
        bytes: RangeAllocator<usize>,
    }

    impl Block {
        fn new() -> Option<Block> {
            Some(Block { mapping: Mapping::new(BLOCK)?, bytes: RangeAllocator::new(0..BLOCK) })
        }

        /// `len` bytes, or `None` where so many do not lie together.
        fn deal(&mut self, len: usize) -> Option<Piece> {
            let range = self.bytes.allocate_range(len).ok()?;
            // SAFETY: the range lies in the block, which stays for as long as some of it is dealt out.
            let first = unsafe { self.mapping.first.add(range.start) };
            Some(Piece { first, of: Of::Block(range) })
        }

        /// True if `piece` lies in it, of which it is `range`.
        fn holds(&self, piece: &Piece, range: &Range<usize>) -> bool {
            piece.first.addr().get() - range.start == self.mapping.first.addr().get()
        }
    }

    /// Those that have a piece.
    static BLOCKS: Mutex<Vec<Block>> = Mutex::new(Vec::new());

    /// Zeroed memory of one's own, on the boundary of a cache line.
    #[derive(Debug)]
    pub struct Piece {
        first: NonNull<u8>,
        of: Of,
    }

    #[derive(Debug)]
    enum Of {
        Block(Range<usize>),
        Own(#[expect(dead_code, reason = "kept for as long as the piece")] Mapping),
    }

    // SAFETY: the bytes are its own.
    unsafe impl Send for Piece {}

    impl Piece {
        /// `len` bytes, or `None` where they are too few or the system has none.
        pub fn zeroed(len: usize) -> Option<Piece> {
            match len {
                ..LEAST => None,
                LEAST..PAGE => Piece::shared(len),
                _ => Piece::own(len),
            }
        }

        /// All of a mapping, but for some lines ahead of it.
        fn own(len: usize) -> Option<Piece> {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let ahead = COUNT.fetch_add(1, Ordering::Relaxed) % 8 * APART;
            let len = len.checked_add(ahead)?;
            // Half a page or more at the end is worth a whole one.
            let end = if len % PAGE < PAGE / 2 { len } else { len.checked_next_multiple_of(PAGE)? };
            let mapping = Mapping::new(end)?;
            // SAFETY: so many bytes lie ahead of the last `len`.
            let first = unsafe { mapping.first.add(ahead) };
            Some(Piece { first, of: Of::Own(mapping) })
        }

        /// Part of a block.
        fn shared(len: usize) -> Option<Piece> {
            let mut blocks = BLOCKS.lock();
            let len = len.next_multiple_of(LINE) + APART;
            let dealt = blocks.iter_mut().find_map(|block| block.deal(len));
            let piece = match dealt {
                Some(piece) => piece,
                None => {
                    let mut block = Block::new()?;
                    let piece = block.deal(len)?;
                    blocks.push(block);
                    piece
                }
            };
            drop(blocks);
            // SAFETY: so many bytes are its own; another piece may have written them before.
            unsafe { piece.first.write_bytes(0, len) };
            Some(piece)
        }

        /// The first byte.
        pub fn first(&self) -> NonNull<u8> {
            self.first
        }
    }

    impl Drop for Piece {
        fn drop(&mut self) {
            let Of::Block(range) = &self.of else { return };
            let mut blocks = BLOCKS.lock();
            let at = blocks.iter().position(|block| block.holds(self, range));
            let at = at.expect("a block stays for as long as some of it is dealt out");
            blocks[at].bytes.free_range(range.clone());
            if blocks[at].bytes.is_empty() {
                let block = blocks.swap_remove(at);
                drop(blocks);
                drop(block);
            }
        }
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod system {
    use std::ptr::NonNull;

    /// There is none: other systems decide for themselves.
    #[derive(Debug)]
    pub enum Piece {}

    impl Piece {
        /// None.
        pub fn zeroed(_: usize) -> Option<Piece> {
            None
        }

        /// Of none.
        pub fn first(&self) -> NonNull<u8> {
            match *self {}
        }
    }
}

pub use system::Piece;

#[cfg(all(test, target_os = "linux", not(miri)))]
mod tests {
    use super::*;
    use std::slice::from_raw_parts_mut;

    fn bytes(piece: &mut Piece, len: usize) -> &mut [u8] {
        // SAFETY: as many were asked for.
        unsafe { from_raw_parts_mut(piece.first().as_ptr(), len) }
    }

    #[test]
    fn pieces_are_zeroed_aligned_and_apart() {
        let mut seed = 1u64;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % below
        };
        let mut pieces: Vec<(Piece, usize, u8)> = Vec::new();
        for turn in 0..600 {
            // Memory that others have written is dealt out again.
            if pieces.len() > 40 || (turn % 3 == 2 && !pieces.is_empty()) {
                let (mut piece, len, mark) = pieces.swap_remove(random(pieces.len()));
                assert!(bytes(&mut piece, len).iter().all(|&byte| byte == mark));
            }
            let len = LEAST + random(if turn % 50 == 0 { 3 * PAGE } else { PAGE / 4 });
            let mut piece = Piece::zeroed(len).unwrap();
            assert_eq!(piece.first().as_ptr().addr() % LINE, 0);
            let mark = (turn % 255 + 1) as u8;
            let all = bytes(&mut piece, len);
            assert!(all.iter().all(|&byte| byte == 0));
            all.fill(mark);
            pieces.push((piece, len, mark));
        }
        for (mut piece, len, mark) in pieces {
            assert!(bytes(&mut piece, len).iter().all(|&byte| byte == mark));
        }
    }

    #[test]
    fn what_is_small_or_cannot_be_had_is_left_to_others() {
        assert!(Piece::zeroed(0).is_none());
        assert!(Piece::zeroed(LEAST - 1).is_none());
        assert!(Piece::zeroed(usize::MAX / 2).is_none());
        assert!(Piece::zeroed(usize::MAX).is_none());
    }

    #[test]
    fn equal_pieces_do_not_begin_at_the_same_place_of_a_small_page() {
        for len in [PAGE / 2, 4 * PAGE] {
            let pieces: Vec<_> = (0..3).map(|_| Piece::zeroed(len).unwrap()).collect();
            let mut places: Vec<_> =
                pieces.iter().map(|piece| piece.first().as_ptr().addr() % 4096).collect();
            places.sort_unstable();
            places.dedup();
            assert!(places.len() > 1, "{len}");
        }
    }
}
