//! Figures of other tools for files that readings differ on.

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/fixtures/eval/", $name))
    };
}

/// Label, correct, gold, predicted.
type Row = (&'static str, u64, u64, u64);

struct Case {
    name: &'static str,
    text: &'static str,
    tokens: u64,
    /// Accuracy, precision, recall and F1 as `conlleval` prints them.
    printed: [&'static str; 4],
    relaxed: &'static [Row],
    strict: &'static [Row],
}

/// Figures of [`Reading::Conlleval`]: conlleval.pl of 2004-01-26 (all but bioes and bilou,
/// whose `S-` it does not know), conlleval 0.2 from PyPI and seqeval 1.2.2 in its default
/// mode (all but empty; bilou with `E-` and `S-` for `L-` and `U-`) agree on them.
///
/// Figures of [`Reading::Strict`]: seqeval 1.2.2 with `mode="strict"`, for files of `B-` and
/// `I-` read as IOB2. In bioes, end_without_begin and bilou seqeval also drops names that
/// are never closed; there they come from a second program written from the rule, which
/// agreed with seqeval on 13,544 random columns once it dropped those names too.
const CASES: &[Case] = &[
    Case {
        name: "iob1",
        text: IOB1,
        tokens: 23,
        printed: ["91.30", "75.00", "66.67", "70.59"],
        relaxed: &[
            ("overall", 6, 9, 8),
            ("LOC", 2, 5, 3),
            ("MISC", 1, 1, 1),
            ("ORG", 1, 1, 2),
            ("PER", 2, 2, 2),
        ],
        strict: &[("overall", 0, 1, 0), ("LOC", 0, 1, 0)],
    },
    Case {
        name: "orphan_inside",
        text: ORPHAN_INSIDE,
        tokens: 23,
        printed: ["82.61", "80.00", "80.00", "80.00"],
        relaxed: &[
            ("overall", 4, 5, 5),
            ("LOC", 2, 3, 3),
            ("ORG", 1, 1, 1),
            ("PER", 1, 1, 1),
        ],
        strict: &[
            ("overall", 1, 5, 1),
            ("LOC", 0, 3, 0),
            ("ORG", 0, 1, 0),
            ("PER", 1, 1, 1),
        ],
    },
    Case {
        name: "adjacent_begin",
        text: ADJACENT_BEGIN,
        tokens: 16,
        printed: ["87.50", "71.43", "55.56", "62.50"],
        relaxed: &[("overall", 5, 9, 7), ("LOC", 5, 7, 6), ("PER", 0, 2, 1)],
        strict: &[("overall", 5, 9, 7), ("LOC", 5, 7, 6), ("PER", 0, 2, 1)],
    },
    Case {
        name: "label_change",
        text: fixture!("label_change.txt"),
        tokens: 14,
        printed: ["71.43", "66.67", "75.00", "70.59"],
        relaxed: &[
            ("overall", 6, 8, 9),
            ("LOC", 3, 4, 4),
            ("ORG", 2, 3, 3),
            ("PER", 1, 1, 2),
        ],
        strict: &[
            ("overall", 4, 8, 5),
            ("LOC", 2, 4, 2),
            ("ORG", 1, 3, 2),
            ("PER", 1, 1, 1),
        ],
    },
    Case {
        name: "begin_only",
        text: fixture!("begin_only.txt"),
        tokens: 9,
        printed: ["77.78", "42.86", "60.00", "50.00"],
        relaxed: &[("overall", 3, 5, 7), ("LOC", 3, 3, 3), ("PER", 0, 2, 4)],
        strict: &[("overall", 3, 5, 7), ("LOC", 3, 3, 3), ("PER", 0, 2, 4)],
    },
    Case {
        name: "bioes",
        text: fixture!("bioes.txt"),
        tokens: 27,
        printed: ["88.89", "84.62", "91.67", "88.00"],
        relaxed: &[
            ("overall", 11, 12, 13),
            ("LOC", 4, 4, 4),
            ("MISC", 1, 1, 1),
            ("ORG", 3, 4, 5),
            ("PER", 3, 3, 3),
        ],
        strict: &[
            ("overall", 11, 12, 12),
            ("LOC", 4, 4, 4),
            ("MISC", 1, 1, 1),
            ("ORG", 3, 4, 4),
            ("PER", 3, 3, 3),
        ],
    },
    Case {
        name: "end_without_begin",
        text: fixture!("end_without_begin.txt"),
        tokens: 12,
        printed: ["50.00", "50.00", "66.67", "57.14"],
        relaxed: &[
            ("overall", 4, 6, 8),
            ("LOC", 3, 4, 5),
            ("ORG", 0, 1, 1),
            ("PER", 1, 1, 2),
        ],
        strict: &[
            ("overall", 1, 6, 2),
            ("LOC", 1, 4, 1),
            ("ORG", 0, 1, 1),
            ("PER", 0, 1, 0),
        ],
    },
    Case {
        name: "bilou",
        text: fixture!("bilou.txt"),
        tokens: 11,
        printed: ["81.82", "100.00", "100.00", "100.00"],
        relaxed: &[
            ("overall", 5, 5, 5),
            ("LOC", 2, 2, 2),
            ("ORG", 1, 1, 1),
            ("PER", 2, 2, 2),
        ],
        strict: &[
            ("overall", 4, 5, 4),
            ("LOC", 2, 2, 2),
            ("ORG", 1, 1, 1),
            ("PER", 1, 2, 1),
        ],
    },
    Case {
        // Names at the end of a sentence, and of a file without a last line break.
        name: "sentence_end",
        text: fixture!("sentence_end.txt"),
        tokens: 18,
        printed: ["100.00", "100.00", "100.00", "100.00"],
        relaxed: &[
            ("overall", 5, 5, 5),
            ("LOC", 2, 2, 2),
            ("ORG", 2, 2, 2),
            ("PER", 1, 1, 1),
        ],
        strict: &[
            ("overall", 4, 4, 4),
            ("LOC", 2, 2, 2),
            ("ORG", 1, 1, 1),
            ("PER", 1, 1, 1),
        ],
    },
    Case {
        // Labels that stand on one side only. conlleval 0.2 prints a precision of 100
        // for PER here, of which nothing was predicted; conlleval.pl prints 0, as we do.
        name: "wrong_and_missing",
        text: fixture!("wrong_and_missing.txt"),
        tokens: 16,
        printed: ["56.25", "25.00", "25.00", "25.00"],
        relaxed: &[
            ("overall", 1, 4, 4),
            ("LOC", 1, 2, 2),
            ("MISC", 0, 0, 1),
            ("ORG", 0, 1, 1),
            ("PER", 0, 1, 0),
        ],
        strict: &[
            ("overall", 1, 4, 4),
            ("LOC", 1, 2, 2),
            ("MISC", 0, 0, 1),
            ("ORG", 0, 1, 1),
            ("PER", 0, 1, 0),
        ],
    },
    Case {
        name: "empty",
        text: fixture!("empty.txt"),
        tokens: 0,
        printed: ["0.00", "0.00", "0.00", "0.00"],
        relaxed: &[("overall", 0, 0, 0)],
        strict: &[("overall", 0, 0, 0)],
    },
];

#[test]
fn awkward_files_score_as_the_reference_tools_score_them() {
    for case in CASES {
        let relaxed = scored(case.text, Reading::Conlleval);
        assert_eq!(rows(&relaxed), case.relaxed, "{}", case.name);
        let overall = relaxed.overall();
        let printed = [
            relaxed.accuracy(),
            overall.precision(),
            overall.recall(),
            overall.f1(),
        ];
        assert_eq!(printed.map(rounded), case.printed, "{}", case.name);
        assert_eq!(relaxed.tokens(), case.tokens, "{}", case.name);
        let strict = scored(case.text, Reading::Strict);
        assert_eq!(rows(&strict), case.strict, "{}, strict", case.name);
    }
}
