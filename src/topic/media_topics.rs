//! The vocabulary: the top level of the IPTC Media Topics.
//!
//! Codes, names and definitions are those of the IPTC NewsCodes, © International Press
//! Telecommunications Council, CC BY 4.0, <https://cv.iptc.org/newscodes/mediatopic/>.

/// A topic of the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct MediaTopic {
    /// Such as `medtop:15000000`.
    pub code: &'static str,
    /// Such as `sport`.
    pub name: &'static str,
    /// What belongs to it.
    pub definition: &'static str,
}

/// The topic of a code or a name. `politics` is the former name of `politics and government`.
#[must_use]
pub fn media_topic(code_or_name: &str) -> Option<&'static MediaTopic> {
    let name = match code_or_name {
        "politics" => "politics and government",
        other => other,
    };
    let mut topics = MEDIA_TOPICS.iter();
    topics.find(|topic| topic.code == name || topic.name == name)
}

/// The seventeen topics, by code.
pub const MEDIA_TOPICS: [MediaTopic; 17] = [
    MediaTopic {
        code: "medtop:01000000",
        name: "arts, culture, entertainment and media",
        definition: "All forms of arts, entertainment, cultural heritage and media",
    },
    MediaTopic {
        code: "medtop:02000000",
        name: "crime, law and justice",
        definition: "The establishment and/or statement of the rules of behaviour in society, the enforcement of these rules, breaches of the rules, the punishment of offenders and the organisations and bodies involved in these activities",
    },
    MediaTopic {
        code: "medtop:03000000",
        name: "disaster, accident and emergency incident",
        definition: "Man made or natural event resulting in loss of life or injury to living creatures and/or damage to inanimate objects or property",
    },
    MediaTopic {
        code: "medtop:04000000",
        name: "economy, business and finance",
        definition: "All matters concerning the planning, production and exchange of wealth",
    },
    MediaTopic {
        code: "medtop:05000000",
        name: "education",
        definition: "All aspects of furthering knowledge, formally or informally",
    },
    MediaTopic {
        code: "medtop:06000000",
        name: "environment",
        definition: "All aspects of protection, damage, and condition of the ecosystem of the planet earth and its surroundings",
    },
    MediaTopic {
        code: "medtop:07000000",
        name: "health",
        definition: "All aspects of physical and mental well-being",
    },
    MediaTopic {
        code: "medtop:08000000",
        name: "human interest",
        definition: "Item that discusses individuals, groups, animals, plants or other objects in an emotional way",
    },
    MediaTopic {
        code: "medtop:09000000",
        name: "labour",
        definition: "Social aspects, organisations, rules and conditions affecting the employment of human effort for the generation of wealth or provision of services and the economic support of the unemployed",
    },
    MediaTopic {
        code: "medtop:10000000",
        name: "lifestyle and leisure",
        definition: "Activities undertaken for pleasure, relaxation or recreation outside paid employment, including eating and travel",
    },
    MediaTopic {
        code: "medtop:11000000",
        name: "politics and government",
        definition: "Local, regional, national and international exercise of power, or struggle for power, and the relationships between governing bodies and states",
    },
    MediaTopic {
        code: "medtop:12000000",
        name: "religion",
        definition: "Belief systems, institutions and people who provide moral guidance to followers",
    },
    MediaTopic {
        code: "medtop:13000000",
        name: "science and technology",
        definition: "All aspects pertaining to human understanding of, as well as methodical study and research of natural, formal and social sciences, such as astronomy, linguistics or economics",
    },
    MediaTopic {
        code: "medtop:14000000",
        name: "society",
        definition: "The concerns, issues, affairs and institutions relevant to human social interactions, problems and welfare, such as poverty, human rights and family planning",
    },
    MediaTopic {
        code: "medtop:15000000",
        name: "sport",
        definition: "Competitive activity or skill that involves physical and/or mental effort and organisations and bodies involved in these activities",
    },
    MediaTopic {
        code: "medtop:16000000",
        name: "conflict, war and peace",
        definition: "Acts of socially or politically motivated protest or violence, military activities, geopolitical conflicts, as well as resolution efforts",
    },
    MediaTopic {
        code: "medtop:17000000",
        name: "weather",
        definition: "The study, prediction and reporting of meteorological phenomena",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_found_by_code_and_by_name_old_and_new() {
        let politics = media_topic("medtop:11000000");
        assert_eq!(media_topic("politics and government"), politics);
        assert_eq!(media_topic("politics"), politics);
        assert_eq!(media_topic("sport").unwrap().code, "medtop:15000000");
        assert_eq!(media_topic("Sport"), None);
        assert!(MEDIA_TOPICS.is_sorted_by(|a, b| a.code < b.code));
    }
}
