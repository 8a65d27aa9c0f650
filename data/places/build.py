#!/usr/bin/env python3
"""Makes places.bin, the gazetteer inside newshound.

    python3 data/places/build.py SOURCES        # writes data/places/places.bin

SOURCES is a directory with the files named in data/README.md. The result depends on them
and on this file alone. The layout is read by src/place/gazetteer.rs, which describes it.
"""

import json
import struct
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

MAGIC = b"newshound places 1\n"
BLOCK = 16

COUNTRY, REGION, CAPITAL, CITY, QUARTER, NAMESAKE = range(6)

# Feature codes of GeoNames: quarters of towns; places that no longer exist.
QUARTERS = {"PPLX", "PPLL"}
GONE = {"PPLH", "PPLQ", "PPLW", "PPLCH"}

# Words for kinds of regions, which news leaves out: "Kandahar" for "Kandahar Province".
REGION_WORDS = {
    "province", "region", "state", "oblast", "governorate", "prefecture", "department",
    "district", "republic", "territory", "kray", "krai", "canton", "emirate", "municipality",
}

# Names that news uses and the sources lack or give to a lesser place: country by code.
COUNTRY_NAMES = {
    "US": ["US", "U.S.", "USA", "America", "the States", "United States of America"],
    "GB": ["UK", "Britain", "Great Britain"],
    "AE": ["Emirates", "UAE"],
    "BA": ["Bosnia"],
    "CD": ["Congo", "DR Congo", "DRC", "Democratic Republic of Congo", "Zaire"],
    "CG": ["Congo Republic", "Congo-Brazzaville"],
    "CN": ["Mainland China", "People's Republic of China", "PRC"],
    "CZ": ["Czech Republic"],
    "KR": ["South Korea", "Republic of Korea"],
    "KP": ["North Korea", "DPRK"],
    "MK": ["Macedonia", "North Macedonia"],
    "MM": ["Burma", "Myanmar"],
    "NL": ["Holland", "Netherlands"],
    "PS": ["Palestine", "Palestinian territories", "State of Palestine"],
    "RU": ["Russian Federation"],
    "SZ": ["Swaziland"],
    "TL": ["East Timor"],
    "TR": ["Turkey"],
    "TT": ["Trinidad"],
    "VA": ["Vatican", "Holy See", "Vatican City"],
}

# People and adjectives of countries beyond the sources' demonyms; plurals in -s follow.
DEMONYMS = {
    "AE": ["Emirati"], "AF": ["Afghani"], "AR": ["Argentinian", "Argentinean"],
    "AZ": ["Azeri"], "BA": ["Bosnian"], "BD": ["Bengali"], "BH": ["Bahraini"],
    "BW": ["Botswanan"], "BY": ["Belarussian"], "CI": ["Ivorian"], "DK": ["Dane", "Danish"],
    "EC": ["Ecuadorian"], "ES": ["Spaniard", "Spanish"], "FI": ["Finn", "Finnish"],
    "FR": ["Frenchman", "Frenchmen", "French"],
    "GB": ["Briton", "Brit", "British", "English", "Scottish", "Scot", "Scots", "Welsh",
           "Northern Irish", "Englishman", "Englishmen", "Scotsman", "Welshman"],
    "GR": ["Hellenic", "Greek"], "HK": ["Hongkonger", "Hong Konger"], "IE": ["Irishman", "Irish"],
    "IN": ["Indian"], "IQ": ["Iraqi"], "IS": ["Icelander", "Icelandic"],
    "KE": ["Kenyan"], "KG": ["Kyrgyz"], "KP": ["North Korean"], "KR": ["South Korean"],
    "KW": ["Kuwaiti"], "KZ": ["Kazakh", "Kazakhstani"], "LA": ["Lao", "Laotian"],
    "MG": ["Malagasy"], "MK": ["Macedonian"], "MM": ["Burmese", "Myanma"],
    "NL": ["Dutch", "Dutchman", "Dutchmen"], "NZ": ["Kiwi", "New Zealander"],
    "OM": ["Omani"], "PH": ["Filipino", "Filipina", "Philippine"], "PL": ["Pole", "Polish"],
    "PR": ["Puerto Rican"], "PS": ["Palestinian"], "PT": ["Portuguese"], "QA": ["Qatari"],
    "SA": ["Saudi", "Saudi Arabian"], "SE": ["Swede", "Swedish"], "SI": ["Slovenian"],
    "SK": ["Slovakian"], "SO": ["Somalian"], "SV": ["Salvadorean", "Salvadorian"],
    "TJ": ["Tajik", "Tajikistani"], "TM": ["Turkmen"], "TR": ["Turk", "Turkish"],
    "UA": ["Ukrainian"], "US": ["American"], "UZ": ["Uzbek"], "VA": ["Vatican"],
    "XK": ["Kosovar", "Kosovan", "Kosovo Albanian"], "ZA": ["South African"],
}

