//! Arguments of an op as they come from outside: JSON with typed, checked access.

use crate::error::{Error, Result};
use crate::tensor::DType;
use serde_json::{Map, Value as Json};

/// The arguments of one op.
#[derive(Clone, Debug, Default)]
pub struct Attributes(pub Map<String, Json>);

impl Attributes {
    /// Attributes from a JSON object.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` when it is something else.
    pub fn parse(json: &str) -> Result<Attributes> {
        match serde_json::from_str(json) {
            Ok(Json::Object(map)) => Ok(Attributes(map)),
            _ => Err(Error::argument("op arguments must be a JSON object")),
        }
    }

    fn get<'a, T>(
        &'a self,
        name: &str,
        kind: &str,
        f: impl Fn(&'a Json) -> Option<T>,
    ) -> Result<T> {
        let value = self.0.get(name);
        value.and_then(f).ok_or_else(|| match value {
            Some(value) => Error::argument(format!("{name} must be {kind}, received {value}")),
            None => Error::argument(format!("{name} is missing; expected {kind}")),
        })
    }

    /// A finite number.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` when it is missing or another type.
    pub fn number(&self, name: &str) -> Result<f64> {
        self.get(name, "a number", as_number)
    }
    /// A finite number, or `None` where the argument is null or missing.
    ///
    /// # Errors
    /// As [`Attributes::number`].
    pub fn optional_number(&self, name: &str) -> Result<Option<f64>> {
        match self.0.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(_) => self.number(name).map(Some),
        }
    }
    /// An integer.
    ///
    /// # Errors
    /// As [`Attributes::number`].
    pub fn integer(&self, name: &str) -> Result<i64> {
        self.get(name, "an integer", as_integer)
    }
    /// An integer, or `None` where the argument is null or missing.
    ///
    /// # Errors
    /// As [`Attributes::number`].
    pub fn optional_integer(&self, name: &str) -> Result<Option<i64>> {
        match self.0.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(_) => self.integer(name).map(Some),
        }
    }
    /// A boolean.
    ///
    /// # Errors
    /// As [`Attributes::number`].
    pub fn flag(&self, name: &str) -> Result<bool> {
        self.get(name, "a boolean", Json::as_bool)
    }
    /// A string.
    ///
    /// # Errors
    /// As [`Attributes::number`].
    pub fn text(&self, name: &str) -> Result<&str> {
        self.get(name, "a string", Json::as_str)
    }
    /// A list of finite numbers.
    ///
    /// # Errors
    /// As [`Attributes::number`].
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        self.get(name, "a list of numbers", |v| v.as_array()?.iter().map(as_number).collect())
    }
    /// A list of integers.
    ///
    /// # Errors
    /// As [`Attributes::number`].
    pub fn integers(&self, name: &str) -> Result<Vec<i64>> {
        self.get(name, "a list of integers", |v| v.as_array()?.iter().map(as_integer).collect())
    }
    /// A list of integers, or one integer for a list of it alone.
    ///
    /// # Errors
    /// As [`Attributes::number`].
    pub fn one_or_more_integers(&self, name: &str) -> Result<Vec<i64>> {
        self.get(name, "an integer or a list of integers", |v| match v.as_array() {
            Some(list) => list.iter().map(as_integer).collect(),
            None => as_integer(v).map(|one| vec![one]),
        })
    }
    /// A list of integers, or `None` where the argument is null or missing.
    ///
    /// # Errors
    /// As [`Attributes::number`].
    pub fn optional_integers(&self, name: &str) -> Result<Option<Vec<i64>>> {
        match self.0.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(_) => self.integers(name).map(Some),
        }
    }
    /// An element type by its name.
    ///
    /// # Errors
    /// As [`Attributes::number`].
    pub fn dtype(&self, name: &str) -> Result<DType> {
        DType::parse(self.text(name)?)
    }
}

fn as_number(value: &Json) -> Option<f64> {
    value.as_f64().filter(|n| n.is_finite())
}

fn as_integer(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().filter(|n| n.fract() == 0.0).map(|n| n as i64))
}
