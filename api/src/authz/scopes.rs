//! What a key may at most: a set of permissions.

use super::permission::NAMES;

const _: () = assert!(NAMES.len() <= 128, "each permission has a bit");

/// Permissions, as bits by their place in [`NAMES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u128);

impl Scopes {
    /// What is no permission, or no longer, is in no set.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let place = |name: &str| NAMES.iter().position(|known| *known == name);
        Self(names.into_iter().filter_map(place).fold(0, |set, place| set | 1 << place))
    }

    pub fn include(self, permission: &str) -> bool {
        let place = NAMES.iter().position(|known| *known == permission);
        place.is_some_and(|place| self.0 & 1 << place != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_into_it_and_nothing_else() {
        let scopes = Scopes::of(["calls:read", "no:such"]);
        let has: Vec<_> = NAMES.iter().filter(|name| scopes.include(name)).collect();
        assert_eq!(has, [&"calls:read"]);
        assert!(!scopes.include("no:such"));
    }
}