# Short forms of states and provinces, as datelines and addresses write them.
SHORT_REGIONS = {
    "US": """AL Ala;AK;AZ Ariz;AR Ark;CA Calif Cal;CO Colo;CT Conn;DE Del;DC D.C.;FL Fla;GA Ga;HI;
        ID;IL Ill;IN Ind;IA;KS Kan Kans;KY Ky;LA La;ME;MD Md;MA Mass;MI Mich;MN Minn;MS Miss;
        MO Mo;MT Mont;NE Neb Nebr;NV Nev;NH N.H.;NJ N.J.;NM N.M.;NY N.Y.;NC N.C.;ND N.D.;OH;
        OK Okla;OR Ore;PA Pa Penn;RI R.I.;SC S.C.;SD S.D.;TN Tenn;TX Tex;UT;VT Vt;VA Va;
        WA Wash;WV W.Va.;WI Wis Wisc;WY Wyo""",
    "CA": """01 AB Alta;02 BC B.C.;03 MB Man;04 NB N.B.;13 NWT N.W.T.;07 NS N.S.;08 ON Ont;
        09 PEI P.E.I.;10 QC Que;11 SK Sask;12 YT;05 NL""",
    "AU": "02 NSW N.S.W.;03 NT;04 Qld;05 SA;06 Tas;07 Vic;08 WA;01 ACT A.C.T.",
}
REGION_NAMES = {"AU.02": ["NSW"], "CA.05": ["Newfoundland"], "ID.10": ["Yogyakarta"]}

# Short forms of cities, by GeoNames id.
CITY_NAMES = {5128581: ["New York", "NYC", "New York City"], 5368361: ["L.A.", "LA"],
              4140963: ["Washington", "Washington DC", "D.C.", "Washington, District of Columbia"],
              1816670: ["Peking"]}

# Parts of the world and sky, which are no towns; directions are parts of something else.
NO_TOWNS = set(map(str.strip, """
    africa, asia, europe, america, americas, north america, south america, central america,
    latin america, oceania, arctic, antarctic, atlantic, pacific, caribbean, mediterranean,
    baltic, balkans, middle east, far east, amazon, alps, andes, himalaya, himalayas, sahara,
    earth, sun, moon, mercury, venus, mars, jupiter, saturn, uranus, neptune, pluto, europa,
    titan, rio grande, north, south, east, west, northern, southern, eastern, western, central, centre,
    center, northeast, northwest, southeast, southwest, midlands, midwest, gulf, channel
    """.split(",")))

PLAIN = str.maketrans({
    "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe",
    "ı": "i", "ħ": "h", "ŋ": "n", "ə": "a",
})
DROPPED = set(".'’‘`ʻʼʹ·")


def fold(name):
    """What names are looked up by; src/place/fold.rs does the same."""
    # Taken apart, an acute accent that stands alone would begin with a blank.
    name = unicodedata.normalize("NFKD", name.replace("´", "").lower()).translate(PLAIN)
    name = "".join(c for c in name if not unicodedata.combining(c) and c not in DROPPED)
    words = "".join(c if c.isalnum() else " " for c in name).split()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join("st" if word in ("saint", "sainte", "ste") else word for word in words)


