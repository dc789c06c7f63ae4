//! Shapes whose dimensions may be unknown until data arrives.
//!
//! A dimension is a polynomial of symbols, so that merging `[batch, 8, 8]` into `[batch, 64]` or
//! `[batch·time, c]`, joining two sequences of unknown lengths and leaving steps out stay exact.

use crate::error::{Error, Result};
use std::fmt;

/// An unknown size, named in the graph that made it (`batch`, …).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(pub u16);

/// A factor, which is not 0, times the product of symbols, of one at least.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Term {
    symbols: Vec<Symbol>,
    factor: isize,
}

/// One dimension: a number plus terms, in the order of their symbols.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dim {
    number: isize,
    terms: Vec<Term>,
}

impl Dim {
    /// The dimension of size one.
    pub const ONE: Dim = Dim { number: 1, terms: Vec::new() };

    /// A symbolic dimension.
    pub fn symbol(symbol: Symbol) -> Self {
        Dim { number: 0, terms: vec![Term { symbols: vec![symbol], factor: 1 }] }
    }

    /// The size, if it is known; one below 0, which no data has, as 0.
    pub fn known(&self) -> Option<usize> {
        self.constant().map(|number| number.max(0) as usize)
    }

    /// The number, if it is no more than that, such as how far two dimensions are apart.
    pub fn constant(&self) -> Option<isize> {
        self.terms.is_empty().then_some(self.number)
    }

    /// The symbol, if the dimension is exactly one.
    pub fn as_symbol(&self) -> Option<Symbol> {
        match (self.number, self.terms.as_slice()) {
            (0, [Term { symbols, factor: 1 }]) if symbols.len() == 1 => Some(symbols[0]),
            _ => None,
        }
    }

    /// True if the dimension depends on a symbol.
    pub fn depends_on(&self, symbol: Symbol) -> bool {
        self.terms.iter().any(|term| term.symbols.contains(&symbol))
    }

    /// The number as a term without symbols, then the terms.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&[Symbol], isize)> {
        let number = (self.number != 0).then_some((&[] as &[Symbol], self.number));
        number.into_iter().chain(self.terms.iter().map(|of| (&of.symbols[..], of.factor)))
    }

    /// Adds a factor times symbols, which are sorted.
    fn add(&mut self, symbols: Vec<Symbol>, factor: isize) {
        if symbols.is_empty() {
            self.number += factor;
            return;
        }
        match self.terms.binary_search_by(|term| term.symbols.cmp(&symbols)) {
            Ok(at) if self.terms[at].factor == -factor => drop(self.terms.remove(at)),
            Ok(at) => self.terms[at].factor += factor,
            Err(at) => self.terms.insert(at, Term { symbols, factor }),
        }
    }

    /// The product of two dimensions.
    ///
    /// # Errors
    /// `ERR_SHAPE` when the size overflows.
    pub fn times(&self, other: &Dim) -> Result<Dim> {
        let mut product = Dim { number: 0, terms: Vec::new() };
        for (left, a) in self.parts() {
            for (right, b) in other.parts() {
                let factor = a.checked_mul(b).filter(|size| size.unsigned_abs() <= MAX_ELEMENTS);
                let factor = factor.ok_or_else(|| {
                    Error::shape(format!("the size {self} × {other} is too large"))
                })?;
                let mut symbols = [left, right].concat();
                symbols.sort_unstable();
                product.add(symbols, factor);
            }
        }
        Ok(product)
    }

    /// The exact quotient, if `other` is a factor of every part.
    pub fn divided_by(&self, other: &Dim) -> Option<Dim> {
        let mut divisors = other.parts();
        let (divisor, factor) = divisors.next()?;
        if divisors.next().is_some() {
            return (self == other).then_some(Dim::ONE);
        }
        let mut quotient = Dim { number: 0, terms: Vec::new() };
        for (symbols, size) in self.parts() {
            let mut symbols = symbols.to_vec();
            for symbol in divisor {
                symbols.remove(symbols.iter().position(|s| s == symbol)?);
            }
            quotient.add(symbols, (size % factor == 0).then_some(size / factor)?);
        }
        Some(quotient)
    }

    /// The sum.
    ///
    /// # Errors
    /// `ERR_SHAPE` when the size overflows.
    pub fn plus(&self, other: &Dim) -> Result<Dim> {
        let mut sum = self.clone();
        other.parts().for_each(|(symbols, factor)| sum.add(symbols.to_vec(), factor));
        if sum.parts().any(|(_, factor)| factor.unsigned_abs() > MAX_ELEMENTS) {
            return Err(Error::shape(format!("the size {self} + {other} is too large")));
        }
        Ok(sum)
    }

    /// The difference, which may be below 0.
    ///
    /// # Errors
    /// `ERR_SHAPE` when it overflows.
    pub fn minus(&self, other: &Dim) -> Result<Dim> {
        let mut negative = other.clone();
        negative.number = -negative.number;
        negative.terms.iter_mut().for_each(|term| term.factor = -term.factor);
        self.plus(&negative)
    }

    /// The number that it is when symbol `i` is `bindings[i]`, below 0 where data is shorter than what is taken of it.
    pub fn evaluate(&self, bindings: &[usize]) -> isize {
        // What is too large stays so, and is refused when it is planned.
        let size = |symbols: &[Symbol]| {
            let sizes = symbols.iter().map(|symbol| bindings[symbol.0 as usize]);
            isize::try_from(sizes.fold(1usize, usize::saturating_mul)).unwrap_or(isize::MAX)
        };
        let parts = self.parts().map(|(symbols, factor)| size(symbols).saturating_mul(factor));
        parts.fold(0, isize::saturating_add)
    }

    /// The size when symbol `i` is `bindings[i]`; 0 where that is below 0, which whoever takes steps away refuses.
    pub fn bind(&self, bindings: &[usize]) -> usize {
        self.evaluate(bindings).max(0) as usize
    }
}

