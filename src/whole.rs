//! Files that are there whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::{Error, Result};

/// Has a file filled that no one knows, and puts it in the place of `path`. A device or a pipe is
/// written as it is.
pub(crate) fn write<T>(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<T>) -> Result<T> {
    let cannot = |source| Error::Write {
        path: path.to_owned(),
        source,
    };
    if path.exists() && !path.is_file() {
        let file = File::options().write(true).open(path).map_err(cannot)?;
        let mut out = BufWriter::new(file);
        let done = fill(&mut out)?;
        out.flush().map_err(cannot)?;
        return Ok(done);
    }
    // A link stays one.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut out = BufWriter::new(beside(&path).map_err(cannot)?);
    let done = fill(&mut out)?;
    let new = out.into_inner().map_err(|e| cannot(e.into_error()))?;
    if let Ok(known) = path.metadata() {
        let permissions = known.permissions();
        new.as_file().set_permissions(permissions).map_err(cannot)?;
    }
    new.persist(&path).map_err(|e| cannot(e.error))?;
    Ok(done)
}

/// A file in the same directory. Temporary files are their owner's alone; this one will not be one.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let mut new = tempfile::Builder::new();
    new.prefix(".newshound");
    #[cfg(unix)]
    new.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    new.tempfile_in(dir.unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn fill(out: &mut dyn Write) -> Result<()> {
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
}
