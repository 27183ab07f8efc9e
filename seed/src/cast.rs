//! Who and what the demo consists of. Companies have telephone numbers from the range that North America keeps for
//! fiction (555-0100 to 555-0199), agents have some of the 555 exchange beside it; mail addresses end in `.test`, which
//! nobody can own.

use entity::Strategy;

use crate::flows::Document;

/// The platform's administrator, who belongs to no company.
pub const ADMIN_EMAIL: &str = "admin@calldocker.test";
pub(crate) const ADMIN_NAME: &str = "Priya Raman";

/// A company of the demo. Its logins are `owner@`, `manager@` and `agent1@` to `agent6@` its domain.
pub struct Company {
    pub name: &'static str,
    /// Of the mail addresses.
    pub domain: &'static str,
    /// E.164.
    pub number: &'static str,
    pub(crate) time_zone: &'static str,
    pub(crate) language: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) manager: &'static str,
    pub(crate) skills: &'static [&'static str],
    pub(crate) queues: [Queue; 2],
    /// The first of those who are available is idle for longest, the last for shortest.
    pub(crate) agents: [Agent; 6],
    pub(crate) flow: Document,
}

impl Company {
    /// The mail address of a login, such as `agent1`.
    pub fn login(&self, local: &str) -> String {
        format!("{local}@{}", self.domain)
    }
}

pub(crate) struct Queue {
    pub name: &'static str,
    pub strategy: Strategy,
    pub wrap_up_seconds: i32,
    pub rules: Rules,
}

/// What the demo shows of a queue's rules. None of them does anything within the first minute of a call.
pub(crate) struct Rules {
    /// How much waiting a step of priority is worth.
    pub ageing_seconds: Option<u32>,
    /// In which 80 of a hundred callers are to be answered.
    pub answered_within_seconds: u32,
    /// After so many seconds.
    pub overflow: &'static [(u32, Overflow)],
}

pub(crate) enum Overflow {
    /// By so many levels.
    RelaxSkills(u8),
    RingAll,
    /// In the mailbox of this name.
    Voicemail(&'static str),
}

pub(crate) struct Agent {
    pub name: &'static str,
    pub phone: Phone,
    pub queues: &'static [&'static str],
    /// With the level, 1 to 10.
    pub skills: &'static [(&'static str, i32)],
}

/// How an agent of the demo is reached, which also says whether he is there when the demo starts.
pub(crate) enum Phone {
    /// A softphone; available at once, since it needs no heartbeat.
    Softphone,
    /// A telephone; available at once.
    Number(&'static str),
    /// Offline until somebody signs in and says otherwise.
    Browser,
}

const NO_RULES: Rules = Rules { ageing_seconds: None, answered_within_seconds: 20, overflow: &[] };

const SALES: &str = "sales";
const SUPPORT: &str = "support";

pub const ACME: Company = Company {
    name: "Acme",
    domain: "acme.test",
    number: "+12025550100",
    time_zone: "America/New_York",
    language: "en-US",
    owner: "Olivia Hart",
    manager: "Marcus Reed",
    skills: &["sales", "support", "spanish", "billing"],
    queues: [
        Queue {
            name: SALES,
            strategy: Strategy::LongestIdle,
            wrap_up_seconds: 60,
            rules: Rules {
                ageing_seconds: Some(60),
                answered_within_seconds: 20,
                overflow: &[(75, Overflow::RelaxSkills(3)), (150, Overflow::RingAll)],
            },
        },
        Queue {
            name: SUPPORT,
            strategy: Strategy::RoundRobin,
            wrap_up_seconds: 90,
            rules: Rules {
                ageing_seconds: Some(60),
                answered_within_seconds: 30,
                overflow: &[(120, Overflow::RelaxSkills(5)), (900, Overflow::Voicemail(SUPPORT))],
            },
        },
    ],
    agents: [
        Agent {
            name: "Ana Torres",
            phone: Phone::Softphone,
            queues: &[SALES],
            skills: &[("sales", 9), ("spanish", 10)],
        },
        Agent {
            name: "Ben Whitaker",
            phone: Phone::Softphone,
            queues: &[SALES, SUPPORT],
            skills: &[("sales", 7), ("support", 5)],
        },
        Agent {
            name: "Chloe Nguyen",
            phone: Phone::Softphone,
            queues: &[SALES, SUPPORT],
            skills: &[("sales", 4), ("support", 8), ("billing", 6)],
        },
        Agent {
            name: "David Okafor",
            phone: Phone::Number("+12025550204"),
            queues: &[SUPPORT],
            skills: &[("support", 9), ("billing", 7)],
        },
        Agent {
            name: "Emma Lindqvist",
            phone: Phone::Browser,
            queues: &[SALES],
            skills: &[("sales", 6), ("spanish", 3)],
        },
        Agent { name: "Farid Haddad", phone: Phone::Browser, queues: &[SUPPORT], skills: &[("support", 6)] },
    ],
    flow: Document::Acme,
};

pub const GLOBEX: Company = Company {
    name: "Globex",
    domain: "globex.test",
    number: "+12025550110",
    time_zone: "Europe/London",
    language: "en-GB",
    owner: "Gwen Parry",
    manager: "Hugo Lambert",
    skills: &["sales", "support", "spanish"],
    queues: [
        Queue { name: SALES, strategy: Strategy::RingAll, wrap_up_seconds: 45, rules: NO_RULES },
        Queue { name: SUPPORT, strategy: Strategy::FewestCalls, wrap_up_seconds: 60, rules: NO_RULES },
    ],
    agents: [
        Agent {
            name: "Isla Murray",
            phone: Phone::Softphone,
            queues: &[SALES, SUPPORT],
            skills: &[("sales", 8), ("support", 4)],
        },
        Agent {
            name: "Javier Molina",
            phone: Phone::Softphone,
            queues: &[SALES, SUPPORT],
            skills: &[("sales", 5), ("support", 6), ("spanish", 10)],
        },
        Agent {
            name: "Karima Benali",
            phone: Phone::Softphone,
            queues: &[SUPPORT],
            skills: &[("support", 9), ("spanish", 6)],
        },
        Agent {
            name: "Liam Doyle",
            phone: Phone::Number("+12025550208"),
            queues: &[SUPPORT],
            skills: &[("support", 7)],
        },
        Agent { name: "Mei Tanaka", phone: Phone::Browser, queues: &[SALES], skills: &[("sales", 6)] },
        Agent {
            name: "Nikhil Rao",
            phone: Phone::Browser,
            queues: &[SUPPORT],
            skills: &[("support", 5), ("spanish", 2)],
        },
    ],
    flow: Document::Globex,
};
