//! Web pages: the headline and main text, without navigation and advertisements.

use std::io::Read;

use dom_query::Document;
use dom_smoothie::{Config, Readability};
use html5ever::tendril::StrTendril;
use serde_json::Value;

use super::declared::declared;
use super::encoding::Decoded;
use super::{Encoding, Input, Metadata, Opened, Source, dom, utf8};
use crate::{Error, Result, Text};

/// How many elements a page may have.
const MAX_ELEMENTS: usize = 200_000;

/// The element that the library puts an article into.
const ARTICLE: &str = "#readability-page-1";

/// Elements that browsers put on lines of their own, unlike the library's text of an article.
const BLOCKS: &str = "address, aside, caption, center, dd, details, dialog, dir, dt, fieldset, \
                      figcaption, figure, footer, form, header, hgroup, legend, main, menu, nav, \
                      optgroup, option, search, summary";

/// The page as one document: its title, a blank line, its main text.
pub(super) fn document(input: &Input, mut opened: Opened, encoding: Option<Encoding>) -> Source {
    let mut bytes = Vec::new();
    let read = match opened.bytes.read_to_end(&mut bytes) {
        Ok(_) => decode(input, bytes, encoding).and_then(|html| extract(&html)),
        Err(error) => Err(input.failed(error)),
    };
    match read {
        Ok((text, metadata)) => Source {
            id: input.name(),
            text: Ok(text),
            derived: true,
            metadata,
        },
        Err(error) => Source::failed(input.name(), error),
    }
}

/// The bytes as text. With `option` they are decoded already; else the byte order mark tells their
/// encoding, or the page does, or it is UTF-8.
fn decode(input: &Input, bytes: Vec<u8>, option: Option<Encoding>) -> Result<String> {
    let of_page = || Encoding::of_mark(&bytes).or_else(|| declared(&bytes));
    let encoding = match option {
        Some(_) => None,
        None => of_page().filter(|encoding| !encoding.is_utf8()),
    };
    match encoding {
        None => utf8(bytes),
        Some(encoding) => {
            let mut html = Vec::new();
            Decoded::new(bytes.as_slice(), encoding)
                .read_to_end(&mut html)
                .map_err(|e| input.failed(e))?;
            utf8(html)
        }
    }
}

fn extract(html: &str) -> Result<(Text, Metadata)> {
    let config = Config {
        max_elements_to_parse: MAX_ELEMENTS,
        ..Config::default()
    };
    let (article, text) = Readability::with_document(dom::parse(html)?, None, Some(config))
        .and_then(|mut page| Ok((page.parse()?, text_of(&page.doc))))
        .map_err(|e| Error::NoMainText(e.to_string()))?;
    let body = text.trim();
    if body.is_empty() {
        return Err(Error::NoMainText("it is empty".to_owned()));
    }
    let title = article.title.trim();
    let text = match title.is_empty() || body.starts_with(title) {
        true => body.to_owned(),
        false => format!("{title}\n\n{body}"),
    };
    let metadata = [
        ("title", Some(title.to_owned())),
        ("byline", article.byline),
        ("site_name", article.site_name),
        ("published_time", article.published_time),
        ("language", article.lang),
        ("url", article.url),
    ];
    let metadata = metadata
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), Value::String(value?))))
        .collect();
    Ok((utf8(text.into_bytes())?.into(), metadata))
}

/// The text of the article, all that the library has left of the page, with blocks on lines of their own.
fn text_of(page: &Document) -> StrTendril {
    page.select(BLOCKS).rename("div");
    page.select_single(ARTICLE).formatted_text()
}
