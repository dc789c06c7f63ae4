//! The right-hand sides of elementwise kernels: a slice, or one number for every element.

/// An argument of an elementwise kernel.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    /// One value per element.
    Slice(&'a [f32]),
    /// The same value for every element.
    Scalar(f32),
}

/// A scalar repeated for the widest vector, which a [`Source`] reads over and over.
pub(crate) type Repeated = [f32; 16];

/// Where the vectors of an operand are read: one loop serves slices and scalars.
#[derive(Clone, Copy)]
pub(crate) struct Source {
    base: *const f32,
    offset_mask: usize,
}

impl Source {
    /// The source of `operand`, which must have `n` elements if it is a slice.
    pub(crate) fn new(operand: Operand, n: usize, repeated: &mut Repeated) -> Self {
        match operand {
            Operand::Slice(slice) => {
                assert_eq!(slice.len(), n, "operand and result lengths differ");
                Source { base: slice.as_ptr(), offset_mask: usize::MAX }
            }
            Operand::Scalar(value) => {
                *repeated = [value; 16];
                Source { base: repeated.as_ptr(), offset_mask: 0 }
            }
        }
    }

    /// The address of the vector whose first element is `i`, valid for what `new` was told: `n`
    /// elements, as long as the operand is borrowed.
    #[inline(always)]
    pub(crate) fn at(self, i: usize) -> *const f32 {
        self.base.wrapping_add(i & self.offset_mask)
    }
}
