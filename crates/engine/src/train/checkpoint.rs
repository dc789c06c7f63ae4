//! Checkpoints: variables and a JSON text in one safetensors file.
//!
//! The text stands in the file's metadata, beside where training stood when the variables were
//! copied: both are of one boundary between two training steps.

use super::counters::Counters;
use crate::boundary::read_all;
use crate::error::{Code, Error, Result};
use crate::file;
use crate::tensor::{DType, Tensor};
use crate::variable::Variable;
use parking_lot::Mutex;
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorInfo};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Key of the JSON text in the file's metadata.
const TEXT: &str = "ridgeline";
/// Key of the steps, updates and epochs.
const COUNTERS: &str = "counters";
/// What the header is filled up to.
const ALIGNMENT: usize = 8;

/// Writes `variables` by name and `text` to `path`. Where a step runs, it copies the variables when that
/// is over, and writes while the next ones run.
///
/// # Errors
/// `ERR_IO` naming the file, `ERR_MEMORY` when there is none for the copies.
pub fn save(
    path: &Path,
    names: &[String],
    variables: &[Arc<Variable>],
    text: &str,
    counters: &Mutex<Counters>,
) -> Result<()> {
    let (tensors, Counters { steps, updates, epochs }) = {
        // A step holds the counters while it lasts.
        let counters = counters.lock();
        (read_all(variables)?, *counters)
    };
    let failed = |error: &dyn std::fmt::Display| file::failure(path, "save", error);
    let mut seen = HashSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
        return Err(Error::argument(format!("two tensors are called '{twice}'")));
    }
    let mut end = 0;
    let infos = names.iter().zip(&tensors).map(|(name, tensor)| {
        let start = end;
        end += size_of_val(tensor.words.as_slice());
        let dtype = if tensor.dtype == DType::F32 { Dtype::F32 } else { Dtype::I32 };
        (
            name.clone(),
            TensorInfo { dtype, shape: tensor.shape.clone(), data_offsets: (start, end) },
        )
    });
    let infos: Vec<_> = infos.collect();
    let about = HashMap::from([
        (TEXT.to_owned(), text.to_owned()),
        (COUNTERS.to_owned(), format!("{steps} {updates} {epochs}")),
    ]);
    let metadata = Metadata::new(Some(about), infos).map_err(|error| failed(&error))?;
    // By way of a sorted form, so that equal models make equal files.
    let mut sorted = serde_json::to_value(&metadata).map_err(|error| failed(&error))?;
    sorted.sort_all_objects();
    let mut header = serde_json::to_vec(&sorted).map_err(|error| failed(&error))?;
    header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
    file::replace(path, |out| {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        tensors.iter().try_for_each(|tensor| out.write_all(&little_endian(&tensor.words)))
    })
}

/// Words as they stand in files.
fn little_endian(words: &[u32]) -> Cow<'_, [u8]> {
    match cfg!(target_endian = "little") {
        true => Cow::Borrowed(bytemuck::cast_slice(words)),
        false => Cow::Owned(words.iter().flat_map(|word| word.to_le_bytes()).collect()),
    }
}

/// A file that [`save`] wrote, in memory: its form is known to be right.
pub struct Checkpoint {
    /// The JSON text.
    pub text: String,
    /// Where training stood.
    pub counters: Counters,
    bytes: Vec<u8>,
    /// Type, shape and place of each tensor.
    tensors: HashMap<String, (DType, Vec<usize>, Range<usize>)>,
}

