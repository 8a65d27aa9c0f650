//! `newshound eval --places`: links of places against gold ones.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use newshound::Error;
use newshound::eval::{self, Gold, GoldPlaces, PlaceScores};
use newshound::reader::Input;
use serde_json::json;

use super::super::input::{inputs, named};
use super::super::output::{To, stdout, write_json};
use super::super::{Outcome, Stop};
use super::Args;

/// Articles tagged at once.
const BATCH: usize = 64;

pub(super) fn run(args: &Args, path: &Path) -> Outcome {
    let map = args.relabel()?;
    let unit = args.unit()?;
    let list = Input::File(path.to_owned());
    let of_list = |error: Error| named(&list, &error);
    let places = GoldPlaces::read(&list.text().map_err(of_list)?);
    let places = places.map_err(|e| of_list(e.into()))?;
    let tagger = args.model.builder()?.build()?;
    let (mut on_gold, mut on_found) = (PlaceScores::default(), PlaceScores::default());
    let mut read = BTreeSet::new();
    for input in inputs(&args.files)? {
        let wrong = |error: Error| named(&input, &error);
        let text = input.text().map_err(wrong)?;
        let articles = eval::gold(&text, unit).map_err(|e| wrong(e.into()))?;
        for articles in articles.chunks(BATCH) {
            let texts: Vec<&str> = articles.iter().map(|article| &*article.text).collect();
            let tagged = tagger.tag_batch(&texts)?;
            for (article, tagged) in articles.iter().zip(&tagged) {
                let Gold { line, id, .. } = article;
                if places.has(id) && !read.insert(id.clone()) {
                    return Err(Stop::Fatal(format!(
                        "{}: line {line}: the id {id} is that of an article before too; give each \
                         its own",
                        input.name()
                    )));
                }
                let given = eval::from_gold(article, &map);
                for (document, scores) in [(&given, &mut on_gold), (tagged, &mut on_found)] {
                    let scored = places.score(id, document, unit);
                    scores.add(&scored.map_err(|e| of_list(e.into()))?);
                }
            }
        }
    }
    places.covered_by(&read).map_err(|e| of_list(e.into()))?;
    let mut out = stdout();
    match args.format {
        To::Table => {
            let rows = [("gold names", on_gold), ("names found", on_found)];
            PlaceScores::write_table(&rows, &mut out)?;
        }
        To::Json => write_json(&mut out, &json!({"gold": on_gold, "found": on_found}))?,
    }
    out.flush()?;
    Ok(0)
}
