//! Reads the rows of a list; errors name the line.

use std::io::BufRead;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::digest::hex;
use crate::reader::{Input, Reader};
use crate::spaces::{MARK, one_line_into};
use crate::{Error, Result};

/// The columns of a list; the first [`NEEDED`] are required.
const COLUMNS: [&str; 5] = ["surface", "label", "id", "canonical", "case"];
const NEEDED: usize = 2;

/// A row of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row<'l> {
    pub(super) line: usize,
    /// Runs of white space are single blanks.
    pub(super) surface: &'l str,
    pub(super) label: &'l str,
    pub(super) id: &'l str,
    pub(super) canonical: &'l str,
    /// Whether it matches in this case only.
    pub(super) exact: bool,
}

/// The positions of a list's columns.
struct Header {
    columns: usize,
    at: [Option<usize>; COLUMNS.len()],
}

/// An error in a line of a list.
pub(super) fn wrong(path: &Path, line: usize, message: impl Into<String>) -> Error {
    Error::List {
        path: path.to_owned(),
        line,
        message: message.into(),
    }
}

/// Calls `take` with every row of a list. Returns the SHA-256 of the decompressed file.
pub(super) fn read(input: &Input, mut take: impl FnMut(Row<'_>) -> Result<()>) -> Result<String> {
    let path = &input.path();
    let mut bytes = Reader::default().open(input)?.bytes;
    let mut hash = Sha256::new();
    let (mut line, mut number) = (Vec::new(), 0);
    let (mut header, mut surface) = (None, String::new());
    loop {
        line.clear();
        let read = bytes.read_until(b'\n', &mut line);
        if read.map_err(|e| input.failed(e))? == 0 {
            break;
        }
        number += 1;
        hash.update(&line);
        let text = std::str::from_utf8(&line).map_err(|e| {
            let at = e.valid_up_to() + 1;
            let message = format!("invalid UTF-8 at byte {at} of the line; save the file as UTF-8");
            wrong(path, number, message)
        })?;
        let text = match number {
            1 => text.strip_prefix(MARK).unwrap_or(text),
            _ => text,
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() {
            continue;
        }
        match &header {
            None => header = Some(Header::read(text).map_err(|m| wrong(path, number, m))?),
            Some(header) => {
                let row = header.row(text, number, &mut surface);
                take(row.map_err(|m| wrong(path, number, m))?)?;
            }
        }
    }
    match header {
        Some(_) => Ok(hex(&hash.finalize())),
        None => Err(wrong(
            path,
            1,
            "the list is empty; its first line must name the columns, surface and label among them",
        )),
    }
}

impl Header {
    fn read(line: &str) -> Result<Self, String> {
        let known = COLUMNS.join(", ");
        let mut header = Self {
            columns: 0,
            at: [None; COLUMNS.len()],
        };
        for (at, name) in line.split('\t').enumerate() {
            header.columns += 1;
            let place = COLUMNS.iter().position(|column| *column == name.trim());
            let place = place.and_then(|place| header.at.get_mut(place));
            match place {
                None => {
                    return Err(format!(
                        "{name:?} is no column of a list; the first line must name the columns, \
                         separated by tabs: {known}"
                    ));
                }
                Some(Some(_)) => return Err(format!("the column {name} is named twice")),
                Some(place) => *place = Some(at),
            }
        }
        for (name, at) in COLUMNS.iter().zip(header.at).take(NEEDED) {
            if at.is_none() {
                return Err(format!(
                    "there is no column {name}; the first line must name the columns, separated \
                     by tabs: {known} (surface and label are needed)"
                ));
            }
        }
        Ok(header)
    }

    fn row<'l>(
        &self,
        line: &'l str,
        number: usize,
        surface: &'l mut String,
    ) -> Result<Row<'l>, String> {
        let mut cells = [""; COLUMNS.len()];
        let mut found = 0;
        for (at, cell) in line.split('\t').enumerate() {
            found += 1;
            let column = self.at.iter().position(|column| *column == Some(at));
            if let Some(place) = column.and_then(|column| cells.get_mut(column)) {
                *place = cell.trim();
            }
        }
        if found != self.columns {
            return Err(format!(
                "found {found} columns where the first line has {}; separate them with tabs, and \
                 leave a column empty rather than out",
                self.columns
            ));
        }
        let [written, label, id, canonical, case] = cells;
        one_line_into(written, surface);
        if surface.is_empty() {
            return Err("the surface is empty; take the row out".to_owned());
        }
        if label.is_empty() {
            return Err(format!("{surface:?} has no label"));
        }
        if let Some(long) = [surface.as_str(), id, canonical]
            .into_iter()
            .find(|cell| cell.len() > usize::from(u16::MAX))
        {
            let length = long.len();
            return Err(format!("a cell of {length} bytes; 65,535 are the most"));
        }
        let exact = match case {
            "" => false,
            "exact" => true,
            other => {
                return Err(format!(
                    "{other:?} is no value of the column case; write exact, or leave it empty \
                     where upper and lower case are all the same"
                ));
            }
        };
        Ok(Row {
            line: number,
            surface,
            label,
            id,
            canonical,
            exact,
        })
    }
}
