//! Which country a number belongs to: by its calling code, and by more digits where several countries share one.
//!
//! Source: ITU-T E.164 assigned codes, the plan of +1 (NANPA), and libphonenumber's leading digits for the other shared
//! codes. A mobile number of an island that shares its code with another country is told apart only where its digits do.

/// E.164: a number has at most fifteen digits; the shortest ones have seven.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The country that a number belongs to (ISO 3166-1, two capitals, and XK); `None` of an address that is no number, or of
/// a number that belongs to no country.
pub fn country_of(address: &str) -> Option<&'static str> {
    let digits = address.strip_prefix('+')?;
    if !DIGITS.contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fitting = |beginnings: &str| {
        let fits = beginnings.split(' ').filter(|beginning| digits.starts_with(beginning));
        fits.map(str::len).max().unwrap_or_default()
    };
    let (length, country) = COUNTRIES
        .iter()
        .map(|(country, beginnings)| (fitting(beginnings), *country))
        .max_by_key(|(length, _)| *length)?;
    (length > fitting(NO_COUNTRY)).then_some(country)
}

/// Whether there is a country of this code that has numbers.
pub fn is_country(code: &str) -> bool {
    COUNTRIES.iter().any(|(country, _)| *country == code)
}

/// Free, personal and dear numbers of all countries of +1.
const NO_COUNTRY: &str = "1500 1521 1522 1523 1524 1525 1526 1527 1528 1529 1532 1533 1544 1566 1577 1588 1700 1800 1833 \
                          1844 1855 1866 1877 1888 1900";