/// Elements a tensor may have: sizes stay well inside `isize` and f64.
pub const MAX_ELEMENTS: usize = 1 << 40;

impl From<usize> for Dim {
    fn from(size: usize) -> Self {
        let number = isize::try_from(size).unwrap_or(isize::MAX);
        Dim { number, terms: Vec::new() }
    }
}

impl Dim {
    /// As text, with symbols by what `name` says of them.
    pub fn written(&self, name: impl Fn(Symbol) -> String) -> String {
        if self.constant() == Some(0) {
            return "0".to_owned();
        }
        // What is taken away stands behind what it is taken from.
        let (more, less): (Vec<_>, Vec<_>) = self.parts().partition(|(_, factor)| *factor > 0);
        let mut text = String::new();
        for (i, (symbols, factor)) in more.into_iter().chain(less).enumerate() {
            text += match (i, factor > 0) {
                (0, true) => "",
                (0, false) => "-",
                (_, true) => " + ",
                (_, false) => " - ",
            };
            let names: String = symbols.iter().map(|symbol| name(*symbol)).collect();
            match (factor.unsigned_abs(), symbols.len()) {
                (factor, 0) => text += &factor.to_string(),
                (1, 1) => text += &names,
                (factor, _) => text += &format!("{factor}·{names}"),
            }
        }
        text
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(|_| "?".to_owned()))
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
    }

    #[test]
    fn sums_keep_their_terms_and_bind() {
        let time = Dim::symbol(Symbol(1));
        let joined = time.plus(&batch()).unwrap().plus(&2.into()).unwrap();
        assert_eq!(joined, Dim::from(2).plus(&batch()).unwrap().plus(&time).unwrap());
        assert_eq!(joined.to_string(), "2 + ? + ?");
        assert_eq!(joined.bind(&[3, 4]), 9);
        let twice = joined.plus(&joined).unwrap();
        assert_eq!(twice, joined.times(&2.into()).unwrap());
        assert_eq!(twice.divided_by(&2.into()), Some(joined.clone()));
        assert_eq!(joined.divided_by(&joined), Some(Dim::ONE));
        assert_eq!(joined.divided_by(&2.into()), None);
        let area = joined.times(&joined).unwrap();
        assert_eq!(area.bind(&[3, 4]), 81);
        assert_eq!(batch().times(&0.into()).unwrap().known(), Some(0));
    }

    #[test]
    fn what_is_taken_away_comes_back() {
        let time = Dim::symbol(Symbol(0));
        let rest = time.minus(&2.into()).unwrap();
        assert_eq!(rest.to_string(), "? - 2");
        assert_eq!(rest.plus(&2.into()).unwrap(), time);
        assert_eq!(time.minus(&rest).unwrap().known(), Some(2));
        assert_eq!(rest.minus(&time).unwrap().constant(), Some(-2));
        assert_eq!(rest.minus(&rest).unwrap(), Dim::from(0));
        assert_eq!(rest.times(&3.into()).unwrap().divided_by(&3.into()), Some(rest.clone()));
        assert_eq!((rest.bind(&[5]), rest.bind(&[1]), rest.evaluate(&[1])), (3, 0, -1));
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
