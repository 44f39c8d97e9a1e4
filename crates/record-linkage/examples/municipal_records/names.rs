//! Invented names in the proportions that make linkage hard: a few very common, many rare.

use rand::Rng;

/// Where somebody's names come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Dutch,
    Maghreb,
    Turkish,
    Polish,
    Levant,
    Surinamese,
}

pub(crate) const ORIGINS: [(Origin, f64); 6] = [
    (Origin::Dutch, 0.70),
    (Origin::Maghreb, 0.08),
    (Origin::Turkish, 0.07),
    (Origin::Polish, 0.05),
    (Origin::Levant, 0.05),
    (Origin::Surinamese, 0.05),
];

const COMMON: &str = "Jong Jansen Vries Dijk Berg Janssen Bakker Boer Visser Meijer Bos Smit Vos Mulder Hendriks Dekker Brouwer \
    Dijkstra Linden Beek Schouten Wit Peters Kok Heuvel Graaf Bruin Groot Haan Koster Kuiper Post Prins Vink Maas Hoekstra Willems \
    Verhoeven Koning Leeuwen Wal Veen Schipper Blom Jonker Huisman";
const STEMS: &str = "Brinke Slage Lange Hoek Weste Mande Heide Nieuw Dijke Pott Duin Slot Lind Steene Zuide Kamp Groote Kappel \
    Timmer Haven Eik Elze Brug Ven Zwaag Meul Vogel Wolfe Wilg Laan Klee Noord Brouw Kruis Wijk Schoon Roos Berk Beuk Hazel Water \
    Molen Kerk Toren Poort Veld Akker Weide Zand Klei Oost Hoog Laag Roden Witte Swart Groen Gelder Bronk Vlas Haver Gerst Spijk \
    Star Moer Dael Oude Ruime Stille Verre";
const TAILS: &str = "huis bosch laar donk hoven steijn broek schot hout horst huizen vliet dijk meijer inga stra ma man mans hof \
    haven mond voort berg veld kamp wijk sloot rade camp oord zicht beek stein ker";
const PREFIXES: [(&str, f64); 12] = [
    ("", 0.52),
    ("van", 0.12),
    ("de", 0.10),
    ("van der", 0.07),
    ("van den", 0.05),
    ("van de", 0.04),
    ("ten", 0.03),
    ("ter", 0.03),
    ("van 't", 0.02),
    ("op de", 0.01),
    ("te", 0.005),
    ("in 't", 0.005),
];
const FOREIGN: [(&str, &str); 5] = [
    (
        "El Amrani,Al Idrissi,Bennani,El Morabet,Ouali,Azzouzi,El Khattabi,Bouali,Haddad,Amghar,El Yousfi,Chakir,Tahiri,Bouzid,Ait Ali,Zerouali,El Fassi",
        "Mohamed Ahmed Youssef Omar Hassan Rachid Karim Said Ali Bilal Hamza|Fatima Aicha Khadija Naima Samira Nadia Mariam Yasmina Latifa Hanane",
    ),
    (
        "Yılmaz,Kaya,Demir,Çelik,Şahin,Yıldız,Öztürk,Aydın,Doğan,Koç,Arslan,Kılıç,Aslan,Çetin,Kara,Özdemir,Güneş,Bulut",
        "Mehmet Mustafa Ahmet Hüseyin İbrahim Emre Burak Murat Yusuf Kerem|Fatma Ayşe Emine Hatice Zeynep Elif Merve Özlem Gül Esra",
    ),
    (
        "Nowak,Kowalski,Wiśniewski,Lewandowski,Krawczyk,Zieliński,Wójcik,Kamiński,Szymański,Dąbrowski,Jankowski,Mazur",
        "Łukasz Piotr Andrzej Tomasz Paweł Michał Rafał Jan Adam Ivan|Agnieszka Małgorzata Katarzyna Joanna Ewa Magdalena Anna Zofia Maja",
    ),
    (
        "Al Hassan,Alhassan,Al Ahmad,Ibrahim,Nazari,Khalil,Al Masri,Haddad,Hosseini,Al Khatib,Mahmoud,Saleh,Darwish,Karimi",
        "Omar Mahmoud Khaled Samir Yusuf Ibrahim Anas Firas Rami|Rania Layla Noor Hala Maryam Sara Zahra Amal Reem",
    ),
    (
        "Ramdin,Ramdas,Wijdenbosch,Sitaram,Jagroep,Soekarno,Pinas,Bihari,Autar,Biharie,Mohan,Kartodikromo,Tjin A Tsoi,Mahabier",
        "Orlando Rishi Ravi Stanley Dennis Kenneth Romeo Vikash Anil|Priya Anjali Sharda Melissa Chantal Wanda Radha Naomi Indra",
    ),
];
/// Sounds of which further names from elsewhere are made, in the order of [`FOREIGN`].
const SOUNDS: [&str; 5] = [
    "ab ou az ha ma zi dri ben ka lou ri sa ya dou ghi",
    "oğ yıl çe ka dağ tü er gü be şen ak bal taş ko",
    "ko wa le szy mu ziel ja cho gra brze now pio ryb",
    "al ha ma sa kha ra di far na ze mu ba sha lim",
    "ram ba da so wi man ka je si ga pa to ran har",
];

