//! Files that are there completely or not at all: they are written under a temporary name and renamed
//! when they are complete.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};

use sha2::{Digest, Sha256};
use tempfile::{Builder, NamedTempFile, TempDir};

use crate::digest::hex;

/// The start of all temporary names.
const PREFIX: &str = ".newshound-";

/// Characters of a digest of the final name, which follow it.
const DIGEST: usize = 8;

/// Random characters at the end.
const RANDOM: usize = 6;

/// Files synced at a time.
const SYNCED_AT_ONCE: usize = 32;

/// Links that are followed one after another, at most: they may lead to each other.
const LINKS: usize = 40;

/// Fills a temporary file and renames it to `path`, so that `path` is complete or untouched. Devices
/// and pipes are written directly. `cannot` turns an I/O error into the caller's.
pub(crate) fn write<T, E>(
    path: &Path,
    cannot: impl Fn(io::Error) -> E,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> Result<T, E>,
) -> Result<T, E> {
    if path.exists() && !path.is_file() {
        let file = File::options().write(true).open(path).map_err(&cannot)?;
        let mut out = BufWriter::new(file);
        let done = fill(&mut out)?;
        out.flush().map_err(cannot)?;
        return Ok(done);
    }
    // A link stays one.
    let path = resolve(path).map_err(&cannot)?;
    let mut out = BufWriter::new(beside(&path).map_err(&cannot)?);
    let done = fill(&mut out)?;
    let new = out.into_inner().map_err(|e| cannot(e.into_error()))?;
    if let Ok(known) = path.metadata() {
        let permissions = known.permissions();
        new.as_file()
            .set_permissions(permissions)
            .map_err(&cannot)?;
    }
    new.as_file().sync_data().map_err(&cannot)?;
    new.persist(&path).map_err(|e| cannot(e.error))?;
    sync_dir(&path).map_err(cannot)?;
    Ok(done)
}

/// A temporary directory to fill, which [`replace`] renames to `path`. Where `path` is a directory already it
/// lies in that, and its files are to be moved out. Removed on drop.
pub(crate) fn directory(path: &Path) -> io::Result<TempDir> {
    let path = resolve(path)?;
    // Another file system may begin at `path`, which nothing can be renamed into.
    let dir = match path.is_dir() {
        true => &path,
        false => parent(&path),
    };
    builder(&prefix(&path), 0o777).tempdir_in(dir)
}

/// Renames a directory to `path`, which must not exist, when its files are on the disk.
pub(crate) fn replace(made: TempDir, path: &Path) -> io::Result<()> {
    sync_files(made.path())?;
    let path = resolve(path)?;
    fs::rename(made.path(), &path)?;
    // Nothing of the old name is to be removed on drop.
    let _ = made.keep();
    sync_dir(&path)
}

/// Syncs the files of a directory and their names.
pub(crate) fn sync_files(dir: &Path) -> io::Result<()> {
    let entries = Mutex::new(fs::read_dir(dir)?);
    let next = || {
        let mut entries = entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.next()
    };
    let some = || {
        while let Some(entry) = next() {
            let file = File::options().write(true).open(entry?.path())?;
            file.sync_data()?;
        }
        Ok(())
    };
    // A disk syncs many files at once about as fast as one.
    thread::scope(|scope| {
        let all: Vec<_> = (0..SYNCED_AT_ONCE).map(|_| scope.spawn(some)).collect();
        let ended = |one: ScopedJoinHandle<'_, io::Result<()>>| {
            let panicked = |_| Err(io::Error::other("a thread panicked"));
            one.join().unwrap_or_else(panicked)
        };
        all.into_iter().try_for_each(ended)
    })?;
    sync(dir)
}

/// Removes the temporary files that killed runs left for these paths. Nobody may be writing them
/// now.
pub(crate) fn sweep(paths: &[PathBuf]) -> io::Result<()> {
    for path in paths {
        let Ok(path) = resolve(path) else {
            continue;
        };
        let digest = digest(&path);
        let entries = [parent(&path), &path].map(fs::read_dir);
        for entry in entries.into_iter().flatten().flatten() {
            let entry = entry?;
            if unfinished(&entry.file_name()) != Some(&digest) {
                continue;
            }
            match entry.file_type()?.is_dir() {
                true => fs::remove_dir_all(entry.path())?,
                false => fs::remove_file(entry.path())?,
            }
        }
    }
    Ok(())
}

/// Whether a name is a temporary one.
pub(crate) fn is_unfinished(name: &OsStr) -> bool {
    unfinished(name).is_some()
}

/// The digest in a temporary name.
fn unfinished(name: &OsStr) -> Option<&str> {
    let (digest, random) = name.to_str()?.strip_prefix(PREFIX)?.split_once('-')?;
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let made = digest.len() == DIGEST
        && digest.bytes().all(hex)
        && random.len() == RANDOM
        && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    made.then_some(digest)
}

