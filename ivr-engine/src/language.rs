//! Which language a prompt is said in that does not have the one that is wanted.

/// The one of `available` that comes next to what is wanted: for each wanted tag in turn that very tag, then a shorter one
/// (`de` for `de-CH`), then the first in alphabetical order of the same language (`de-AT` for `de-CH`). None when no wanted
/// one has any: then the first in alphabetical order is as good as another. Case does not count.
///
/// `wanted` is what the prompt was asked for in, and then the flow's own language.
pub fn pick_language<'a>(available: impl IntoIterator<Item = &'a str>, wanted: &[&str]) -> Option<&'a str> {
    let mut available: Vec<&str> = available.into_iter().collect();
    available.sort_unstable();
    wanted.iter().find_map(|wanted| {
        let mut tag = *wanted;
        loop {
            if let Some(found) = available.iter().find(|known| known.eq_ignore_ascii_case(tag)) {
                return Some(*found);
            }
            let Some((shorter, _)) = tag.rsplit_once('-') else { break };
            tag = shorter;
        }
        let same =
            |known: &&&str| known.split('-').next().is_some_and(|first| first.eq_ignore_ascii_case(tag));
        available.iter().find(same).copied()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_language_is_taken_and_else_the_flows() {
        let has = ["en-US", "de-AT", "de", "fr-CA"];
        for (wanted, picked) in [
            (vec!["de-AT"], Some("de-AT")),
            (vec!["DE-at"], Some("de-AT")),
            (vec!["de-CH"], Some("de")),
            (vec!["fr-FR"], Some("fr-CA")),
            (vec!["es-ES", "en-GB"], Some("en-US")),
            (vec!["es-ES"], None),
        ] {
            assert_eq!(pick_language(has, &wanted), picked, "{wanted:?}");
        }
        assert_eq!(pick_language(["de-LI", "de-AT"], &["de-CH"]), Some("de-AT"));
    }
}
