//! The settings of the nodes at which the caller waits for somebody, is called back, or leaves a message.

use chrono_tz::Tz;

use super::reader::{Checker, Fields};
use super::schedule;
use crate::node::{Callback, Destination, Enqueue, Prefer, Sound, Transfer, Voicemail, When};
use crate::phone::{e164, sip_address};
use crate::template::Template;
use crate::{FindingCode, Severity, SkillNeed, limits};

/// The longest wait that a flow can name, in seconds.
const DAY_SECONDS: u32 = 86_400;
/// Stands for who talked to the caller last.
pub(crate) const LAST_AGENT: &str = "last";

pub(super) fn enqueue(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Enqueue> {
    let queue = queue(fields, checker);
    let priority = priority(fields, checker);
    let skills = skills(fields, checker);
    let max_wait_seconds = fields.optional_integer("maxWaitSeconds", 1..=DAY_SECONDS, checker);
    let age_credit_seconds = fields.integer("ageCreditSeconds", 0..=DAY_SECONDS, Some(0), checker);
    let prefer_agent = fields.optional("preferAgent").and_then(|(value, at)| {
        let mut fields = Fields::new(value, at, checker)?;
        let agent = fields.template("agent", checker);
        let named = agent.as_ref().and_then(Template::plain);
        if let Some(plain) = named.filter(|plain| !plain.is_empty() && *plain != LAST_AGENT) {
            known_agent(plain, Severity::Warning, &fields.at("agent"), checker);
        }
        let seconds = fields.integer("seconds", 1..=3_600, Some(20), checker);
        fields.finish(checker);
        Some(Prefer { agent: agent?, seconds: seconds? })
    });
    Some(Enqueue {
        queue: queue?,
        priority: priority?,
        skills,
        max_wait_seconds,
        age_credit_seconds: age_credit_seconds?,
        prefer_agent,
    })
}

/// The id or the name of a queue of the company.
pub(super) fn queue(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<String> {
    let queue = fields.name("queue", checker)?;
    if !checker.catalog.queues.has(&queue) {
        let message = format!("there is no queue `{queue}`; name one of the company");
        checker.error(FindingCode::UnknownQueue, fields.at("queue"), message);
    }
    Some(queue)
}

fn priority(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<u8> {
    fields.integer("priority", 0..=100, Some(50), checker).and_then(|priority| u8::try_from(priority).ok())
}

fn skills(fields: &mut Fields<'_>, checker: &mut Checker) -> Vec<SkillNeed> {
    let mut skills: Vec<SkillNeed> = Vec::new();
    for (value, at) in fields.list("skills", (0, 32), checker) {
        let Some(mut need) = Fields::new(value, at.clone(), checker) else { continue };
        let skill = need.name("skill", checker);
        let level = need.integer("level", 1..=10, Some(1), checker);
        need.finish(checker);
        let (Some(skill), Some(level)) = (skill, level) else { continue };
        if !checker.catalog.skills.has(&skill) {
            checker.error(
                FindingCode::UnknownSkill,
                &at,
                format!("there is no skill `{skill}`; name one of the company"),
            );
        }
        if skills.iter().any(|other| other.skill == skill) {
            checker.error(
                FindingCode::Duplicate,
                &at,
                format!("the skill `{skill}` is asked for twice; take one out"),
            );
        }
        skills.push(SkillNeed { skill, level: u8::try_from(level).unwrap_or(u8::MAX) });
    }
    skills
}

pub(super) fn callback(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Callback> {
    let queue = queue(fields, checker);
    let when = when(fields, checker);
    let hours = fields.optional("hours").and_then(|(value, at)| {
        let mut fields = Fields::new(value, at, checker)?;
        let hours = schedule::read(&mut fields, checker);
        fields.finish(checker);
        hours
    });
    let number = number(fields, "number", checker);
    let confirm = fields.flag("confirm", true, checker);
    let priority = priority(fields, checker);
    let skills = skills(fields, checker);
    let attempts = fields.integer("attempts", 1..=10, Some(3), checker);
    let retry_minutes = fields.integer("retryMinutes", 1..=1_440, Some(15), checker);
    Some(Callback {
        queue: queue?,
        when: when?,
        hours,
        number,
        confirm,
        priority: priority?,
        skills,
        attempts: attempts?,
        retry_minutes: retry_minutes?,
        manner: checker.manner.clone(),
    })
}

fn when(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<When> {
    let given = fields.one_of("when", &["inQueue", "scheduled"], |word| word, checker);
    if given == Some("inQueue") {
        for name in ["at", "zone"] {
            if fields.optional(name).is_some() {
                let message = format!("`{name}` is for `\"when\": \"scheduled\"`");
                checker.error(FindingCode::BadValue, fields.at(name), message);
            }
        }
        return Some(When::InQueue);
    }
    if given.is_none() {
        // They depend on it.
        let _ = (fields.optional("at"), fields.optional("zone"));
        return None;
    }
    let at = fields.template("at", checker);
    let zone: Option<Tz> =
        fields.text("zone", checker).and_then(|name| schedule::zone(name, &fields.at("zone"), checker));
    if at.as_ref().is_some_and(|at| at.plain().is_some()) {
        let message =
            "a time that is always the same is soon over; it has to be a template such as `{{ vars.when }}`";
        checker.error(FindingCode::BadValue, fields.at("at"), message);
    }
    Some(When::At { at: at?, zone: zone? })
}

pub(super) fn transfer(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Transfer> {
    let given: Vec<&str> = ["number", "sip", "agent"].into_iter().filter(|name| fields.has(name)).collect();
    match given[..] {
        [_] => {}
        [] => {
            let message = "there is nobody to call: `number`, `sip` or `agent` is missing";
            checker.error(FindingCode::MissingField, fields.at("number"), message);
        }
        [_, second, ..] => {
            let message = "only one of `number`, `sip` and `agent` can be there";
            checker.error(FindingCode::BadValue, fields.at(second), message);
        }
    }
    let dialled = number(fields, "number", checker).map(Destination::Number);
    let sip = fields.optional_template("sip", checker);
    if sip.as_ref().and_then(Template::plain).is_some_and(|plain| sip_address(plain).is_none()) {
        let message = "has to be an address such as sip:desk@example.com, or a template that gives one";
        checker.error(FindingCode::BadValue, fields.at("sip"), message);
    }
    let agent = fields.optional_template("agent", checker);
    if let Some(plain) = agent.as_ref().and_then(Template::plain) {
        if plain.is_empty() {
            checker.error(
                FindingCode::BadValue,
                fields.at("agent"),
                "has to be the id or the name of an agent",
            );
        } else {
            known_agent(plain, Severity::Error, &fields.at("agent"), checker);
        }
    }
    let to = dialled.or_else(|| sip.map(Destination::Sip)).or_else(|| agent.map(Destination::Agent));
    let caller_id = number(fields, "callerId", checker);
    let timeout_seconds = fields.integer("timeoutSeconds", 5..=600, Some(30), checker)?;
    Some(Transfer { to: to?, timeout_seconds, caller_id })
}

/// Whom nobody knows cannot be called, and is not waited for.
fn known_agent(agent: &str, severity: Severity, at: &str, checker: &mut Checker) {
    if !checker.catalog.agents.has(agent) {
        let message = format!(
            "there is no agent `{}`; name one of the company",
            limits::cut(agent, limits::NAME_BYTES)
        );
        checker.add(severity, FindingCode::UnknownAgent, None, at, message);
    }
}

/// A telephone number, or a template that may give one.
pub(super) fn number(fields: &mut Fields<'_>, name: &'static str, checker: &mut Checker) -> Option<Template> {
    let template = fields.optional_template(name, checker)?;
    if template.plain().is_some_and(|plain| e164(plain).is_none()) {
        let message = "has to be a number such as +15550100, or a template that gives one";
        checker.error(FindingCode::BadValue, fields.at(name), message);
    }
    Some(template)
}

pub(super) fn voicemail(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Voicemail> {
    let prompt: Option<Sound> = fields.required_sound(checker);
    let mailbox = fields.optional_name("mailbox", checker);
    let max_seconds = fields.integer("maxSeconds", 1..=3_600, Some(120), checker);
    let finish_on_key = fields.finish_key(checker);
    let beep = fields.flag("beep", true, checker);
    let transcribe = fields.flag("transcribe", false, checker);
    if transcribe && !checker.catalog.writes_down {
        let message =
            "the company has no transcription hook: set one, or messages are kept without their text";
        checker.warning(FindingCode::NotWrittenDown, fields.at("transcribe"), message);
    }
    Some(Voicemail { prompt: prompt?, mailbox, max_seconds: max_seconds?, finish_on_key, beep, transcribe })
}