/// Where links lead, even if nothing is there.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let missing = match path.canonicalize() {
        Ok(path) => return Ok(path),
        Err(error) => error,
    };
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match path.read_link() {
            Ok(to) => path = parent(&path).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(missing)
}

/// Syncs renames in the directory of `path`.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    sync(parent(path))
}

/// Syncs renames in a directory.
pub(crate) fn sync(dir: &Path) -> io::Result<()> {
    // Only Unix opens directories as files; elsewhere renames need no such help.
    match File::open(dir) {
        Ok(dir) if cfg!(unix) => dir.sync_all(),
        // One may write into a directory that one may not read.
        _ => Ok(()),
    }
}

/// A temporary file in the same directory, with the permissions of other files.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    builder(&prefix(path), 0o666).tempfile_in(parent(path))
}

fn builder(prefix: &str, mode: u32) -> Builder<'_, '_> {
    let mut new = Builder::new();
    new.prefix(prefix).rand_bytes(RANDOM);
    #[cfg(unix)]
    new.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    new
}

/// The start of the temporary names for `path`.
fn prefix(path: &Path) -> String {
    format!("{PREFIX}{}-", digest(path))
}

/// Stands for the name of `path`, which may have the maximal length of a name already.
fn digest(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    let mut digest = hex(&Sha256::digest(name.as_encoded_bytes()));
    digest.truncate(DIGEST);
    digest
}

fn parent(path: &Path) -> &Path {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    dir.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::{Error, Result};

    fn write<T>(path: &Path, fill: impl FnOnce(&mut (dyn Write + Send)) -> Result<T>) -> Result<T> {
        super::write(path, Error::writing(path), fill)
    }

    fn fill(out: &mut (dyn Write + Send)) -> Result<()> {
        out.write_all(b"new").map_err(Error::Report)
    }

    #[test]
    fn a_file_is_as_it_was_until_the_new_one_is_whole() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("a.txt");
        fs::write(&path, "old").unwrap();
        let torn = write(&path, |out| {
            fill(out)?;
            Err::<(), _>(Error::NotFinite)
        });
        assert!(torn.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        write(&path, fill).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let message = write(&dir.path().join("no/a.txt"), fill).unwrap_err();
        assert!(
            message.to_string().starts_with("cannot write "),
            "{message}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_links_and_permissions_are_those_of_other_files() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let dir = TempDir::new().unwrap();
        let [path, link, plain] = ["a", "link", "plain"].map(|name| dir.path().join(name));
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        write(&path, fill).unwrap();
        fs::write(&plain, "").unwrap();
        assert_eq!(mode(&path), mode(&plain));
        fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        write(&link, fill).unwrap();
        assert!(link.is_symlink());
        assert_eq!(mode(&path), 0o640);
        write(Path::new("/dev/null"), fill).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_what_is_not_there_yet_stays_one() {
        use std::os::unix::fs::symlink;

        let dir = TempDir::new().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir(path("far")).unwrap();
        symlink("far/new", path("link")).unwrap();
        symlink("../link", path("far/to")).unwrap();
        write(&path("far/to"), fill).unwrap();
        assert!(path("link").is_symlink() && path("far/to").is_symlink());
        assert_eq!(fs::read_to_string(path("far/new")).unwrap(), "new");
        symlink("round", path("round")).unwrap();
        write(&path("round"), fill).unwrap_err();
        assert!(path("round").is_symlink());
    }

    #[test]
    fn only_the_temporary_files_of_killed_runs_are_swept() {
        let dir = TempDir::new().unwrap();
        let path = |name: &str| dir.path().join(name);
        let kept = beside(&path("a")).unwrap().into_temp_path().keep();
        let kept = [kept.unwrap(), directory(&path("a")).unwrap().keep()];
        fs::write(kept[1].join("b"), "").unwrap();
        let other = beside(&path("other")).unwrap();
        let like = [
            ".newshound-mine",
            ".newshound-0123abcd-mine",
            ".newshound-0123ABCD-abcdef",
        ];
        assert!(!like.iter().any(|name| is_unfinished(OsStr::new(name))));
        let mine = ["a.new", "a"].into_iter().chain(like).map(path);
        let mine: Vec<PathBuf> = mine.collect();
        for path in &mine {
            fs::write(path, "").unwrap();
        }
        assert!(
            kept.iter()
                .all(|path| is_unfinished(path.file_name().unwrap()))
        );
        sweep(&[path("a")]).unwrap();
        assert!(!kept.iter().any(|path| path.exists()));
        assert!(other.path().exists() && mine.iter().all(|path| path.exists()));
    }
}
