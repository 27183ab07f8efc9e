//! Which steps of a plan the company's queues can take by themselves.
//!
//! The flow that comes with a plan sends each call from step to step. A queue can do the same by its own overflow steps,
//! and people look for them there; but a rule of a queue holds for whoever waits in it. So a step becomes a rule only
//! where every call of the workflow that waits in that queue is to be treated so, and all else stays with the flow. A
//! queue that is there already keeps its rules: where they say what the plan says, nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::plan::{RoutingPlan, RoutingStep, SkillNeed};

/// The longest wait that a flow or a queue can name, in seconds.
const DAY: u32 = 86_400;
/// Overflow steps of one queue.
const MOST_STEPS: usize = 10;

/// A queue of the company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyQueue {
    /// By which overflow steps name it.
    pub id: String,
    /// The steps that it has and keeps. None: it is new, and gets what the plan says.
    pub kept: Option<Vec<OverflowStep>>,
}

/// What a queue does with who has waited in it for so long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverflowStep {
    /// From his coming into the queue.
    pub after_seconds: u32,
    pub action: OverflowAction,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OverflowAction {
    /// He waits in the queue with this id.
    Queue(String),
    /// He asks for so many levels less of each skill; for no skill, without.
    RelaxSkills(Option<u8>),
    /// Something that no workflow says.
    Else,
}

/// What queues have taken of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// The steps of new queues, by id. None of them is empty.
    pub overflow: BTreeMap<String, Vec<OverflowStep>>,
    /// One for each time that runs out, in the order of the plan.
    pub lines: Vec<SettledLine>,
}

/// What became of a time that runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledLine {
    /// To the target in the source.
    pub pointer: String,
    pub keeper: Keeper,
    /// For people.
    pub message: String,
}

/// Who sees to it that a call goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// A rule that its queue gets now.
    NewRule,
    /// A rule that its queue had.
    KeptRule,
    Flow,
}

/// A place where calls wait: a step, or the queue for all others.
struct Stop<'p> {
    name: &'p str,
    queue: Option<&'p CompanyQueue>,
    priority: u32,
    skills: Vec<&'p SkillNeed>,
    step: Option<&'p RoutingStep>,
}

/// What a queue would have to do for a call to go on, or why the flow has to.
type Hop = Result<Does, String>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Does {
    /// Nothing: it is the same wait.
    Stays,
    Relaxes(Option<u8>),
    Moves(String),
}

/// The steps of one filter, and what leads from each to the one after it. No hop: it waits there for ever.
struct Chain<'p> {
    stops: Vec<Stop<'p>>,
    hops: Vec<Option<Hop>>,
}

/// From a call's coming into a queue until something else than that queue's rules takes it on.
struct Stay {
    queue: String,
    steps: Vec<(OverflowStep, Place)>,
}

/// Number of a chain, and of a hop in it.
type Place = (usize, usize);

impl RoutingPlan {
    /// Lets the queues take what they can, and takes it out of the plan's flow. `queues` has every queue of the plan under
    /// the name that it has there; what it lacks stays with the flow.
    pub fn settle(&self, document: &mut Value, queues: &BTreeMap<String, CompanyQueue>) -> Settled {
        let mut chains: Vec<Chain<'_>> =
            self.rules.iter().map(|rule| self.chain(&rule.steps, queues)).collect();
        let otherwise = self.otherwise.as_ref().and_then(|name| queues.get(name));
        // What the flow has to do makes new beginnings, at which more may turn out to be the flow's.
        while chains.iter_mut().fold(false, |again, chain| chain.check() | again)
            | cut(&mut chains, queues, otherwise)
        {}
        for chain in &chains {
            chain.take_out(document);
        }
        let mut settled = Settled::default();
        for stay in chains.iter().enumerate().flat_map(|(number, chain)| chain.stays(number)) {
            let is_new = queues.values().any(|queue| queue.id == stay.queue && queue.kept.is_none());
            if is_new && !stay.steps.is_empty() {
                let steps = stay.steps.into_iter().map(|(step, _)| step).collect();
                settled.overflow.insert(stay.queue, steps);
            }
        }
        settled.lines = chains.iter().flat_map(Chain::lines).collect();
        settled
    }

    fn chain<'p>(
        &'p self,
        steps: &'p [RoutingStep],
        queues: &'p BTreeMap<String, CompanyQueue>,
    ) -> Chain<'p> {
        let of_step = |step: &'p RoutingStep| Stop {
            name: &step.queue,
            queue: queues.get(&step.queue),
            priority: step.priority.unwrap_or(0),
            skills: sorted(&step.skills),
            step: Some(step),
        };
        let last = self.otherwise.as_deref().map(|name| Stop {
            name,
            queue: queues.get(name),
            priority: 0,
            skills: Vec::new(),
            step: None,
        });
        let stops: Vec<_> = steps.iter().map(of_step).chain(last).collect();
        let hops = stops.windows(2).map(|pair| pair[0].timeout().map(|_| hop(&pair[0], &pair[1]))).collect();
        Chain { stops, hops }
    }
}

