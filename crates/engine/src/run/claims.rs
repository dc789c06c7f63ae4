//! Claims: which participant of a run takes which chunk of a phase.
//!
//! Each participant owns a range of a phase's chunks and takes from its front, so it meets the same
//! columns in forward and backward; then it takes from the end of anyone's. A claim is one
//! compare-and-swap of (generation, next, end), so a late helper cannot take a chunk of a phase that
//! is over.

use std::sync::atomic::{AtomicU64, Ordering};

/// A cache line of its own for what many threads write.
#[repr(align(64))]
pub(super) struct Line<T>(pub T);

/// A chunk that was claimed.
pub(super) struct Claim {
    pub chunk: usize,
    /// True if the one after it is left, which the same thread will likely take.
    pub more: bool,
}

/// Bits of a chunk's number.
const CHUNK: u32 = 20;
/// Chunks of a phase, at most.
pub(crate) const MOST_CHUNKS: usize = (1 << CHUNK) - 1;

/// Per participant: generation (its low 24 bits), next chunk and end of its range (20 bits each).
pub(super) struct Claims(Vec<Line<AtomicU64>>);

fn pack(generation: u32, next: u32, end: u32) -> u64 {
    u64::from(generation) << (2 * CHUNK) | u64::from(next) << CHUNK | u64::from(end)
}

impl Claims {
    pub fn new(participants: usize) -> Claims {
        Claims((0..participants).map(|_| Line(AtomicU64::new(0))).collect())
    }

    /// Number of participants.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Gives participant `of` the chunks `start..end` of phase `generation`.
    pub fn give(&self, of: usize, generation: u32, start: usize, end: usize) {
        self.0[of].0.store(pack(generation, start as u32, end as u32), Ordering::Release);
    }

    /// Takes a chunk of participant `of`'s range in phase `generation`: the owner the first, others
    /// the last, which the owner would come to last.
    pub fn take(&self, generation: u32, of: usize, own: bool) -> Option<Claim> {
        let range = &self.0[of].0;
        let mut word = range.load(Ordering::Acquire);
        loop {
            let chunk = |word: u64| (word & MOST_CHUNKS as u64) as u32;
            let (next, end) = (chunk(word >> CHUNK), chunk(word));
            if word ^ pack(generation, next, end) != 0 || next >= end {
                return None;
            }
            let (chunk, taken) = match own {
                true => (next, pack(generation, next + 1, end)),
                false => (end - 1, pack(generation, next, end - 1)),
            };
            match range.compare_exchange_weak(word, taken, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    return Some(Claim { chunk: chunk as usize, more: own && next + 1 < end });
                }
                Err(now) => word = now,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_takes_the_first_others_the_last_of_their_phase() {
        let claims = Claims::new(1);
        let last = MOST_CHUNKS;
        claims.give(0, u32::MAX, last - 3, last);
        assert!(claims.take(u32::MAX - 1, 0, true).is_none());
        let take = |own| claims.take(u32::MAX, 0, own).map(|claim| (claim.chunk, claim.more));
        assert_eq!(take(true), Some((last - 3, true)));
        assert_eq!(take(false), Some((last - 1, false)));
        assert_eq!(take(true), Some((last - 2, false)));
        assert_eq!(take(true), None);
    }
}
