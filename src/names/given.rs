//! First names of men and of women: the most frequent ones in English news that are hardly ever the
//! other's.

/// Who bears a first name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gender {
    Man,
    Woman,
}

#[rustfmt::skip]
const MEN: &[&str] = &[
    "aaron", "adam", "ahmed", "alan", "albert", "alexander", "ali", "andrew", "anthony", "antonio", "arthur",
    "barack", "ben", "benjamin", "bernard", "bill", "bob", "boris", "brandon", "brian", "bruce", "carl", "carlos",
    "charles", "christopher", "colin", "craig", "daniel", "dave", "david", "dennis", "derek", "dick", "dmitry",
    "donald", "doug", "douglas", "ed", "edward", "eric", "ernest", "francisco", "frank", "fred", "gary", "gavin",
    "geoffrey", "george", "gerald", "gordon", "graham", "greg", "gregory", "harold", "harry", "hassan", "henry",
    "herbert", "hugh", "hugo", "ian", "ibrahim", "igor", "jack", "jacob", "jake", "james", "jason", "jeff",
    "jeffrey", "jeremy", "jim", "jimmy", "joe", "john", "jonathan", "jorge", "jose", "joseph", "joshua", "juan",
    "julian", "justin", "keith", "ken", "kenneth", "kevin", "larry", "lawrence", "leonard", "liam", "louis", "luis",
    "luke", "malcolm", "marco", "mark", "martin", "matt", "matthew", "michael", "miguel", "mike", "mohamed",
    "mohammed", "muhammad", "nathan", "neil", "nicholas", "nigel", "noah", "oliver", "omar", "oscar", "patrick",
    "paul", "pedro", "peter", "philip", "ralph", "raymond", "richard", "rob", "robert", "roger", "ron", "ronald",
    "roy", "russell", "ryan", "samuel", "scott", "sean", "sergei", "sergey", "simon", "stanley", "stephen", "steve",
    "steven", "stuart", "ted", "thomas", "tim", "timothy", "todd", "tom", "tony", "victor", "vincent", "vladimir",
    "walter", "warren", "william", "yusuf",
];

#[rustfmt::skip]
const WOMEN: &[&str] = &[
    "abigail", "agnes", "alexandra", "alice", "alison", "amanda", "amelia", "amy", "ana", "angela", "anita", "ann",
    "anna", "anne", "annie", "barbara", "betty", "beverly", "brenda", "carmen", "carol", "caroline", "catherine",
    "charlotte", "chelsea", "cheryl", "christina", "christine", "cindy", "claire", "clara", "cynthia", "deborah",
    "debra", "diana", "diane", "donna", "doris", "dorothy", "eleanor", "elena", "elizabeth", "ella", "ellen",
    "emily", "emma", "erica", "esther", "eva", "evelyn", "fatima", "fiona", "florence", "frances", "gloria",
    "grace", "hannah", "heather", "helen", "hillary", "irene", "isabel", "ivanka", "jane", "janet", "jennifer",
    "jessica", "jill", "joan", "joanna", "joyce", "judith", "judy", "julia", "julie", "karen", "kate", "katherine",
    "kathleen", "kathryn", "laura", "lauren", "linda", "lisa", "lori", "louise", "lucy", "margaret", "maria",
    "marie", "marilyn", "martha", "mary", "megan", "melania", "melissa", "michelle", "monica", "nancy", "natalie",
    "natasha", "nicola", "nicole", "olga", "olivia", "pamela", "patricia", "paula", "phoebe", "rachel", "rebecca",
    "rosa", "rose", "ruth", "sally", "samantha", "sandra", "sara", "sarah", "sharon", "sheila", "shirley", "sophia",
    "sophie", "stephanie", "susan", "svetlana", "tatiana", "teresa", "theresa", "tina", "valerie", "vanessa",
    "veronica", "victoria", "virginia", "wendy", "yvonne", "zoe",
];

/// The gender of a folded first name, where it is clear.
pub(super) fn gender(name: &str) -> Option<Gender> {
    if MEN.contains(&name) {
        Some(Gender::Man)
    } else if WOMEN.contains(&name) {
        Some(Gender::Woman)
    } else {
        None
    }
}