fn sorted(skills: &[SkillNeed]) -> Vec<&SkillNeed> {
    let mut sorted: Vec<_> = skills.iter().collect();
    sorted.sort_by(|one, other| one.skill.cmp(&other.skill));
    sorted
}

/// What would lead from one stop to the next, as far as the two alone tell it.
fn hop(from: &Stop<'_>, to: &Stop<'_>) -> Hop {
    let (Some(here), Some(there)) = (from.queue, to.queue) else {
        return Err("the queue is not there".to_owned());
    };
    if from.priority != to.priority {
        let (old, new) = (from.priority, to.priority);
        return Err(format!("the priority of the workflow changes from {old} to {new} with it"));
    }
    if to.is_skipped_if() {
        return Err("the flow looks first whether the next target is skipped".to_owned());
    }
    if to.step.is_some_and(|step| step.known_worker.is_some()) {
        return Err("the next target asks for one agent first".to_owned());
    }
    if here.id != there.id {
        return Ok(Does::Moves(there.id.clone()));
    }
    if from.skills == to.skills {
        return Ok(Does::Stays);
    }
    let relaxed = relaxation(&from.skills, &to.skills);
    relaxed.map(Does::Relaxes).ok_or_else(|| "it does not ask for equally less of each skill".to_owned())
}

/// By how many levels each skill is lower, those that are gone by at least as many; `Some(None)` where none is left.
fn relaxation(from: &[&SkillNeed], to: &[&SkillNeed]) -> Option<Option<u8>> {
    if to.is_empty() {
        return Some(None);
    }
    let first = from.iter().find(|need| need.skill == to[0].skill)?;
    let levels = first.level.checked_sub(to[0].level).filter(|levels| *levels > 0)?;
    let left = from.iter().filter_map(|need| {
        let level = need.level.saturating_sub(levels);
        (level > 0).then(|| SkillNeed { skill: need.skill.clone(), level })
    });
    left.eq(to.iter().map(|need| (*need).clone())).then_some(Some(levels))
}

impl Stop<'_> {
    fn timeout(&self) -> Option<u32> {
        self.step.and_then(|step| step.timeout_seconds)
    }

    fn is_skipped_if(&self) -> bool {
        self.step.is_some_and(|step| step.skip_if.as_ref().is_some_and(|skip| skip.when.is_some()))
    }

    fn id(&self) -> &str {
        self.queue.map_or(self.name, |queue| &queue.id)
    }

    fn pointer(&self) -> String {
        self.step.map(|step| step.pointer.clone()).unwrap_or_default()
    }
}

