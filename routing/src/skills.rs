//! What entries require and which agents' places meet it.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::bits::Bits;
use crate::{Entry, SkillId};

/// The skills that an entry asks for, in one form: by skill, each once, at its highest level. Entries of one
/// queue with the same requirement stand in one bucket, for whoever may take one may take the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Requirement(Arc<[(SkillId, u8)]>);

impl Requirement {
    pub(crate) fn at(entry: &Entry, now: DateTime<Utc>) -> Self {
        let mut skills = entry.skills_at(now).to_vec();
        skills.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        skills.dedup_by_key(|(skill, _)| *skill);
        Self(skills.into())
    }

    pub(crate) fn skills(&self) -> &[(SkillId, u8)] {
        &self.0
    }

    /// Whether somebody with these skills can do all of it.
    pub(crate) fn is_met_by(&self, skills: &BTreeMap<SkillId, u8>) -> bool {
        self.unmet(skills).next().is_none()
    }

    /// The skills that are missing or below their level.
    pub(crate) fn unmet<'a>(
        &'a self,
        skills: &'a BTreeMap<SkillId, u8>,
    ) -> impl Iterator<Item = (SkillId, u8)> + 'a {
        let met = |skill, least| skills.get(skill).is_some_and(|level| level >= least);
        self.0.iter().filter(move |(skill, least)| !met(skill, least)).copied()
    }
}

/// So that a map by requirement can be searched from "begins with this skill" on.
impl Borrow<[(SkillId, u8)]> for Requirement {
    fn borrow(&self) -> &[(SkillId, u8)] {
        &self.0
    }
}

/// Who can what: for each skill and level the places of the agents who have it at just that level.
#[derive(Clone, Debug, Default)]
pub(crate) struct SkillBook(HashMap<SkillId, BTreeMap<u8, Bits>>);

impl SkillBook {
    pub(crate) fn insert(&mut self, place: usize, skills: &BTreeMap<SkillId, u8>) {
        for (skill, level) in skills {
            self.0.entry(*skill).or_default().entry(*level).or_default().insert(place);
        }
    }

    pub(crate) fn remove(&mut self, place: usize, skills: &BTreeMap<SkillId, u8>) {
        for (skill, level) in skills {
            let Some(levels) = self.0.get_mut(skill) else { continue };
            if let Some(bits) = levels.get_mut(level) {
                bits.remove(place);
                if bits.is_empty() {
                    levels.remove(level);
                }
            }
            if levels.is_empty() {
                self.0.remove(skill);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves in `places` those whose agents meet the requirement.
    pub(crate) fn retain(&self, places: &mut Bits, requirement: &Requirement) {
        let mut able = Bits::default();
        for (skill, least) in requirement.skills() {
            able.clear();
            for bits in self.0.get(skill).into_iter().flat_map(|levels| levels.range(least..)) {
                able.add_all(bits.1);
            }
            places.keep_in(&able);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::{EntryId, EntryState, QueueId};

    fn skill(n: u128) -> SkillId {
        SkillId(Uuid::from_u128(n))
    }

    fn requirement(skills: &[(SkillId, u8)]) -> Requirement {
        let entry = Entry {
            id: EntryId(Uuid::nil()),
            queue: QueueId(Uuid::nil()),
            priority: 0,
            entered_at: DateTime::UNIX_EPOCH,
            age_credit: Duration::ZERO,
            skills: skills.to_vec(),
            relaxations: Vec::new(),
            preferred: None,
            ring_all_from: None,
            state: EntryState::Waiting,
            declined_by: Vec::new(),
        };
        Requirement::at(&entry, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_requirement_is_the_same_in_whatever_order_it_is_told() {
        let (french, sales) = (skill(1), skill(2));
        assert_eq!(requirement(&[(sales, 1), (french, 3)]), requirement(&[(french, 3), (sales, 1)]));
    }

    #[test]
    fn a_skill_named_twice_asks_for_the_higher_level() {
        assert_eq!(requirement(&[(skill(1), 2), (skill(1), 4), (skill(1), 3)]).skills(), [(skill(1), 4)]);
    }

    #[test]
    fn the_book_keeps_those_who_have_every_skill_at_its_level_or_better() {
        let (french, sales) = (skill(1), skill(2));
        let agents = [
            BTreeMap::from([(french, 3), (sales, 1)]),
            BTreeMap::from([(french, 2), (sales, 5)]),
            BTreeMap::from([(french, 255), (sales, 2)]),
            BTreeMap::from([(sales, 5)]),
        ];
        let mut book = SkillBook::default();
        let mut everybody = Bits::default();
        for (place, skills) in agents.iter().enumerate() {
            book.insert(place, skills);
            everybody.insert(place);
        }
        for asked in
            [vec![], vec![(french, 3)], vec![(french, 3), (sales, 2)], vec![(sales, 0)], vec![(skill(9), 0)]]
        {
            let asked = requirement(&asked);
            let mut met = everybody.clone();
            book.retain(&mut met, &asked);
            let expected: Vec<_> =
                (0..agents.len()).filter(|place| asked.is_met_by(&agents[*place])).collect();
            assert_eq!(met.iter().collect::<Vec<_>>(), expected, "{asked:?}");
        }
    }

    #[test]
    fn a_book_that_everybody_left_is_empty() {
        let skills = BTreeMap::from([(skill(1), 3), (skill(2), 1)]);
        let mut book = SkillBook::default();
        book.insert(7, &skills);
        book.remove(7, &skills);
        assert!(book.is_empty());
    }
}
