//! Countries that have several names in the news.

/// For each country its names, folded and without blanks, the one to compare by first.
const ALIASES: &[&[&str]] = &[
    &[
        "us",
        "usa",
        "unitedstates",
        "unitedstatesofamerica",
        "america",
    ],
    &[
        "uk",
        "unitedkingdom",
        "britain",
        "greatbritain",
        "unitedkingdomofgreatbritainandnorthernireland",
    ],
    &["uae", "unitedarabemirates", "emirates"],
    &["russia", "russianfederation"],
    &["china", "prc", "peoplesrepublicofchina"],
    &["southkorea", "republicofkorea"],
    &["northkorea", "dprk", "democraticpeoplesrepublicofkorea"],
    &[
        "drcongo",
        "drc",
        "democraticrepublicofthecongo",
        "democraticrepublicofcongo",
        "congokinshasa",
    ],
    &["czechia", "czechrepublic"],
    &["netherlands", "holland"],
    &["ivorycoast", "cotedivoire"],
    &["myanmar", "burma"],
    &["eswatini", "swaziland"],
    &["easttimor", "timorleste"],
    &["capeverde", "caboverde"],
    &["turkey", "turkiye", "republicofturkiye"],
    &["northmacedonia", "macedonia"],
    &["syria", "syrianarabrepublic"],
    &["vatican", "vaticancity", "vaticancitystate"],
    &["bosnia", "bosniaandherzegovina", "bosniaherzegovina"],
    &["saudiarabia", "ksa"],
    &["newzealand", "nz", "aotearoa"],
    &["car", "centralafricanrepublic"],
    &["papuanewguinea", "png"],
    &["washingtondc", "dc", "districtofcolumbia"],
    &["groupofseven", "g7"],
    &["groupofeight", "g8"],
    &["groupoftwenty", "g20"],
    &[
        "islamicstate",
        "isis",
        "isil",
        "daesh",
        "islamicstateofiraqandthelevant",
    ],
];

/// Names that organisations begin or end with, and the short word that stands for them.
const PARTS: &[(&[&str], &str)] = &[
    (&["united", "states", "of", "america"], "us"),
    (&["united", "states"], "us"),
    (&["usa"], "us"),
    (&["united", "kingdom"], "uk"),
    (&["united", "nations"], "un"),
    (&["european", "union"], "eu"),
];

/// The word to compare a country by, from any of its names without blanks.
pub(super) fn alias(name: &str) -> Option<&'static str> {
    let names = ALIASES.iter().find(|names| names.contains(&name));
    names.and_then(|names| names.first()).copied()
}

/// The words of a name with a country, or another union, in it as one word, where something
/// else is left.
pub(super) fn shortened(mut words: Vec<String>) -> Vec<String> {
    for (long, short) in PARTS {
        let is_long = |part: &[String]| part.iter().zip(*long).all(|(a, b)| a == b);
        if words.len() > long.len()
            && let Some(at) = words.windows(long.len()).position(is_long)
        {
            words.splice(at..at + long.len(), [(*short).to_owned()]);
        }
    }
    words
}

/// Whether a word is one of a country or union that [`shortened`] knows.
pub(super) fn is_part(word: &str) -> bool {
    PARTS.iter().any(|(_, short)| *short == word)
        || matches!(word, "american" | "british" | "european")
}
