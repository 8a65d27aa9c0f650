//! The notes of a run, or of all its shards, to the names of the corpus.

use std::fs::{self, File};
use std::io::{self, BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::super::part::suffixed;
use super::super::{Error, Output};
use super::{Register, Sorted};
use crate::reader::{Input, Reader};

/// Adds up notes and writes the names, whole or not at all.
pub(in crate::corpus) fn write(notes: &[PathBuf], files: &Output) -> Result<(), Error> {
    let path = files.names();
    let writing = Error::writing(&path);
    let dir = files.path.parent().filter(|dir| dir.is_dir());
    let mut register = Register::new(dir.unwrap_or(Path::new(".")));
    for notes in notes {
        let lines = Reader::default().bytes(&Input::File(notes.clone()))?;
        for line in lines.lines() {
            let noted = line.and_then(|line| Ok(serde_json::from_str(&line)?));
            let reading = Error::reading(notes);
            register.add(noted.map_err(reading)?).map_err(&writing)?;
        }
    }
    let new = suffixed(&path, ".new");
    let written = register.names().and_then(|names| rows(names, &path, &new));
    written.map_err(&writing)?;
    fs::rename(&new, &path).map_err(&writing)
}

fn rows(names: Sorted, path: &Path, new: &Path) -> io::Result<()> {
    let file = File::create(new)?;
    #[cfg(feature = "parquet")]
    if path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("parquet"))
    {
        use std::io::{BufReader, Seek};
        let dir = new.parent().filter(|dir| dir.is_dir());
        let mut spool = tempfile::tempfile_in(dir.unwrap_or(Path::new(".")))?;
        lines(names, &spool)?;
        spool.rewind()?;
        crate::writer::parquet::names_from_jsonl(BufReader::new(spool), &file)?;
        return file.sync_data();
    }
    #[cfg(not(feature = "parquet"))]
    let _ = path;
    lines(names, &file)?;
    file.sync_data()
}

fn lines(names: Sorted, out: &File) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    for row in names {
        serde_json::to_writer(&mut out, &row?.1.line())?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