impl Checkpoint {
    /// One that holds nothing.
    pub fn empty() -> Checkpoint {
        Checkpoint {
            text: String::new(),
            counters: Counters::default(),
            bytes: Vec::new(),
            tensors: HashMap::new(),
        }
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `ERR_IO` when it cannot be read, is damaged, or is another program's; `ERR_MEMORY`.
    pub fn load(path: &Path) -> Result<Checkpoint> {
        let bytes = file::read(path)?;
        let damaged = |error: &dyn std::fmt::Display| {
            Error::new(Code::Io, format!("'{}' is not a model file: {error}", path.display()))
        };
        let (header, metadata) = SafeTensors::read_metadata(&bytes).map_err(|e| damaged(&e))?;
        // The whole file: the offsets of all tensors lie in it.
        SafeTensors::deserialize(&bytes).map_err(|e| damaged(&e))?;
        let about = metadata.metadata().as_ref();
        let text = about.and_then(|map| map.get(TEXT)).cloned();
        let text = text.ok_or_else(|| damaged(&"it holds no architecture"))?;
        let numbers = about.and_then(|map| map.get(COUNTERS)).map_or("", String::as_str);
        let mut numbers = numbers.split(' ').filter_map(|number| number.parse().ok());
        let mut next = || numbers.next().unwrap_or(0);
        let counters = Counters { steps: next(), updates: next(), epochs: next() };
        let first = size_of::<u64>() + header;
        let mut tensors = HashMap::new();
        for (name, info) in metadata.tensors() {
            let dtype = match info.dtype {
                Dtype::F32 => DType::F32,
                Dtype::I32 => DType::I32,
                other => return Err(damaged(&format!("'{name}' has dtype {other:?}"))),
            };
            let (start, end) = info.data_offsets;
            tensors.insert(name, (dtype, info.shape.clone(), first + start..first + end));
        }
        Ok(Checkpoint { text, counters, bytes, tensors })
    }

    /// Elements of all tensors.
    pub fn elements(&self) -> usize {
        self.tensors.values().map(|(_, _, place)| place.len() / size_of::<u32>()).sum()
    }

    /// Names and shapes of the tensors, by name.
    pub fn shapes(&self) -> Vec<(&str, &[usize])> {
        let mut shapes: Vec<_> =
            self.tensors.iter().map(|(name, (_, shape, _))| (&**name, &**shape)).collect();
        shapes.sort();
        shapes
    }

    /// Writes the tensors called `names` into `variables`.
    ///
    /// # Errors
    /// `ERR_IO` for a name that is not there, `ERR_SHAPE` or `ERR_DTYPE` where one does not fit,
    /// `ERR_MEMORY`.
    pub fn fill(&self, names: &[String], variables: &[Arc<Variable>]) -> Result<()> {
        for (name, variable) in names.iter().zip(variables) {
            let found = self.tensors.get(name);
            let (dtype, shape, place) =
                found.ok_or_else(|| Error::new(Code::Io, format!("tensor '{name}' is missing")))?;
            let mut words = crate::memory::reserve(place.len() / size_of::<u32>())?;
            let bytes = self.bytes[place.clone()].chunks_exact(size_of::<u32>());
            words.extend(bytes.map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
            variable.write(&Tensor::new(shape, *dtype, words)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in the file of such tensors, by the test that asks.
    fn write(test: &str, names: &[&str]) -> Result<Vec<u8>> {
        let path = std::env::temp_dir().join(format!("ridgeline-{test}-{}", std::process::id()));
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let variables: Result<Vec<_>> = (0..names.len())
            .map(|i| Variable::new("w", &Tensor::new(&[1], DType::F32, vec![i as u32])?))
            .collect();
        save(&path, &names, &variables?, "{}", &Mutex::new(Counters::default()))?;
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        Ok(bytes)
    }

    #[test]
    fn equal_contents_make_equal_files() {
        let first = write("equal", &["b", "a"]).unwrap();
        assert!((0..8).all(|_| write("equal", &["b", "a"]).unwrap() == first));
    }

    #[test]
    fn two_tensors_of_one_name_are_refused() {
        let error = write("twice", &["a", "b", "a"]).unwrap_err();
        assert_eq!((error.code, &*error.message), (Code::Argument, "two tensors are called 'a'"));
    }
}
