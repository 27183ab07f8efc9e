//! Whether a request's secrets are there whatever way the call comes.
//!
//! A secret is there from the port `collected` of a `secureDigits` node until the next request. What is surely there at a
//! node is what is there on every path to it; the greatest solution of that is found by going round until nothing changes,
//! which is soon, since sets only shrink.

use std::collections::BTreeMap;

use super::{Checker, Draft, pointer};
use crate::node::Kind;
use crate::{FindingCode, limits};

/// A set of secrets, by number.
type Set = u64;

pub(super) fn check(start: &str, drafts: &BTreeMap<String, Draft>, checker: &mut Checker) {
    let mut names: Vec<&str> = drafts.values().filter_map(|draft| set_by(draft)).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() > limits::SECRETS {
        let message = format!("{} different secrets; {} are allowed", names.len(), limits::SECRETS);
        checker.error(FindingCode::TooLarge, "/nodes", message);
        return;
    }
    let number = |name: &str| names.iter().position(|known| *known == name);

    // What is surely there when the call comes to a node; absent while no path has been found.
    let mut there: BTreeMap<&str, Set> = BTreeMap::from([(start, 0)]);
    let mut open = vec![start];
    while let Some(id) = open.pop() {
        let (Some(draft), Some(&before)) = (drafts.get(id), there.get(id)) else { continue };
        for (port, next) in draft.taken() {
            let after = match &draft.kind {
                Some(Kind::SecureDigits(secure)) if port == "collected" => {
                    before | number(&secure.name).map_or(0, |number| 1 << number)
                }
                // They are handed to one request; and another flow may make one.
                Some(Kind::Request(_) | Kind::Subflow(_)) => 0,
                Some(_) | None => before,
            };
            let known = there.get(next).copied();
            let surely = known.map_or(after, |known| known & after);
            if known != Some(surely) {
                there.insert(next, surely);
                open.push(next);
            }
        }
    }

    for (id, draft) in drafts {
        let (Some(Kind::Request(request)), Some(&there)) = (&draft.kind, there.get(id.as_str())) else {
            continue;
        };
        for name in &request.secrets {
            if number(name).is_some_and(|number| there & (1 << number) != 0) {
                continue;
            }
            checker.node = Some(limits::cut(id, limits::NAME_BYTES).to_owned());
            let message = format!(
                "a call can come here without having been asked for `secret.{}` since the last request; ask for it on \
                 every way here",
                limits::cut(name, 64)
            );
            checker.error(FindingCode::SecretNotSet, pointer("/nodes", id), message);
        }
    }
    checker.node = None;
}

fn set_by(draft: &Draft) -> Option<&str> {
    match &draft.kind {
        Some(Kind::SecureDigits(secure)) => Some(&secure.name),
        Some(_) | None => None,
    }
}