def rows(path):
    with open(path, encoding="utf-8", newline="\n") as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            if len(fields) > 1:
                yield fields


class Place:
    def __init__(self, geonames, name, kind, country, admin1, lat, lon, population):
        self.geonames, self.name, self.kind = int(geonames), name.strip(), kind
        self.country, self.admin1 = country, admin1
        self.lat, self.lon, self.population = float(lat), float(lon), int(population or 0)
        self.main, self.other = set(), set()

    def call(self, names, main=True):
        for name in names:
            key = fold(name)
            if key:
                (self.main if main else self.other).add(key)


def read_countries(sources):
    facts = {c["cca2"]: c for c in json.loads((sources / "countries/countries.json").read_text())}
    english = json.loads((sources / "country_translations.json").read_text())
    places, demonyms, official = {}, defaultdict(set), set()
    for row in rows(sources / "countryInfo.tsv"):
        code, name, population, geonames = row[0], row[4], row[7], row[16]
        fact = facts.get(code)
        if code.startswith("#") or fact is None:
            continue  # The header, and countries that no longer exist.
        place = Place(geonames, name, COUNTRY, code, None, *fact["latlng"], population)
        own = {"common": fact["name"]["common"], "official": fact["name"]["official"]}
        native = [n for names in fact["name"]["native"].values() for n in names.values()]
        people = set(fact["demonyms"].get("eng", {}).values())
        spelt = [n for n in fact["altSpellings"] if len(n) > 2 and n not in people]
        translated = english.get(geonames, {}).get("en", "")
        place.call([name, *own.values(), *COUNTRY_NAMES.get(code, [])])
        place.call([*native, *spelt, translated], main=False)
        places[code] = place
        if fact["independent"]:
            official.add(code)
        for people in people:
            for one in people.split(","):
                demonyms[fold(one)].add(code)
    for code, names in COUNTRY_NAMES.items():
        for key in map(fold, names):
            for other, place in places.items():
                if other != code:
                    place.main.discard(key)
                    place.other.discard(key)
    for code, names in DEMONYMS.items():
        for name in names:
            demonyms[fold(name)] = {code}
    for key in list(demonyms):
        codes = demonyms[key]
        codes = codes if len(codes) == 1 else codes & official
        del demonyms[key]
        if key and len(codes) == 1:
            demonyms[key] = codes
    for key, codes in list(demonyms.items()):
        if not key.endswith(("s", "sh", "ch", "ese")):
            demonyms.setdefault(key + "s", codes)
    return places, {key: next(iter(codes)) for key, codes in demonyms.items()}


def read_towns(sources, countries):
    towns = []
    for row in rows(sources / "cities15000.txt"):
        geonames, name, plain, others, lat, lon = row[:6]
        code, country, admin1, population = row[7], row[8], row[10], row[14]
        if code in GONE or country not in countries:
            continue
        kind = QUARTER if code in QUARTERS else CAPITAL if code == "PPLC" else CITY
        town = Place(geonames, name, kind, country, f"{country}.{admin1}", lat, lon, population)
        town.call([name, plain, *CITY_NAMES.get(town.geonames, [])])
        # Capitals of three or four are codes of airports.
        others = [n for n in others.split(",") if not (n.isupper() and len(n) < 5)]
        town.call([n for n in others if fold(n).isascii() and len(fold(n)) > 2], main=False)
        towns.append(town)
    return towns


