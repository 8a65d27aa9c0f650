//! Files, and the files in directories, in a fixed order.

use std::path::{Path, PathBuf};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder};

use super::Input;
use crate::whole::is_unfinished;
use crate::{Error, Result};

/// What to read: files, directories, standard input.
#[derive(Debug, Clone, Default)]
pub struct Walk {
    /// Files and directories; `-` is standard input.
    pub paths: Vec<PathBuf>,
    /// Names to take from directories, or to leave out with a `!` before, as in
    /// `.gitignore`; none takes all.
    pub globs: Vec<String>,
    /// Also takes hidden files and those that `.gitignore` and `.ignore` files name.
    pub no_ignore: bool,
    /// Files to leave out wherever they lie: the results.
    pub exclude: Vec<PathBuf>,
}

impl Walk {
    /// All of these files and directories.
    pub fn new<P: Into<PathBuf>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self {
            paths: paths.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Checks the globs.
    ///
    /// # Errors
    /// [`Error::Option`] for an invalid glob.
    pub fn check(&self) -> Result<()> {
        self.matcher(Path::new("")).map(drop)
    }

    /// Whether some input is neither file nor directory, and so can be read only once.
    #[must_use]
    pub fn is_piped(&self) -> bool {
        let stays = |path: &PathBuf| path.is_file() || path.is_dir();
        !self.paths.iter().all(stays)
    }

    /// The directories named in which there is nothing to read.
    pub fn without_files(&self) -> impl Iterator<Item = &Path> {
        let dirs = self.paths.iter().map(PathBuf::as_path);
        dirs.filter(|path| path.is_dir() && self.under(path).next().is_none())
    }

    fn matcher(&self, root: &Path) -> Result<Override> {
        let mut builder = OverrideBuilder::new(root);
        for glob in &self.globs {
            let wrong = |e| Error::Option(format!("--glob {glob}: {e}"));
            builder.add(glob).map_err(wrong)?;
        }
        let built = builder.build();
        built.map_err(|e| Error::Option(format!("--glob: {e}")))
    }

    /// The inputs, found as they are asked for: named ones in the order given, those in a
    /// directory by name. Links are followed.
    pub fn inputs(&self) -> impl Iterator<Item = Result<Input>> + Send + '_ {
        self.paths.iter().flat_map(|path| self.under(path))
    }

    fn under(&self, path: &Path) -> Box<dyn Iterator<Item = Result<Input>> + Send + '_> {
        if path == Path::new("-") {
            return Box::new(std::iter::once(Ok(Input::Stdin)));
        }
        if !path.is_dir() {
            return Box::new(std::iter::once(Ok(Input::File(path.to_owned()))));
        }
        let globs = match self.matcher(path) {
            Ok(globs) => globs,
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        let (exclude, results) = (self.exclude.clone(), &self.exclude);
        let left_out = globs.clone();
        let root = path.to_owned();
        let walk = WalkBuilder::new(path)
            .standard_filters(!self.no_ignore)
            // What is read must not depend on the user's settings.
            .git_global(false)
            .git_exclude(false)
            .follow_links(true)
            .sort_by_file_name(Ord::cmp)
            .filter_entry(move |entry| {
                let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
                !globs.matched(entry.path(), is_dir).is_ignore()
                    && !is_unfinished(entry.file_name())
                    && !exclude.iter().any(|path| match entry.path_is_symlink() {
                        true => same_file(path, entry.path()),
                        false => same(path, entry.path()),
                    })
            })
            .build();
        Box::new(walk.filter_map(move |entry| match entry {
            Ok(entry) => is_file(&entry).then(|| Ok(Input::File(entry.into_path()))),
            Err(error) => match unread(&root, error) {
                Error::Read { path, .. } if results.iter().any(|to| leads(&path, to)) => None,
                // Entries that cannot be read get here before the globs are applied.
                Error::Read { path, .. } if left_out.matched(&path, path.is_dir()).is_ignore() => {
                    None
                }
                error => Some(Err(error)),
            },
        }))
    }
}

/// The error for an entry of a directory that could not be read.
fn unread(path: &Path, error: ignore::Error) -> Error {
    use ignore::Error as E;
    match error {
        E::WithDepth { err, .. } | E::WithLineNumber { err, .. } => unread(path, *err),
        E::WithPath { path, err } => unread(&path, *err),
        E::Loop { ancestor, child } => {
            let name = child.file_name().unwrap_or_default().display();
            let reason = format!(
                "it is a link to {}, which it lies in; remove the link, or leave it out with --glob '!{name}'",
                ancestor.display()
            );
            Error::Read {
                source: std::io::Error::other(reason),
                path: child,
            }
        }
        other => {
            // The message would have the path twice.
            let message = other.to_string();
            let twice = format!("IO error for operation on {}: ", path.display());
            let reason = message.strip_prefix(&twice).unwrap_or(&message);
            Error::Read {
                path: path.to_owned(),
                source: std::io::Error::other(reason.to_owned()),
            }
        }
    }
}

fn is_file(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_file())
}

/// Whether a link leads to a path, which need not exist.
fn leads(link: &Path, to: &Path) -> bool {
    let target = link.read_link().ok();
    let dir = link.parent().unwrap_or(Path::new(""));
    target.is_some_and(|target| same(&dir.join(target), to))
}

/// Whether two paths lead to one file, however they are written and linked.
#[must_use]
pub fn same_file(one: &Path, other: &Path) -> bool {
    let linked = || Some(one.canonicalize().ok()? == other.canonicalize().ok()?);
    same(one, other) || linked().unwrap_or(false)
}

/// As [`same_file`], but follows links of directories only: faster, as it is done for every file of a corpus.
fn same(one: &Path, other: &Path) -> bool {
    let dir = |path: &Path| match path.parent() {
        Some(dir) if dir.as_os_str().is_empty() => Path::new(".").canonicalize().ok(),
        dir => dir.and_then(|dir| dir.canonicalize().ok()),
    };
    one == other || one.file_name() == other.file_name() && dir(one) == dir(other)
}
