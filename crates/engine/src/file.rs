//! Files: whole or not at all.
//!
//! A file is written to a new one beside it, flushed, and renamed over it: readers see the old file
//! or the new one, and a full disk or a kill leaves the old one. Each writer has a name of its own,
//! and holds a lock on its file while it writes, so that what a killed one left behind is known by
//! having no lock, and the next writer clears it.

use crate::error::{Code, Error, Result};
use crate::memory::zeros;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Links that are followed, as many as Linux follows.
const MOST_LINKS: usize = 40;
/// Bytes of a name that are kept in those of its writers' files: file systems allow 255 in all.
const LONGEST_STEM: usize = 200;

/// An `ERR_IO` about `path`.
pub fn failure(path: &Path, what: &str, error: impl std::fmt::Display) -> Error {
    Error::new(Code::Io, format!("cannot {what} '{}': {error}", path.display()))
}

/// Puts what `write` writes in the place of the file at `path`. A link there stays, and what it
/// leads to is replaced; permissions stay.
///
/// # Errors
/// `ERR_IO` naming the file; what is no regular file is not replaced.
pub fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<()> {
    let replaced = || -> io::Result<()> {
        let target = target(path)?;
        let old = fs::symlink_metadata(&target).ok();
        if old.as_ref().is_some_and(|old| !old.is_file()) {
            return Err(io::Error::other("it is no regular file"));
        }
        clear_stale(&target);
        let (temporary, file) = create_beside(&target)?;
        let written = || -> io::Result<()> {
            if let Some(old) = old {
                file.set_permissions(old.permissions())?;
            }
            let mut out = BufWriter::new(file);
            write(&mut out)?;
            let file = out.into_inner()?;
            file.sync_all()?;
            fs::rename(&temporary, &target)
        };
        // The half-written file is of no use; the error that matters is the first.
        written().inspect_err(|_| drop(fs::remove_file(&temporary)))
    };
    replaced().map_err(|error| failure(path, "write", error))
}

/// What a path leads to in the end, which need not exist.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(next) => path = path.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("it leads through too many links"))
}

/// What the names of writers' files begin with: the target's, cut where there would be no room for what follows.
fn stem(target: &Path) -> io::Result<String> {
    let name = target.file_name().ok_or_else(|| io::Error::other("it is no file name"))?;
    let name = name.to_string_lossy();
    let fits = |&(at, c): &(usize, char)| at + c.len_utf8() <= LONGEST_STEM;
    let kept: String = name.char_indices().take_while(fits).map(|(_, c)| c).collect();
    Ok(format!("{kept}."))
}

/// Creates a new, locked file beside `target`.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    static WRITERS: AtomicU64 = AtomicU64::new(0);
    let stem = stem(target)?;
    loop {
        let writer = WRITERS.fetch_add(1, Ordering::Relaxed);
        let path = target.with_file_name(format!("{stem}{}-{writer}.tmp", std::process::id()));
        // Never one that is there, which might be a link to elsewhere.
        let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            file => file?,
        };
        // Another writer may take it for stale before it is locked, and then removes it. Where files
        // cannot be locked at all, nobody does.
        if !matches!(file.try_lock(), Err(TryLockError::WouldBlock)) && path.exists() {
            return Ok((path, file));
        }
    }
}

/// Removes what writers of `target` left behind that are no more. Failing to does not matter.
fn clear_stale(target: &Path) {
    let Ok(stem) = stem(target) else { return };
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(parent.unwrap_or(Path::new("."))) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let middle = name.strip_prefix(&*stem).and_then(|rest| rest.strip_suffix(".tmp"));
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_ours = middle
            .and_then(|middle| middle.split_once('-'))
            .is_some_and(|(process, writer)| is_number(process) && is_number(writer));
        let is_file = entry.file_type().is_ok_and(|of| of.is_file());
        if is_ours
            && is_file
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The bytes of a regular file.
///
/// # Errors
/// `ERR_IO` when it cannot be read or is something else, which might never end; `ERR_MEMORY`.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let of = fs::metadata(path).map_err(|error| failure(path, "read", error))?;
    if !of.is_file() {
        return Err(failure(path, "read", "it is no regular file"));
    }
    let mut bytes = zeros(usize::try_from(of.len()).unwrap_or(usize::MAX))?;
    let mut read = || File::open(path)?.read_exact(&mut bytes);
    read().map_err(|error| failure(path, "read", error))?;
    Ok(bytes)
}

/// Writes bytes, as [`replace`] does.
///
/// # Errors
/// As [`replace`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, |out| out.write_all(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ridgeline-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn writers_at_the_same_time_leave_one_whole_file() {
        let folder = folder("writers");
        let path = folder.join("model");
        std::thread::scope(|scope| {
            for byte in 0..8u8 {
                let path = &path;
                scope.spawn(move || {
                    (0..20).for_each(|_| write(path, &vec![byte; 100_000]).unwrap());
                });
            }
        });
        let bytes = read(&path).unwrap();
        assert_eq!(bytes.len(), 100_000);
        assert!(bytes.iter().all(|byte| *byte == bytes[0]));
        assert_eq!(names(&folder), ["model"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_killed_writers_left_is_cleared_and_nothing_else() {
        let folder = folder("stale");
        let path = folder.join("model");
        fs::write(folder.join("model.4194305-0.tmp"), "stale").unwrap();
        fs::write(folder.join("model.mine.tmp"), "a user's").unwrap();
        let (held, _lock) = create_beside(&path).unwrap();
        write(&path, b"new").unwrap();
        let held = held.file_name().unwrap().to_str().unwrap().to_owned();
        let mut left = vec!["model".to_owned(), held, "model.mine.tmp".to_owned()];
        left.sort();
        assert_eq!(names(&folder), left);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_longest_names_can_be_written() {
        let folder = folder("long");
        let name = "ü".repeat(127);
        write(&folder.join(&name), b"new").unwrap();
        assert_eq!(names(&folder), [name]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_failure_leaves_the_old_file() {
        let folder = folder("failure");
        let path = folder.join("model");
        write(&path, b"old").unwrap();
        let failed = replace(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("the disk is full"))
        });
        assert_eq!(failed.unwrap_err().code, Code::Io);
        assert_eq!(read(&path).unwrap(), b"old");
        assert_eq!(names(&folder), ["model"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn links_and_modes_stay_and_devices_are_refused() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = folder("links");
        let (link, path) = (folder.join("link"), folder.join("model"));
        symlink("model", &link).unwrap();
        write(&link, b"first").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        write(&link, b"second").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(read(&path).unwrap(), b"second");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for other in [folder.as_path(), Path::new("/dev/null")] {
            assert_eq!(write(other, b"x").unwrap_err().code, Code::Io);
            assert_eq!(read(other).unwrap_err().code, Code::Io);
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