def read_regions(sources, towns):
    """Gives regions the middle and the population of their towns, as the source has neither for them.
    A region without a town is left out."""
    within = defaultdict(list)
    for town in towns:
        if town.kind != QUARTER:
            within[town.admin1].append(town)
    regions = {}
    for code, name, plain, geonames in rows(sources / "regionInfo.tsv"):
        inside = within.get(code)
        if code.startswith("#") or not inside:
            continue
        people = sum(town.population for town in inside)
        weight = [max(town.population, 1) for town in inside]
        middle = [sum(w * at for w, at in zip(weight, axis)) / sum(weight)
                  for axis in ([t.lat for t in inside], [t.lon for t in inside])]
        region = Place(geonames, name, REGION, code[:2], None, *middle, people)
        region.call([name, plain, *REGION_NAMES.get(code, [])])
        for key in list(region.main):
            words = key.split()
            if words[-1] in REGION_WORDS and len(words) > 1:
                region.main.add(" ".join(words[:-1]))
        # "Medina" is a region's main name, and the largest town's "Al Madinah", also "Medina".
        largest = max(inside, key=lambda town: town.population)
        # But Oklahoma City is not called Oklahoma, whatever its alternative names are.
        largest.main |= {key for key in region.main & largest.other
                         if not any(name.startswith(key + " ") for name in largest.main)}
        if region.main & largest.main:
            region.kind = NAMESAKE
        regions[code] = region
    return regions


def table(entries):
    """A sorted dictionary, front-coded in blocks: key -> (numbers, numbers)."""
    offsets, body, last = [], bytearray(), b""
    ordered = sorted((key.encode(), value) for key, value in entries.items())
    for at, (key, (main, other)) in enumerate(ordered):
        shared = 0
        if at % BLOCK == 0:
            offsets.append(len(body))
        else:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        assert len(key) < 256 and len(main) < 16 and len(other) < 16
        body += bytes([shared, len(key) - shared]) + key[shared:]
        body.append(len(main) << 4 | len(other))
        body += b"".join(struct.pack("<H", n) for n in main + other)
        last = key
    head = struct.pack("<II", len(ordered), len(body))
    return head + b"".join(struct.pack("<I", o) for o in offsets) + bytes(body)


def main(sources):
    countries, demonyms = read_countries(sources)
    towns = read_towns(sources, countries)
    regions = read_regions(sources, towns)
    places = [*countries.values(), *regions.values(),
              *sorted(towns, key=lambda t: (-t.population, t.geonames))]
    assert len(places) < 0xFFFF
    number = {id(place): at for at, place in enumerate(places)}
    names = defaultdict(lambda: ([], []))
    for at, place in enumerate(places):
        for key in sorted(place.main):
            names[key][0].append(at)
        for key in sorted(place.other - place.main):
            names[key][1].append(at)
    for key in NO_TOWNS - {"america"}:
        names.pop(key, None)
    # Countries and regions come first, then towns by population, so that the smallest are cut off.
    names = {key: (main[:15], other[:15]) for key, (main, other) in names.items()}
    short = defaultdict(lambda: ([], []))
    for country, listed in SHORT_REGIONS.items():
        for region in listed.split(";"):
            code, *forms = region.split()
            place = regions.get(f"{country}.{code}")
            for form in forms if code.isdigit() else [code, *forms]:
                # "GA" and "Ga" are one key.
                if place is not None and number[id(place)] not in short[fold(form)][0]:
                    short[fold(form)][0].append(number[id(place)])
    people = {key: ([number[id(countries[code])]], []) for key, code in demonyms.items()}

    records, text = bytearray(), bytearray()
    for place in places:
        region = number.get(id(regions.get(place.admin1))) if place.admin1 in regions else None
        records += struct.pack(
            "<IiiIIHHB2s", place.geonames, round(place.lat * 1e5), round(place.lon * 1e5),
            place.population, len(text), number[id(countries[place.country])],
            0xFFFF if region is None else region, place.kind, place.country.encode())
        name = place.name.encode()
        text += bytes([len(name)]) + name
    out = MAGIC
    for section in (bytes(records), bytes(text), table(names), table(people), table(short)):
        out += struct.pack("<I", len(section)) + section
    target = Path(__file__).parent / "places.bin"
    target.write_bytes(out)
    print(f"{target}: {len(out)} bytes, {len(places)} places, {len(names)} names,"
          f" {len(people)} demonyms, {len(short)} short forms")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
