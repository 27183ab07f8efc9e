//! The shape of a flow: can everything be reached, does everything end, does anything run in a circle.

use std::collections::BTreeMap;

use super::{Checker, Draft, pointer};
use crate::node::Kind;
use crate::{FindingCode, NodeType, limits};

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
            .map(|draft| draft.next.values().filter_map(|id| numbers.get(id.as_str()).copied()).collect())
            .collect(),
    };
    let Some(&start) = numbers.get(start) else { return };

    let reachable = graph.reach(&[start], &graph.edges);
    for number in (0..graph.ids.len()).filter(|number| !reachable[*number]) {
        graph.at(number, checker);
        let at = pointer("/nodes", graph.ids[number]);
        checker.warning(FindingCode::Unreachable, at, "no path from the start leads here");
    }
    graph.check_ends(start, &reachable, checker);
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

    /// A node that could not be read may have been an end.
    fn check_ends(&self, start: usize, reachable: &[bool], checker: &mut Checker) {
        let ends: Vec<usize> =
            (0..self.ids.len()).filter(|number| self.kind(*number).is_none_or(Kind::is_an_end)).collect();
        let mut backwards = vec![Vec::new(); self.ids.len()];
        for (number, edges) in self.edges.iter().enumerate() {
            for next in edges {
                backwards[*next].push(number);
            }
        }
        let ending = self.reach(&ends, &backwards);
        if !ending[start] {
            self.at(start, checker);
            let message = "no path leads to an end: a queue, a transfer, a message or a hang-up";
            checker.error(FindingCode::NoWayToAnEnd, "/start", message);
            return;
        }
        for number in (0..self.ids.len()).filter(|number| reachable[*number] && !ending[*number]) {
            self.at(number, checker);
            let message = "from here no path leads to an end: a queue, a transfer, a message or a hang-up";
            checker.warning(FindingCode::NoWayToAnEnd, pointer("/nodes", self.ids[number]), message);
        }
    }

    /// Circles among the nodes at which the call does not wait. One that has no condition in it turns for ever; one that
    /// has may be left in time. A long chain of such nodes is as bad as a circle.
    fn check_circles(&self, reachable: &[bool], checker: &mut Checker) {
        let runs: Vec<bool> =
            (0..self.ids.len()).map(|number| self.kind(number).is_some_and(|kind| !kind.waits())).collect();
        let edges: Vec<Vec<usize>> = self
            .edges
            .iter()
            .enumerate()
            .map(|(number, next)| {
                if runs[number] {
                    next.iter().copied().filter(|next| runs[*next]).collect()
                } else {
                    Vec::new()
                }
            })
            .collect();
        let mut longest = vec![0_usize; self.ids.len()];
        for circle in components(&edges) {
            let first = circle[0];
            let after = circle.iter().flat_map(|number| &edges[*number]).map(|next| longest[*next]).max();
            let length = circle.len() + after.unwrap_or(0);
            for number in &circle {
                longest[*number] = length;
            }
            if !runs[first] || !reachable[first] {
                continue;
            }
            self.at(first, checker);
            let at = pointer("/nodes", self.ids[first]);
            if circle.len() > 1 || edges[first].contains(&first) {
                let names: Vec<&str> = circle.iter().take(5).map(|number| self.ids[*number]).collect();
                let names = limits::cut(&names.join(", "), 300).to_owned();
                let decides = circle.iter().any(|number| {
                    let node_type = self.kind(*number).map(Kind::node_type);
                    matches!(node_type, Some(NodeType::Branch | NodeType::Hours))
                });
                let leaves =
                    circle.iter().any(|number| self.edges[*number].iter().any(|next| !circle.contains(next)));
                if decides && leaves {
                    let message =
                        format!("these nodes can lead in a circle without asking the caller: {names}");
                    checker.warning(FindingCode::LoopWithoutInput, at, message);
                } else {
                    let message = format!("these nodes lead in a circle and never ask the caller: {names}");
                    checker.error(FindingCode::LoopWithoutInput, at, message);
                }
            } else if length == limits::STEP_NODES + 1 {
                let message =
                    format!("more than {} nodes follow without asking the caller", limits::STEP_NODES);
                checker.error(FindingCode::TooLarge, at, message);
            }
        }
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
