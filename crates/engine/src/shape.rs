//! Shapes whose dimensions may be unknown until data arrives.
//!
//! A dimension is a monomial: a factor times symbols, so that merging `[batch, 8, 8]` into
//! `[batch, 64]` or `[batch·time, c]` stays exact. Sums of different symbols have no form here and
//! are errors where they would arise.

use crate::error::{Error, Result};
use std::fmt;

/// An unknown size, named in the graph that made it (`batch`, …).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(pub u16);

/// One dimension: `factor` times the product of `symbols`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dim {
    factor: usize,
    symbols: Vec<Symbol>,
}

impl Dim {
    /// The dimension of size one.
    pub const ONE: Dim = Dim { factor: 1, symbols: Vec::new() };

    /// A symbolic dimension.
    pub fn symbol(symbol: Symbol) -> Self {
        Dim { factor: 1, symbols: vec![symbol] }
    }

    /// The size, if it is known.
    pub fn known(&self) -> Option<usize> {
        self.symbols.is_empty().then_some(self.factor)
    }

    /// The symbol, if the dimension is exactly one.
    pub fn as_symbol(&self) -> Option<Symbol> {
        match (self.factor, self.symbols.as_slice()) {
            (1, [symbol]) => Some(*symbol),
            _ => None,
        }
    }

    /// The product of two dimensions.
    ///
    /// # Errors
    /// `ERR_SHAPE` when the size overflows.
    pub fn times(&self, other: &Dim) -> Result<Dim> {
        let factor = self
            .factor
            .checked_mul(other.factor)
            .filter(|&size| size <= MAX_ELEMENTS)
            .ok_or_else(|| Error::shape(format!("the size {self} × {other} is too large")))?;
        let mut symbols = self.symbols.clone();
        symbols.extend(&other.symbols);
        symbols.sort_unstable();
        Ok(Dim { factor, symbols })
    }

    /// The exact quotient, if there is one.
    pub fn divided_by(&self, other: &Dim) -> Option<Dim> {
        if other.factor == 0 || !self.factor.is_multiple_of(other.factor) {
            return None;
        }
        let mut symbols = self.symbols.clone();
        for symbol in &other.symbols {
            let at = symbols.iter().position(|s| s == symbol)?;
            symbols.remove(at);
        }
        Some(Dim { factor: self.factor / other.factor, symbols })
    }

    /// The sum, where it is a monomial again.
    ///
    /// # Errors
    /// `ERR_SHAPE` when the symbols differ.
    pub fn plus(&self, other: &Dim) -> Result<Dim> {
        if self.symbols != other.symbols {
            return Err(Error::shape(format!("cannot add the unknown sizes {self} and {other}")));
        }
        Ok(Dim { factor: self.factor + other.factor, symbols: self.symbols.clone() })
    }

    /// The size when symbol `i` is `bindings[i]`.
    pub fn bind(&self, bindings: &[usize]) -> usize {
        self.symbols.iter().fold(self.factor, |size, s| size * bindings[s.0 as usize])
    }
}

/// Elements a tensor may have: sizes stay well inside `isize` and f64.
pub const MAX_ELEMENTS: usize = 1 << 40;

impl From<usize> for Dim {
    fn from(size: usize) -> Self {
        Dim { factor: size, symbols: Vec::new() }
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.factor, self.symbols.len()) {
            (factor, 0) => write!(f, "{factor}"),
            (1, 1) => f.write_str("?"),
            (factor, n) => write!(f, "{factor}·{}", "?".repeat(n)),
        }
    }
}

/// The dimensions of a tensor, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shape(pub Vec<Dim>);

impl Shape {
    /// A shape of known sizes.
    pub fn of(sizes: &[usize]) -> Self {
        Shape(sizes.iter().map(|&size| Dim::from(size)).collect())
    }
    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.0.len()
    }
    /// The product of all dimensions.
    ///
    /// # Errors
    /// `ERR_SHAPE` when it overflows.
    pub fn size(&self) -> Result<Dim> {
        self.0.iter().try_fold(Dim::ONE, |size, dim| size.times(dim))
    }
    /// The concrete sizes when symbol `i` is `bindings[i]`.
    pub fn bind(&self, bindings: &[usize]) -> Vec<usize> {
        self.0.iter().map(|dim| dim.bind(bindings)).collect()
    }
    /// The last dimension, or one for a scalar.
    pub fn last(&self) -> Dim {
        self.0.last().cloned().unwrap_or(Dim::ONE)
    }
    /// `axis` counted from the front; negative counts from the back.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` when it is outside the rank.
    pub fn axis(&self, axis: i64) -> Result<usize> {
        let rank = self.rank() as i64;
        let at = if axis < 0 { axis + rank } else { axis };
        if (0..rank).contains(&at) {
            Ok(at as usize)
        } else {
            Err(Error::argument(format!(
                "axis must be between {} and {} for shape {self}, received {axis}",
                -rank,
                rank - 1
            )))
        }
    }

    /// The shape two operands broadcast to, by NumPy's rules.
    ///
    /// # Errors
    /// `ERR_SHAPE` when two dimensions are neither equal nor one.
    pub fn broadcast(&self, other: &Shape) -> Result<Shape> {
        let rank = self.rank().max(other.rank());
        let dim = |shape: &Shape, i: usize| -> Dim {
            (i + shape.rank()).checked_sub(rank).map_or(Dim::ONE, |at| shape.0[at].clone())
        };
        (0..rank)
            .map(|i| match (dim(self, i), dim(other, i)) {
                (a, b) if a == b || b == Dim::ONE => Ok(a),
                (a, b) if a == Dim::ONE => Ok(b),
                _ => Err(Error::shape(format!("shapes {self} and {other} do not broadcast"))),
            })
            .collect::<Result<_>>()
            .map(Shape)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, dim) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{dim}")?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Dim {
        Dim::symbol(Symbol(0))
    }

    #[test]
    fn monomials_multiply_divide_and_bind() {
        let area = batch().times(&Dim::from(64)).unwrap();
        assert_eq!(area.divided_by(&Dim::from(8)).unwrap().to_string(), "8·?");
        assert_eq!(area.divided_by(&batch()), Some(Dim::from(64)));
        assert_eq!(area.divided_by(&Dim::from(7)), None);
        assert_eq!(area.bind(&[3]), 192);
        assert!(batch().plus(&Dim::ONE).is_err());
    }

    #[test]
    fn broadcasting_follows_numpy() {
        let a = Shape(vec![batch(), 1.into(), 3.into()]);
        let b = Shape::of(&[4, 1]);
        assert_eq!(a.broadcast(&b).unwrap(), Shape(vec![batch(), 4.into(), 3.into()]));
        assert!(Shape::of(&[2]).broadcast(&Shape::of(&[3])).is_err());
    }

    #[test]
    fn oversized_shapes_are_errors() {
        assert!(Shape::of(&[1 << 30, 1 << 30]).size().is_err());
    }
}
