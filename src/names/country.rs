//! Countries and unions that have several names in the news.

/// For each country its names, folded and without blanks; it is compared by the first.
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

/// Countries and unions within names of organisations, and the short word that replaces them.
const PARTS: &[(&[&str], &str)] = &[
    (&["united", "states", "of", "america"], "us"),
    (&["united", "states"], "us"),
    (&["usa"], "us"),
    (&["united", "kingdom"], "uk"),
    (&["united", "nations"], "un"),
    (&["european", "union"], "eu"),
];

/// The word that a country is compared by, from any of its names without blanks.
pub(super) fn alias(name: &str) -> Option<&'static str> {
    let names = ALIASES.iter().find(|names| names.contains(&name));
    names.and_then(|names| names.first()).copied()
}

/// The words of a name with countries and unions in it as one word each; a name that has no other words
/// stays.
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

/// Whether a word, or its adjective, stands for a country or union of [`shortened`].
pub(super) fn is_part(word: &str) -> bool {
    PARTS.iter().any(|(_, short)| *short == word)
        || matches!(word, "american" | "british" | "european")
}

/// Whether it is an informal name of a country, to which any other is preferred.
pub(super) fn is_informal(words: &[String]) -> bool {
    matches!(words, [word] if word == "america")
}
