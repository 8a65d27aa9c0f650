//! A web page to a tree of elements, with limits on its size.

use std::cell::Cell;

use dom_query::{Document, NodeId};
use html5ever::interface::Tracer;
use html5ever::tendril::TendrilSink;
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, parse_document};

use crate::{Error, Result};

/// How many elements may be open at once. Browsers stop at 512; beyond some thousands the
/// time a page takes grows with the square of its depth.
const MAX_OPEN: usize = 4000;

/// How many elements, texts and comments a page may have. Even a short page can exceed it, as each
/// paragraph reopens the formatting that the one before left open.
const MAX_NODES: usize = 600_000;

/// How many bytes are parsed between two checks of the limits.
const PIECE: usize = 256;

/// The page's tree.
///
/// # Errors
/// [`Error::NoMainText`] once one of the limits is passed.
pub(super) fn parse(html: &str) -> Result<Document> {
    let tree_builder = TreeBuilderOpts {
        scripting_enabled: false,
        ..TreeBuilderOpts::default()
    };
    let options = ParseOpts {
        tree_builder,
        ..ParseOpts::default()
    };
    let mut parser = parse_document(Document::default(), options);
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        parser.process(piece.into());
        rest = after;
        let (builder, open) = (&parser.tokenizer.sink, Count::default());
        builder.trace_handles(&open);
        if open.0.get() > MAX_OPEN {
            let message = format!("its elements nest deeper than {MAX_OPEN}");
            return Err(Error::NoMainText(message));
        }
        if builder.sink.tree.len() > MAX_NODES {
            let message = format!("it has more than {MAX_NODES} elements and texts");
            return Err(Error::NoMainText(message));
        }
    }
    Ok(parser.finish())
}

/// Counts the handles that a parser holds: the elements that are open.
#[derive(Default)]
struct Count(Cell<usize>);

impl Tracer for Count {
    type Handle = NodeId;

    fn trace_handle(&self, _: &NodeId) {
        self.0.update(|count| count + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(page: &str) -> String {
        parse(page).err().map(|e| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn elements_that_are_closed_do_not_count_however_many_there_are() {
        let path = "<path d='M0 0'/>".repeat(2 * MAX_OPEN);
        let inner = "<b>Kyiv</b><p>and <i>Oslo</i><br>".repeat(2 * MAX_OPEN);
        let script = "for(i=0;i<n;i++){}".repeat(2 * MAX_OPEN);
        let page =
            format!("<body><svg>{path}</svg><script>{script}</script><!--{script}-->{inner}");
        assert_eq!(refused(&page), "");
        let nested = "<div>".repeat(MAX_OPEN - 100) + "Kyiv";
        assert_eq!(refused(&nested), "");
    }

    #[test]
    fn end_tags_of_what_is_not_open_hide_no_depth() {
        for nesting in [
            "<div>",
            "<div></b>",
            "<div></x>",
            "<b><div></b>",
            "<div><table><td></div>",
            "<svg><g></div>",
        ] {
            let message = refused(&nesting.repeat(20_000));
            assert!(
                message.contains("nest deeper than 4000"),
                "{nesting}: {message}"
            );
        }
    }

    #[test]
    fn a_page_that_reopens_formatting_without_end_is_refused() {
        let open: String = (0..1000).map(|n| format!("<b id={n}>")).collect();
        let page = format!("<p>{open}{}", "</p><p>Kyiv".repeat(10_000));
        assert!(refused(&page).contains("more than 600000 elements"));
    }

    #[test]
    fn a_page_is_the_same_in_pieces_as_in_one() {
        let page = "<!DOCTYPE html><title>Łódź &amp; Kyiv</title><table>\r\n<p>a&notit;<b>\u{1F600}</table></i>"
            .repeat(30);
        let whole = Document::from(page.as_str()).html();
        assert_eq!(parse(&page).unwrap().html(), whole);
    }
}