fn made(rng: &mut impl Rng, origin: Origin, end: &str) -> String {
    let sounds = SOUNDS[origin as usize - 1];
    let n = rng.gen_range(2..=3);
    let text: String = (0..n).map(|_| any(rng, sounds)).collect::<String>() + end;
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Official name, then names that people with it go by.
const OFFICIAL_MEN: &str = "Johannes=Jan,Hans,Johan,Joop Cornelis=Kees,Cor,Cees Hendrikus=Henk,Hein,Rik Wilhelmus=Wim,Willem,Pim \
    Petrus=Piet,Peter,Pieter Jacobus=Jaap,Koos,Sjaak Gerardus=Gerard,Gerrit,Geert Antonius=Ton,Toon,Anton Theodorus=Theo,Dorus \
    Franciscus=Frans,Frank,Cis Martinus=Martin,Tinus Adrianus=Ad,Arie,Adriaan Lambertus=Bert,Lambert Nicolaas=Nico,Klaas \
    Leonardus=Leo,Leon Mattheus=Thijs,Matthieu Bernardus=Ben,Bernard Albertus=Bert,Albert,Ab Josephus=Jos,Joep";
const OFFICIAL_WOMEN: &str = "Johanna=Joke,Annie,Hanna,Jo Maria=Marie,Mia,Ria,Marijke Cornelia=Corrie,Cor,Nel Elisabeth=Liesbeth,Betty,Els \
    Margaretha=Gre,Greet,Margriet Wilhelmina=Willy,Mien,Mina Catharina=Toos,Tineke,Karin Hendrika=Riek,Henny,Rika Anna=Anneke,Annie,Ans \
    Jacoba=Coby,Ko Petronella=Nel,Petra Adriana=Jaan,Adrie,Ada Gerarda=Gerda,Gea Helena=Leni,Helen,Lenie Theodora=Dora,Thea \
    Antonia=Toni,Tonnie Geertruida=Truus,Geertje Alida=Ali,Lida";
const MODERN: [&str; 2] = [
    "Daan Sem Lucas Levi Finn Noah Milan Luuk Bram Thijs Tom Niels Bas Tijn Roy Wouter Jordy Stef Ruben Jesse Lars Max Thomas Julian Sven Koen \
     Stijn Gijs Timo Mees James Dex Sam Hugo Rick Mark Jeroen Erik Rob Dennis Patrick Martijn Maarten Sander Bart Joost Dirk Rein",
    "Emma Julia Sophie Lotte Sara Lisa Tess Eva Anouk Femke Fleur Demi Noor Manon Maaike Isa Lieke Saar Liv Evi Zoë Mila Nora Fenna Roos Jolanda \
     Ingrid Monique Denise Nicole Marjolein Sandra Esther Linda Mariska Inge Wendy Suzanne Joëlle Chloé Merel Ilse Britt",
];
const STARTS: &str = "Jan Wil Ger Hen Cor Mar An Ari Ben Ro Lie Mi Ka Do Si Te Re Jo El Fe Ne Wi Bri Sta Tju Hil Ger Bau Sjo Ymk Frou Wie";
const ENDS: [&str; 2] = [
    "bert dert rik ko mer wout brand tijn nand mo lof win nard to fried",
    "nie tine lina dine tje ke ria lies anne ette ina wine elle ana",
];

fn zipf<'a>(rng: &mut impl Rng, words: &[&'a str], power: f64) -> &'a str {
    let n = words.len() as f64;
    let place = (n + 1.0).powf(rng.r#gen::<f64>().powf(1.0 / power.max(0.1))) - 1.0;
    words[(place as usize).min(words.len() - 1)]
}