impl Chain<'_> {
    fn by_queue(&self, hop: usize) -> Option<&Does> {
        self.hops.get(hop)?.as_ref()?.as_ref().ok()
    }

    fn leave_to_flow(&mut self, hop: usize, why: &str) {
        self.hops[hop] = Some(Err(why.to_owned()));
    }

    /// Where calls come in from the flow: at first, after what the flow has to do, and where it goes on at once since a
    /// queue does not take them or a step is skipped.
    fn beginnings(&self) -> Vec<usize> {
        let begins = |stop: usize| {
            let Some(before) = stop.checked_sub(1) else { return true };
            self.by_queue(before).is_none()
                || self.stops[before].id() != self.stops[stop].id()
                || self.stops[before].is_skipped_if()
        };
        (0..self.stops.len()).filter(|stop| begins(*stop)).collect()
    }

    /// What no queue can do, wherever calls come in: gives whether there was something.
    fn check(&mut self) -> bool {
        for begin in self.beginnings() {
            let mut came_through = BTreeSet::from([self.stops[begin].id().to_owned()]);
            let mut waited = 0u32;
            let mut hop = begin;
            while let Some(does) = self.by_queue(hop).cloned() {
                waited = waited.saturating_add(self.stops[hop].timeout().unwrap_or(0));
                let problem = match does {
                    _ if waited > DAY => Some("it is longer than a day"),
                    Does::Moves(_) if self.stops[hop + 1].skills != self.stops[begin].skills => Some(
                        "who is moved keeps asking for the skills that he came with, and the next target asks for others",
                    ),
                    Does::Moves(queue) if !came_through.insert(queue.clone()) => {
                        Some("a rule does not bring a call back to a queue that it came from")
                    }
                    Does::Moves(_) | Does::Relaxes(_) | Does::Stays => None,
                };
                if let Some(problem) = problem {
                    self.leave_to_flow(hop, problem);
                    return true;
                }
                hop += 1;
            }
        }
        false
    }

    fn stays(&self, number: usize) -> Vec<Stay> {
        self.beginnings().into_iter().map(|begin| self.stay(number, begin)).collect()
    }

    fn stay(&self, number: usize, begin: usize) -> Stay {
        let mut stay = Stay { queue: self.stops[begin].id().to_owned(), steps: Vec::new() };
        let mut waited = 0;
        let mut hop = begin;
        while let Some(does) = self.by_queue(hop) {
            waited += self.stops[hop].timeout().unwrap_or(0);
            let action = match does {
                Does::Stays => None,
                Does::Relaxes(levels) => Some(OverflowAction::RelaxSkills(*levels)),
                Does::Moves(queue) => Some(OverflowAction::Queue(queue.clone())),
            };
            let step = action.map(|action| OverflowStep { after_seconds: waited, action });
            stay.steps.extend(step.map(|step| (step, (number, hop))));
            if matches!(does, Does::Moves(_)) {
                break;
            }
            hop += 1;
        }
        stay
    }

    /// One wait in the flow's node for all that queues do after it.
    fn take_out(&self, document: &mut Value) {
        let nodes = self.stops.iter().map(|stop| stop.step.map(|step| step.node.as_str()));
        let nodes: Vec<Option<&str>> = nodes.collect();
        let ends: Vec<usize> = (0..nodes.len()).map(|stop| self.end_of_run(stop)).collect();
        let ways: Vec<Option<Value>> = ends
            .iter()
            .map(|end| nodes[*end].and_then(|node| document["nodes"][node]["next"].get("timeout").cloned()))
            .collect();
        for (stop, node) in nodes.iter().enumerate() {
            let Some(node) = node.filter(|_| ends[stop] > stop) else { continue };
            let Some(fields) = document["nodes"][node].as_object_mut() else { continue };
            let run = &self.stops[stop..=ends[stop]];
            let longest: Option<u32> = run.iter().map(Stop::timeout).sum();
            fields.remove("maxWaitSeconds");
            let next = fields.entry("next").or_insert_with(|| json!({}));
            if let Some(ports) = next.as_object_mut() {
                ports.remove("timeout");
                if let (Some(seconds), Some(way)) = (longest, &ways[stop]) {
                    ports.insert("timeout".to_owned(), way.clone());
                    fields.insert("maxWaitSeconds".to_owned(), json!(seconds.min(DAY)));
                }
            }
            if fields["next"].as_object().is_some_and(serde_json::Map::is_empty) {
                fields.remove("next");
            }
        }
    }

    /// The last stop to which queues bring a call from this one.
    fn end_of_run(&self, stop: usize) -> usize {
        (stop..self.stops.len()).find(|at| self.by_queue(*at).is_none()).unwrap_or(stop)
    }

    fn lines(&self) -> impl Iterator<Item = SettledLine> {
        self.hops.iter().enumerate().filter_map(|(number, hop)| {
            let (from, to) = (&self.stops[number], &self.stops[number + 1]);
            let seconds = from.timeout()?;
            let (name, next) = (from.name, to.name);
            let does = match hop.as_ref()? {
                Err(why) => {
                    let message = format!("after {seconds} s the flow takes the call on, and no rule of `{name}`: {why}");
                    return Some(SettledLine { pointer: from.pointer(), keeper: Keeper::Flow, message });
                }
                Ok(Does::Stays) => return None,
                Ok(Does::Relaxes(None)) => "asks for no skills any more".to_owned(),
                Ok(Does::Relaxes(Some(levels))) => format!("asks for {levels} levels less of each skill"),
                Ok(Does::Moves(_)) => format!("waits on in `{next}`"),
            };
            let keeper = match from.queue.is_some_and(|queue| queue.kept.is_some()) {
                true => Keeper::KeptRule,
                false => Keeper::NewRule,
            };
            let message = format!("who has waited in `{name}` for the {seconds} s of this target {does}, by a rule of that queue");
            Some(SettledLine { pointer: from.pointer(), keeper, message })
        })
    }
}

/// Leaves to the flow what not all calls in a queue have in common, or what a queue that is there does not do.
fn cut(
    chains: &mut [Chain<'_>],
    queues: &BTreeMap<String, CompanyQueue>,
    otherwise: Option<&CompanyQueue>,
) -> bool {
    let mut stays: BTreeMap<String, Vec<Vec<(OverflowStep, Place)>>> = BTreeMap::new();
    for stay in chains.iter().enumerate().flat_map(|(number, chain)| chain.stays(number)) {
        stays.entry(stay.queue).or_default().push(stay.steps);
    }
    if let Some(queue) = otherwise {
        stays.entry(queue.id.clone()).or_default().push(Vec::new());
    }
    let mut any = false;
    for (id, stays) in stays {
        let kept = queues.values().find(|queue| queue.id == id).and_then(|queue| queue.kept.as_ref());
        let all_have = |number: usize, step: &OverflowStep| {
            stays.iter().all(|other| other.get(number).is_some_and(|(other, _)| other == step))
        };
        for stay in &stays {
            let wrong = stay.iter().enumerate().find_map(|(number, (step, place))| {
                let why = if number >= MOST_STEPS {
                    "a queue has at most 10 steps"
                } else if kept.is_some_and(|kept| kept.get(number) != Some(step)) {
                    "that queue was there before, and keeps the rules that it has"
                } else if !all_have(number, step) {
                    "not all calls of the workflow that wait in that queue are treated so"
                } else {
                    return None;
                };
                Some((*place, why))
            });
            if let Some(((chain, hop), why)) = wrong {
                chains[chain].leave_to_flow(hop, why);
                any = true;
            }
        }
    }
    any
}
