//! A set of small numbers (the index's places for agents) as bits, so that "free in this queue and French and
//! level three" is a handful of word operations over thousands of agents.

/// A growing set of places. Words beyond the end read as empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn insert(&mut self, place: usize) {
        let word = place / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (place % 64);
    }

    pub(crate) fn remove(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word &= !(1 << (place % 64));
        }
    }

    pub(crate) fn contains(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Becomes a copy of `other`, keeping its own memory.
    pub(crate) fn copy_from(&mut self, other: &Bits) {
        self.0.clone_from(&other.0);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn add_all(&mut self, other: &Bits) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    /// Keeps only the places that are in `other` too.
    pub(crate) fn keep_in(&mut self, other: &Bits) {
        self.0.truncate(other.0.len());
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
    }

    /// Its places, smallest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let place = at * 64 + rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    place
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    fn bits(places: &[usize]) -> Bits {
        let mut bits = Bits::default();
        places.iter().for_each(|place| bits.insert(*place));
        bits
    }

    #[test]
    fn a_set_gives_back_its_places_in_order_across_words() {
        let set = bits(&[200, 0, 63, 64, 5]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 5, 63, 64, 200]);
        assert_eq!(set.len(), 5);
    }

    #[test]
    fn a_removed_place_is_gone_and_one_beyond_the_end_was_never_there() {
        let mut set = bits(&[7]);
        set.remove(7);
        set.remove(9_999);
        assert!(set.is_empty() && !set.contains(7) && !set.contains(9_999));
    }

    #[test]
    fn sets_of_different_lengths_are_united_and_cut() {
        let (short, long) = (bits(&[1, 2]), bits(&[2, 70, 500]));
        for (mut one, other) in [(short.clone(), &long), (long.clone(), &short)] {
            let mut both = one.clone();
            both.add_all(other);
            assert_eq!(both.iter().collect::<Vec<_>>(), [1, 2, 70, 500]);
            one.keep_in(other);
            assert_eq!(one.iter().collect::<Vec<_>>(), [2]);
        }
    }
}
