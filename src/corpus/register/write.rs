//! The notes of a run, or of all its shards, to the names of the corpus.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use super::super::{Error, Output};
use super::{Register, Sorted};
use crate::error::not_json;
use crate::reader::{Input, Reader};
use crate::whole;
use crate::writer::json_line;

/// Adds up notes and writes the names, whole or not at all.
pub(in crate::corpus) fn write(notes: &[PathBuf], files: &Output) -> Result<(), Error> {
    let path = files.names();
    let writing = Error::writing(&path);
    let mut register = Register::new(directory(&files.path));
    for notes in notes {
        let lines = Reader::default().bytes(&Input::File(notes.clone()))?;
        let reading = Error::reading(notes);
        for (number, line) in (1..).zip(lines.lines()) {
            let noted = serde_json::from_str(&line.map_err(&reading)?).map_err(|e| {
                let reason = format!("line {number}: {}", not_json(&e));
                reading(io::Error::new(io::ErrorKind::InvalidData, reason))
            });
            register.add(noted?).map_err(&writing)?;
        }
    }
    let names = register.names().map_err(&writing)?;
    whole::write(&path, &writing, |out| {
        rows(names, &path, out).map_err(&writing)
    })
}

/// The directory of a file, for temporary files.
fn directory(path: &Path) -> &Path {
    let dir = path.parent().filter(|dir| dir.is_dir());
    dir.unwrap_or(Path::new("."))
}

fn rows(names: Sorted, path: &Path, out: &mut (dyn Write + Send)) -> io::Result<()> {
    #[cfg(feature = "parquet")]
    if path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("parquet"))
    {
        use std::io::{BufReader, BufWriter, Seek};
        let mut spool = BufWriter::new(tempfile::tempfile_in(directory(path))?);
        lines(names, &mut spool)?;
        let mut spool = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
        spool.rewind()?;
        return crate::writer::parquet::names_from_jsonl(BufReader::new(spool), out);
    }
    #[cfg(not(feature = "parquet"))]
    let _ = path;
    lines(names, out)
}

fn lines(names: Sorted, out: &mut dyn Write) -> io::Result<()> {
    for row in names {
        json_line(out, &row?.1.line())?;
    }
    Ok(())
}
