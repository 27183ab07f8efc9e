//! The shape of a flow: can everything be reached, does everything end, does anything run in a circle.

use std::collections::BTreeMap;

use super::{Checker, Draft, pointer};
use crate::node::Kind;
use crate::node_type::Way;
use crate::{FindingCode, FlowKind, NodeType, Severity, limits};

/// Nodes by number, so that a thousand of them are no trouble; edges only to nodes that exist.
struct Graph<'a> {
    ids: Vec<&'a str>,
    drafts: Vec<&'a Draft>,
    edges: Vec<Vec<usize>>,
}

pub(super) fn check(start: &str, drafts: &BTreeMap<String, Draft>, checker: &mut Checker) {
    let numbers: BTreeMap<&str, usize> =
        drafts.keys().enumerate().map(|(number, id)| (id.as_str(), number)).collect();
    let graph = Graph {
        ids: drafts.keys().map(String::as_str).collect(),
        drafts: drafts.values().collect(),
        edges: drafts
            .values()
            .map(|draft| draft.taken().filter_map(|(_, id)| numbers.get(id).copied()).collect())
            .collect(),
    };
    let Some(&start) = numbers.get(start) else { return };

    let reachable = graph.reach(&[start], &graph.edges);
    for number in (0..graph.ids.len()).filter(|number| !reachable[*number]) {
        if graph.kind(number).is_some_and(|kind| kind.node_type() == NodeType::Note) {
            continue;
        }
        graph.at(number, checker);
        let at = pointer("/nodes", graph.ids[number]);
        checker.warning(
            FindingCode::Unreachable,
            at,
            "no path from the start leads here; connect a port to it, or take it out",
        );
    }
    graph.check_disabled(&reachable, checker);
    match checker.kind {
        FlowKind::Call => graph.check_ends(start, &reachable, checker),
        FlowKind::Wait | FlowKind::Hold => graph.check_silence(start, checker),
        FlowKind::Whisper => {}
    }
    graph.check_circles(&reachable, checker);
    checker.node = None;
}