/// Countries, and how their numbers begin; the longest beginning that fits decides.
#[rustfmt::skip]
const COUNTRIES: [(&str, &str); 243] = [
    ("AC", "247"), ("AD", "376"), ("AE", "971"), ("AF", "93"), ("AG", "1268"), ("AI", "1264"),
    ("AL", "355"), ("AM", "374"), ("AO", "244"), ("AR", "54"), ("AS", "1684"), ("AT", "43"), ("AU", "61"),
    ("AW", "297"), ("AX", "35818"), ("AZ", "994"), ("BA", "387"), ("BB", "1246"), ("BD", "880"),
    ("BE", "32"), ("BF", "226"), ("BG", "359"), ("BH", "973"), ("BI", "257"), ("BJ", "229"), ("BM", "1441"),
    ("BN", "673"), ("BO", "591"), ("BQ", "5993 5994 5997"), ("BR", "55"), ("BS", "1242"), ("BT", "975"),
    ("BW", "267"), ("BY", "375"), ("BZ", "501"),
    (
        "CA",
        "1204 1226 1236 1249 1250 1257 1263 1289 1306 1343 1354 1365 1367 1368 1382 1403 1416 1418 \
         1428 1431 1437 1438 1450 1468 1474 1506 1514 1519 1548 1579 1581 1584 1587 1600 1604 1613 \
         1622 1633 1639 1647 1672 1683 1705 1709 1742 1753 1778 1780 1782 1807 1819 1825 1867 1873 \
         1879 1902 1905 1942",
    ),
    ("CC", "6189162"), ("CD", "243"), ("CF", "236"), ("CG", "242"), ("CH", "41"), ("CI", "225"),
    ("CK", "682"), ("CL", "56"), ("CM", "237"), ("CN", "86"), ("CO", "57"), ("CR", "506"), ("CU", "53"),
    ("CV", "238"), ("CW", "599"), ("CX", "6189164"), ("CY", "357"), ("CZ", "420"), ("DE", "49"),
    ("DJ", "253"), ("DK", "45"), ("DM", "1767"), ("DO", "1809 1829 1849"), ("DZ", "213"), ("EC", "593"),
    ("EE", "372"), ("EG", "20"), ("EH", "2125288 2125289"), ("ER", "291"), ("ES", "34"), ("ET", "251"),
    ("FI", "358"), ("FJ", "679"), ("FK", "500"), ("FM", "691"), ("FO", "298"), ("FR", "33"), ("GA", "241"),
    ("GB", "44"), ("GD", "1473"), ("GE", "995"), ("GF", "594"), ("GG", "441481 447781 447839 447911"),
    ("GH", "233"), ("GI", "350"), ("GL", "299"), ("GM", "220"), ("GN", "224"), ("GP", "590"), ("GQ", "240"),
    ("GR", "30"), ("GT", "502"), ("GU", "1671"), ("GW", "245"), ("GY", "592"), ("HK", "852"), ("HN", "504"),
    ("HR", "385"), ("HT", "509"), ("HU", "36"), ("ID", "62"), ("IE", "353"), ("IL", "972"),
    ("IM", "441624 4474576 447524 447624 447924"), ("IN", "91"), ("IO", "246"), ("IQ", "964"), ("IR", "98"),
    ("IS", "354"), ("IT", "39"), ("JE", "441534 447509 447700 447797 447829 447937"), ("JM", "1658 1876"),
    ("JO", "962"), ("JP", "81"), ("KE", "254"), ("KG", "996"), ("KH", "855"), ("KI", "686"), ("KM", "269"),
    ("KN", "1869"), ("KP", "850"), ("KR", "82"), ("KW", "965"), ("KY", "1345"), ("KZ", "77"), ("LA", "856"),
    ("LB", "961"), ("LC", "1758"), ("LI", "423"), ("LK", "94"), ("LR", "231"), ("LS", "266"), ("LT", "370"),
    ("LU", "352"), ("LV", "371"), ("LY", "218"), ("MA", "212"), ("MC", "377"), ("MD", "373"), ("ME", "382"),
    ("MG", "261"), ("MH", "692"), ("MK", "389"), ("ML", "223"), ("MM", "95"), ("MN", "976"), ("MO", "853"),
    ("MP", "1670"), ("MQ", "596"), ("MR", "222"), ("MS", "1664"), ("MT", "356"), ("MU", "230"),
    ("MV", "960"), ("MW", "265"), ("MX", "52"), ("MY", "60"), ("MZ", "258"), ("NA", "264"), ("NC", "687"),
    ("NE", "227"), ("NF", "672"), ("NG", "234"), ("NI", "505"), ("NL", "31"), ("NO", "47"), ("NP", "977"),
    ("NR", "674"), ("NU", "683"), ("NZ", "64"), ("OM", "968"), ("PA", "507"), ("PE", "51"), ("PF", "689"),
    ("PG", "675"), ("PH", "63"), ("PK", "92"), ("PL", "48"), ("PM", "508"), ("PR", "1787 1939"),
    ("PS", "970"), ("PT", "351"), ("PW", "680"), ("PY", "595"), ("QA", "974"), ("RE", "262"), ("RO", "40"),
    ("RS", "381"), ("RU", "7"), ("RW", "250"), ("SA", "966"), ("SB", "677"), ("SC", "248"), ("SD", "249"),
    ("SE", "46"), ("SG", "65"), ("SH", "290"), ("SI", "386"), ("SJ", "4779"), ("SK", "421"), ("SL", "232"),
    ("SM", "378"), ("SN", "221"), ("SO", "252"), ("SR", "597"), ("SS", "211"), ("ST", "239"), ("SV", "503"),
    ("SX", "1721"), ("SY", "963"), ("SZ", "268"), ("TA", "2908"), ("TC", "1649"), ("TD", "235"),
    ("TG", "228"), ("TH", "66"), ("TJ", "992"), ("TK", "690"), ("TL", "670"), ("TM", "993"), ("TN", "216"),
    ("TO", "676"), ("TR", "90"), ("TT", "1868"), ("TV", "688"), ("TW", "886"), ("TZ", "255"), ("UA", "380"),
    ("UG", "256"), ("US", "1"), ("UY", "598"), ("UZ", "998"), ("VA", "3906698"), ("VC", "1784"),
    ("VE", "58"), ("VG", "1284"), ("VI", "1340"), ("VN", "84"), ("VU", "678"), ("WF", "681"), ("WS", "685"),
    ("XK", "383"), ("YE", "967"), ("YT", "262269 262639 2627093"), ("ZA", "27"), ("ZM", "260"),
    ("ZW", "263"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calling_code_says_the_country() {
        let table = [
            ("+4930123456", "DE"),
            ("+41446681800", "CH"),
            ("+420224811111", "CZ"),
            ("+2908123", "TA"),
            ("+29022158", "SH"),
        ];
        for (number, country) in table {
            assert_eq!(country_of(number), Some(country), "{number}");
        }
    }

    #[test]
    fn countries_that_share_a_code_are_told_apart() {
        let table = [
            ("+12025550199", "US"),
            ("+16137827274", "CA"),
            ("+18765551234", "JM"),
            ("+79161234567", "RU"),
            ("+77011234567", "KZ"),
            ("+442079460000", "GB"),
            ("+441481960194", "GG"),
            ("+447797712345", "JE"),
            ("+390698412345", "IT"),
            ("+390669812345", "VA"),
            ("+59994351234", "CW"),
            ("+5997151234", "BQ"),
            ("+262639012345", "YT"),
            ("+262262161234", "RE"),
        ];
        for (number, country) in table {
            assert_eq!(country_of(number), Some(country), "{number}");
        }
    }

    #[test]
    fn what_is_no_number_of_a_country_has_none() {
        for nobody in [
            "anonymous",
            "client:ann",
            "",
            "+",
            "+1",
            "266696687",
            "+80012340000",
            "+18005550199",
            "+49 30 1",
        ] {
            assert_eq!(country_of(nobody), None, "{nobody}");
        }
        assert!(is_country("DE") && !is_country("de") && !is_country("ZZ") && !is_country(""));
    }

    #[test]
    fn each_country_stands_once_and_no_beginning_twice() {
        let mut beginnings: Vec<&str> = COUNTRIES.iter().flat_map(|(_, all)| all.split(' ')).collect();
        beginnings.extend(NO_COUNTRY.split(' '));
        let all = beginnings.len();
        beginnings.sort_unstable();
        beginnings.dedup();
        assert_eq!(beginnings.len(), all);
        assert!(COUNTRIES.windows(2).all(|two| two[0].0 < two[1].0), "in order, so that each stands once");
        assert!(beginnings.iter().all(|beginning| beginning.bytes().all(|byte| byte.is_ascii_digit())));
    }
}
