//! The encoding that a web page says it is in.

use dom_query::{Document, NodeRef};

use super::Encoding;

/// Bytes of a page within which it must say so, as in browsers.
const WITHIN: usize = 1024;

/// The encoding of the first `<meta>` that names one, or else of the XML declaration.
pub(super) fn declared(bytes: &[u8]) -> Option<Encoding> {
    // Tags are ASCII in every encoding that can be declared so, and any byte is Latin-1.
    let head: String = bytes.iter().take(WITHIN).copied().map(char::from).collect();
    let page = Document::from(head.as_str());
    let metas = page.select("meta");
    let meta = metas.nodes().iter().find_map(of_meta);
    meta.or_else(|| of_xml(&head))
        // A page whose declaration is ASCII is not in UTF-16, whatever it says.
        .filter(|found| !found.name().starts_with("UTF-16"))
}

/// `<meta charset=..>` or `<meta http-equiv=content-type content="..; charset=..">`.
fn of_meta(meta: &NodeRef) -> Option<Encoding> {
    if let Some(label) = meta.attr("charset") {
        return Encoding::of_label(label.as_bytes());
    }
    let kind = meta.attr("http-equiv")?;
    let content = meta.attr("content")?;
    let names = kind.eq_ignore_ascii_case("content-type");
    names.then(|| named(&content, "charset"))?
}

/// `<?xml version=.. encoding=..?>`, at the start.
fn of_xml(head: &str) -> Option<Encoding> {
    let (declaration, _) = head.strip_prefix("<?xml")?.split_once('>')?;
    named(declaration, "encoding")
}

/// The encoding behind `key` and an equals sign.
fn named(text: &str, key: &str) -> Option<Encoding> {
    let lower = text.to_ascii_lowercase();
    lower.match_indices(key).find_map(|(at, _)| {
        let rest = lower.get(at + key.len()..)?.trim_start();
        let value = rest.strip_prefix('=')?.trim_start();
        let label = value
            .split(['"', '\'', ';', ' ', '\t', '\r', '\n'])
            .find(|part| !part.is_empty())?;
        Encoding::of_label(label.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_meta_tags_and_the_xml_declaration_name_the_encoding() {
        for (page, wanted) in [
            ("<meta charset=koi8-r>", Some("KOI8-R")),
            ("<META CharSet = 'windows-1252' />", Some("windows-1252")),
            (
                "<meta http-equiv=Content-Type content='text/html; charset = \"gbk\"'>",
                Some("GBK"),
            ),
            (
                "<link rel=stylesheet charset='iso-8859-1'><script src='x.js?charset=gbk'></script>\
                 <!-- <meta charset=koi8-r> --><script>'<meta charset=gbk>'</script><meta charset=utf-8>",
                Some("UTF-8"),
            ),
            (
                "<meta name=description content='charset=gbk'><meta charset=x><meta charset=big5>",
                Some("Big5"),
            ),
            ("<meta charset=utf-16><p>", None),
            ("<p>charset=gbk</p>", None),
            (
                "<?xml version='1.0' encoding = \"ISO-8859-2\"?><html>",
                Some("ISO-8859-2"),
            ),
            (
                "<?xml version='1.0' encoding='gbk'?><html><meta charset='big5'>",
                Some("Big5"),
            ),
            ("<p><?xml encoding='gbk'?>", None),
        ] {
            let found = declared(page.as_bytes()).map(Encoding::name);
            assert_eq!(found, wanted, "{page}");
        }
        let late = format!("<!--{}--><meta charset=gbk>", "-".repeat(WITHIN));
        assert_eq!(declared(late.as_bytes()), None);
    }
}
