//! Checkpoints: variables and a JSON text in one safetensors file, replaced atomically.

use crate::error::{Code, Error, Result};
use crate::tensor::{DType, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// Key of the JSON text in the file's metadata.
const KEY: &str = "ridgeline";

fn io(path: &Path, what: &str, error: impl std::fmt::Display) -> Error {
    Error::new(Code::Io, format!("cannot {what} '{}': {error}", path.display()))
}

/// Writes `tensors` and `text` to `path`: a new file beside it, flushed, then renamed over it.
///
/// # Errors
/// `ERR_IO` naming the file.
pub fn save(path: &Path, tensors: &[(String, Tensor)], text: &str) -> Result<()> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, tensor)| tensor.words.iter().flat_map(|word| word.to_le_bytes()).collect())
        .collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, tensor), bytes)| {
            let dtype = if tensor.dtype == DType::F32 { Dtype::F32 } else { Dtype::I32 };
            let view = TensorView::new(dtype, tensor.shape.clone(), bytes);
            view.map(|view| (name.clone(), view)).map_err(|e| io(path, "save", e))
        })
        .collect::<Result<Vec<_>>>()?;
    let metadata = HashMap::from([(KEY.to_owned(), text.to_owned())]);
    let file = safetensors::serialize(views, Some(metadata)).map_err(|e| io(path, "save", e))?;
    let name = path.file_name().ok_or_else(|| io(path, "save", "not a file name"))?;
    let mut temporary = name.to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(temporary);
    let write = || -> std::io::Result<()> {
        let mut out = File::create(&temporary)?;
        out.write_all(&file)?;
        out.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        // The half-written file is of no use; the error that matters is the first.
        let _ = fs::remove_file(&temporary);
        io(path, "write", error)
    })
}

/// Reads what [`save`] wrote: the tensors by name, and the text.
///
/// # Errors
/// `ERR_IO` when the file cannot be read, is damaged, or is another program's.
pub fn load(path: &Path) -> Result<(HashMap<String, Tensor>, String)> {
    let bytes = fs::read(path).map_err(|e| io(path, "read", e))?;
    let damaged = |error: &dyn std::fmt::Display| {
        Error::new(Code::Io, format!("'{}' is not a model file: {error}", path.display()))
    };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| damaged(&e))?;
    let text = header.metadata().as_ref().and_then(|map| map.get(KEY)).cloned();
    let text = text.ok_or_else(|| damaged(&"it holds no architecture"))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| damaged(&e))?;
    let mut tensors = HashMap::new();
    for (name, view) in file.tensors() {
        let dtype = match view.dtype() {
            Dtype::F32 => DType::F32,
            Dtype::I32 => DType::I32,
            other => return Err(damaged(&format!("'{name}' has dtype {other:?}"))),
        };
        let words =
            view.data().chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        tensors.insert(name, Tensor::new(view.shape(), dtype, words.collect())?);
    }
    Ok((tensors, text))
}