fn any<'a>(rng: &mut impl Rng, text: &'a str) -> &'a str {
    let words: Vec<&str> = text.split_whitespace().collect();
    words[rng.gen_range(0..words.len())]
}

/// Draws by weight.
pub(crate) fn weighted<T: Copy>(rng: &mut impl Rng, from: &[(T, f64)]) -> T {
    let mut rest = rng.r#gen::<f64>() * from.iter().map(|(_, w)| w).sum::<f64>();
    for (item, weight) in from {
        rest -= weight;
        if rest < 0.0 {
            return *item;
        }
    }
    from[from.len() - 1].0
}

/// Prefix and stem.
pub(crate) fn surname(rng: &mut impl Rng, origin: Origin) -> (String, String) {
    if origin != Origin::Dutch {
        if rng.gen_bool(0.6) {
            let end = ["i", "er", "ski", "a", "oe"][origin as usize - 1];
            let start = if matches!(origin, Origin::Maghreb | Origin::Levant) && rng.gen_bool(0.4) {
                ["El ", "Al "][usize::from(origin == Origin::Levant)]
            } else {
                ""
            };
            return (String::new(), format!("{start}{}", made(rng, origin, end)));
        }
        let names: Vec<&str> = FOREIGN[origin as usize - 1].0.split(',').collect();
        return (String::new(), zipf(rng, &names, 1.3).to_owned());
    }
    let prefix = weighted(rng, &PREFIXES);
    let stem = match rng.r#gen::<f64>() {
        x if x < 0.20 => {
            let words: Vec<&str> = COMMON.split_whitespace().collect();
            zipf(rng, &words, 1.2).to_owned()
        }
        x if x < 0.55 => format!("{}{}", any(rng, STEMS), any(rng, TAILS)),
        _ => format!(
            "{}{}{}",
            any(rng, STEMS),
            any(rng, STEMS).to_lowercase(),
            any(rng, TAILS)
        ),
    };
    (prefix.to_owned(), stem)
}

/// Official given names.
pub(crate) fn given(rng: &mut impl Rng, origin: Origin, woman: bool, born: i32) -> String {
    let n = weighted(rng, &[(1, 0.55), (2, 0.33), (3, 0.12)]);
    let names: Vec<String> = (0..n).map(|_| one(rng, origin, woman, born)).collect();
    names.join(" ")
}

fn one(rng: &mut impl Rng, origin: Origin, woman: bool, born: i32) -> String {
    let side = usize::from(woman);
    if origin != Origin::Dutch {
        if rng.gen_bool(0.4) {
            return made(rng, origin, if woman { "a" } else { "" });
        }
        let list = FOREIGN[origin as usize - 1]
            .1
            .split('|')
            .nth(side)
            .unwrap_or_default();
        let words: Vec<&str> = list.split_whitespace().collect();
        return zipf(rng, &words, 1.4).to_owned();
    }
    if rng.gen_bool(0.35) {
        return format!("{}{}", any(rng, STARTS), any(rng, ENDS[side]));
    }
    if rng.gen_bool(if born < 1965 {
        0.75
    } else if born < 1990 {
        0.35
    } else {
        0.08
    }) {
        let list = if woman { OFFICIAL_WOMEN } else { OFFICIAL_MEN };
        let words: Vec<&str> = list.split_whitespace().collect();
        let name = zipf(rng, &words, 1.2);
        return name.split('=').next().unwrap_or(name).to_owned();
    }
    let words: Vec<&str> = MODERN[side].split_whitespace().collect();
    zipf(rng, &words, 1.1).to_owned()
}

/// A name somebody with this official name goes by.
pub(crate) fn nickname(rng: &mut impl Rng, official: &str) -> Option<String> {
    let entry = OFFICIAL_MEN
        .split_whitespace()
        .chain(OFFICIAL_WOMEN.split_whitespace())
        .find(|entry| entry.split('=').next() == Some(official))?;
    let short: Vec<&str> = entry.split('=').nth(1)?.split(',').collect();
    Some(zipf(rng, &short, 1.2).to_owned())
}