impl Graph<'_> {
    fn at(&self, number: usize, checker: &mut Checker) {
        checker.node = Some(limits::cut(self.ids[number], limits::NAME_BYTES).to_owned());
    }

    fn kind(&self, number: usize) -> Option<&Kind> {
        self.drafts[number].kind.as_ref()
    }

    fn way(&self, number: usize) -> Option<Way> {
        self.kind(number).map(Kind::way)
    }

    fn reach(&self, from: &[usize], edges: &[Vec<usize>]) -> Vec<bool> {
        let mut seen = vec![false; self.ids.len()];
        let mut open = from.to_vec();
        for number in from {
            seen[*number] = true;
        }
        while let Some(number) = open.pop() {
            for next in &edges[number] {
                if !seen[*next] {
                    seen[*next] = true;
                    open.push(*next);
                }
            }
        }
        seen
    }

    fn check_disabled(&self, reachable: &[bool], checker: &mut Checker) {
        for number in (0..self.ids.len()).filter(|number| reachable[*number]) {
            let Some(Kind::Disabled(disabled)) = self.kind(number) else { continue };
            self.at(number, checker);
            let at = pointer("/nodes", self.ids[number]);
            let reason = limits::cut(&disabled.reason, 300);
            if self.drafts[number].next.contains_key("next") {
                let message =
                    format!("a call that comes here goes on by `next`, and nothing is done: {reason}");
                checker.warning(FindingCode::Disabled, at, message);
            } else {
                let message = format!(
                    "a call can come here, and could not go on: {reason}. Replace the node, or connect `next`"
                );
                checker.add(Severity::Error, FindingCode::Disabled, Some("next"), &at, message);
            }
        }
    }

    /// A node that could not be read may have been an end, and one that could not be translated too.
    fn check_ends(&self, start: usize, reachable: &[bool], checker: &mut Checker) {
        let may_end = |number: &usize| match self.kind(*number) {
            None => true,
            Some(Kind::Disabled(_)) => self.edges[*number].is_empty(),
            Some(kind) => kind.way().ends(),
        };
        let ends: Vec<usize> = (0..self.ids.len()).filter(may_end).collect();
        let mut backwards = vec![Vec::new(); self.ids.len()];
        for (number, edges) in self.edges.iter().enumerate() {
            for next in edges {
                backwards[*next].push(number);
            }
        }
        let ending = self.reach(&ends, &backwards);
        if !ending[start] {
            self.at(start, checker);
            let message = "no path leads to an end; lead one to a queue, a transfer, a message or a hang-up";
            checker.error(FindingCode::NoWayToAnEnd, "/start", message);
            return;
        }
        for number in (0..self.ids.len()).filter(|number| reachable[*number] && !ending[*number]) {
            self.at(number, checker);
            let message =
                "from here no path leads to an end; lead one to a queue, a transfer, a message or a hang-up";
            checker.warning(FindingCode::NoWayToAnEnd, pointer("/nodes", self.ids[number]), message);
        }
    }

    /// What begins anew at its end has to take time, or it begins anew again and again.
    fn check_silence(&self, start: usize, checker: &mut Checker) {
        let is_heard = |number: usize| {
            self.kind(number).is_none_or(|kind| kind.way().waits() || matches!(kind, Kind::Sound(_)))
        };
        let unheard: Vec<Vec<usize>> = self
            .edges
            .iter()
            .enumerate()
            .map(|(number, next)| if is_heard(number) { Vec::new() } else { next.clone() })
            .collect();
        let silent = self.reach(&[start], &unheard);
        let at_its_end = |number: &usize| {
            !is_heard(*number)
                && self.kind(*number).is_some_and(|kind| {
                    kind.way() != Way::Ends
                        && kind.left_by().iter().any(|port| !self.drafts[*number].next.contains_key(port))
                })
        };
        if let Some(number) = (0..self.ids.len()).filter(|number| silent[*number]).find(at_its_end) {
            self.at(number, checker);
            let message = "a call can come to the end here without having heard anything, and the flow begins anew at \
                           once; say or play something on the way";
            checker.warning(FindingCode::SilentRound, pointer("/nodes", self.ids[number]), message);
        }
    }

    /// Circles among the nodes at which the call does not wait. One that has no condition in it turns for ever; one that
    /// has may be left in time, and one with a `loop` node is, if it is short enough. A long chain of such nodes is as bad
    /// as a circle.
    fn check_circles(&self, reachable: &[bool], checker: &mut Checker) {
        let without = |left_out: fn(&Kind) -> bool| -> Vec<Vec<usize>> {
            let runs: Vec<bool> = (0..self.ids.len())
                .map(|number| self.kind(number).is_some_and(|kind| !left_out(kind)))
                .collect();
            let edges = self.edges.iter().enumerate().map(|(number, next)| {
                if runs[number] {
                    next.iter().copied().filter(|next| runs[*next]).collect()
                } else {
                    Vec::new()
                }
            });
            edges.collect()
        };
        let edges = without(|kind| kind.way().waits() || matches!(kind, Kind::Loop { .. }));
        for circle in components(&edges) {
            let first = circle[0];
            if reachable[first] && (circle.len() > 1 || edges[first].contains(&first)) {
                self.tell_circle(&circle, checker);
            }
        }
        let edges = without(|kind| kind.way().waits());
        for circle in components(&edges).into_iter().filter(|circle| circle.len() > 1) {
            self.check_rounds(&circle, reachable, checker);
        }
        self.check_length(&without(|kind| kind.way().stops()), reachable, checker);
    }

    fn tell_circle(&self, circle: &[usize], checker: &mut Checker) {
        self.at(circle[0], checker);
        let at = pointer("/nodes", self.ids[circle[0]]);
        let names = self.names(circle);
        let decides = circle.iter().any(|number| self.way(*number).is_some_and(Way::decides));
        let leaves =
            circle.iter().any(|number| self.edges[*number].iter().any(|next| !circle.contains(next)));
        if decides && leaves {
            let message = format!(
                "these nodes can lead in a circle without asking the caller: {names}; ask him something in it, or put a \
                 `loop` into it"
            );
            checker.warning(FindingCode::LoopWithoutInput, at, message);
        } else {
            let message = format!(
                "these nodes lead in a circle and never ask the caller: {names}; ask him something in it, or lead out of it"
            );
            checker.error(FindingCode::LoopWithoutInput, at, message);
        }
    }

    /// A circle through a `loop` node turns as often as it says, all within one step when nothing else stops it.
    fn check_rounds(&self, circle: &[usize], reachable: &[bool], checker: &mut Checker) {
        let rounds = circle.iter().filter_map(|number| match self.kind(*number) {
            Some(Kind::Loop { times }) => usize::try_from(*times).ok(),
            _ => None,
        });
        let Some(rounds) = rounds.max() else { return };
        let stops = circle.iter().any(|number| self.way(*number).is_some_and(Way::stops));
        let most = if stops {
            usize::try_from(limits::ANSWERS).unwrap_or(0)
        } else {
            limits::STEP_NODES / circle.len()
        };
        if reachable[circle[0]] && rounds > most {
            self.at(circle[0], checker);
            let message = format!(
                "these nodes can lead in a circle {rounds} times without asking the caller, and {most} are possible: {}; \
                 make it fewer `times`, or ask him something in it",
                self.names(circle)
            );
            checker.warning(FindingCode::LoopWithoutInput, pointer("/nodes", self.ids[circle[0]]), message);
        }
    }

    /// How many nodes a step can pass from each on, the one at which it stops included.
    fn check_length(&self, edges: &[Vec<usize>], reachable: &[bool], checker: &mut Checker) {
        let stops = |number: usize| self.way(number).is_none_or(Way::stops);
        let mut longest: Vec<usize> = (0..self.ids.len()).map(|number| usize::from(stops(number))).collect();
        for circle in components(edges) {
            let first = circle[0];
            if stops(first) {
                continue;
            }
            let after =
                circle.iter().flat_map(|number| &self.edges[*number]).map(|next| longest[*next]).max();
            let length = circle.len() + after.unwrap_or(0);
            for number in &circle {
                longest[*number] = length;
            }
            let is_circle = circle.len() > 1 || edges[first].contains(&first);
            if reachable[first] && !is_circle && length == limits::STEP_NODES + 1 {
                self.at(first, checker);
                let message = format!(
                    "more than {} nodes follow without asking the caller; ask him something on the way, or leave some out",
                    limits::STEP_NODES
                );
                checker.error(FindingCode::TooLarge, pointer("/nodes", self.ids[first]), message);
            }
        }
    }

    fn names(&self, circle: &[usize]) -> String {
        let names: Vec<&str> = circle.iter().take(5).map(|number| self.ids[*number]).collect();
        limits::cut(&names.join(", "), 300).to_owned()
    }
}

/// Strongly connected components, each before those that lead to it (Tarjan 1972), without recursion: a chain of a
/// thousand nodes must not need a thousand frames.
fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut index = vec![UNSEEN; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut on_stack = vec![false; edges.len()];
    let mut stack = Vec::new();
    let mut found = Vec::new();
    let mut count = 0;
    for root in 0..edges.len() {
        if index[root] != UNSEEN {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.pop() {
            if next == 0 {
                index[node] = count;
                low[node] = count;
                count += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some(&target) = edges[node].get(next) {
                path.push((node, next + 1));
                if index[target] == UNSEEN {
                    path.push((target, 0));
                } else if on_stack[target] {
                    low[node] = low[node].min(index[target]);
                }
                continue;
            }
            if let Some(&(parent, _)) = path.last() {
                low[parent] = low[parent].min(low[node]);
            }
            if low[node] == index[node] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component.push(member);
                    if member == node {
                        break;
                    }
                }
                component.sort_unstable();
                found.push(component);
            }
        }
    }
    found
}
