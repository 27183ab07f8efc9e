//! Whether a call is recorded: a pure function of what the company says and of what is known of the call.
//!
//! The law of the caller's country comes first and cannot be overruled. Then the queue's word stands before the
//! company's. "Always" means from the moment at which caller and agent are connected, unless the call's flow has said
//! that it is not to be recorded; a person or a flow may begin earlier, wherever it is not "never".

use entity::recording_policy::{self, CountryLaw};
use entity::{CallKind, CountryRule, RecordingOrigin, RecordingRule};
use serde::Serialize;

/// What a company says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub rule: RecordingRule,
    pub inbound: bool,
    pub outbound: bool,
    pub countries: Vec<CountryLaw>,
    pub unknown_country: Option<CountryRule>,
    pub announce_always: bool,
}

impl Default for Policy {
    /// A company that has never said: nothing is recorded by itself.
    fn default() -> Self {
        Self {
            rule: RecordingRule::OnDemand,
            inbound: true,
            outbound: true,
            countries: Vec::new(),
            unknown_country: None,
            announce_always: false,
        }
    }
}

impl From<&recording_policy::Model> for Policy {
    fn from(row: &recording_policy::Model) -> Self {
        Self {
            rule: row.rule,
            inbound: row.inbound,
            outbound: row.outbound,
            countries: row.countries.0.clone(),
            unknown_country: row.unknown_country,
            announce_always: row.announce_always,
        }
    }
}

/// What is known of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub kind: CallKind,
    /// Where the customer's number belongs: ISO 3166-1, two capitals.
    pub country: Option<&'static str>,
    /// What the queue says in which the call is or was.
    pub queue: Option<RecordingRule>,
    /// Who has said that it is not to be recorded by itself: the call's flow, since the caller may have been asked, or who
    /// has called.
    pub refused: Option<Why>,
    /// Who asks.
    pub origin: RecordingOrigin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    pub record: bool,
    /// Both sides must be told before it begins.
    pub announce: bool,
    pub why: Why,
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Between two agents: the provider is not in it.
    PeerCall,
    Country,
    Queue,
    Flow,
    /// Who has called out did not want it.
    Wish,
    Company,
    /// The company's rule is not meant for calls of this direction.
    Direction,
    Asked,
}

impl Why {
    /// For who has asked in vain.
    pub fn refusal(self) -> &'static str {
        match self {
            Self::PeerCall => "Calls between agents are not recorded.",
            Self::Country => {
                "The law of the caller's country, as the company has entered it, allows no recording."
            }
            Self::Queue => "Calls of this queue are never recorded.",
            Self::Flow | Self::Wish | Self::Company | Self::Direction | Self::Asked => {
                "The company records no calls."
            }
        }
    }
}

pub fn decide(policy: &Policy, facts: &Facts) -> Decision {
    let law = match facts.country {
        Some(country) => policy.countries.iter().find(|law| law.country == country).map(|law| law.rule),
        None => policy.unknown_country,
    };
    let no = |why| Decision { record: false, announce: false, why };
    let yes = |why| Decision {
        record: true,
        announce: policy.announce_always || law == Some(CountryRule::Announce),
        why,
    };
    let in_its_direction = match facts.kind {
        CallKind::Inbound => policy.inbound,
        CallKind::Outbound => policy.outbound,
        CallKind::Peer => return no(Why::PeerCall),
    };
    if law == Some(CountryRule::Off) {
        return no(Why::Country);
    }
    let (rule, whose) = match facts.queue {
        Some(rule) => (rule, Why::Queue),
        None => (policy.rule, Why::Company),
    };
    match (rule, facts.origin) {
        (RecordingRule::Never, _) => no(whose),
        (
            RecordingRule::Always | RecordingRule::OnDemand,
            RecordingOrigin::Flow | RecordingOrigin::Person,
        ) => yes(Why::Asked),
        (RecordingRule::OnDemand, RecordingOrigin::Policy) => no(whose),
        (RecordingRule::Always, RecordingOrigin::Policy) => match facts.refused {
            Some(who) => no(who),
            None if !in_its_direction => no(Why::Direction),
            None => yes(whose),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CallKind::{Inbound, Outbound, Peer};
    use RecordingOrigin::{Flow, Person, Policy as ByPolicy};
    use RecordingRule::{Always, Never, OnDemand};

    fn law(country: &str, rule: CountryRule) -> CountryLaw {
        CountryLaw { country: country.to_owned(), rule }
    }

    fn records(rule: RecordingRule) -> Policy {
        Policy {
            rule,
            countries: vec![law("DE", CountryRule::Announce), law("CH", CountryRule::Off)],
            ..Policy::default()
        }
    }

    fn facts(
        kind: CallKind,
        country: &'static str,
        queue: Option<RecordingRule>,
        origin: RecordingOrigin,
    ) -> Facts {
        let country = (!country.is_empty()).then_some(country);
        Facts { kind, country, queue, refused: None, origin }
    }

    #[test]
    fn the_table_of_who_is_recorded() {
        #[rustfmt::skip]
        let table = [
            // the company, the call, its country, its queue, who asks      -> recorded, announced, why
            (Always,   Inbound,  "US", None,           ByPolicy, (true,  false, Why::Company)),
            (Always,   Outbound, "US", None,           ByPolicy, (true,  false, Why::Company)),
            (Always,   Inbound,  "DE", None,           ByPolicy, (true,  true,  Why::Company)),
            (Always,   Inbound,  "CH", None,           ByPolicy, (false, false, Why::Country)),
            (Always,   Inbound,  "",   None,           ByPolicy, (true,  false, Why::Company)),
            (Always,   Inbound,  "US", Some(Never),    ByPolicy, (false, false, Why::Queue)),
            (Always,   Inbound,  "US", Some(OnDemand), ByPolicy, (false, false, Why::Queue)),
            (Always,   Peer,     "",   None,           Person,   (false, false, Why::PeerCall)),
            (OnDemand, Inbound,  "US", None,           ByPolicy, (false, false, Why::Company)),
            (OnDemand, Inbound,  "US", None,           Person,   (true,  false, Why::Asked)),
            (OnDemand, Inbound,  "US", None,           Flow,     (true,  false, Why::Asked)),
            (OnDemand, Inbound,  "DE", None,           Flow,     (true,  true,  Why::Asked)),
            (OnDemand, Inbound,  "US", Some(Always),   ByPolicy, (true,  false, Why::Queue)),
            (Never,    Inbound,  "US", None,           ByPolicy, (false, false, Why::Company)),
            (Never,    Inbound,  "US", None,           Person,   (false, false, Why::Company)),
            (Never,    Inbound,  "US", Some(Always),   ByPolicy, (true,  false, Why::Queue)),
            (Never,    Inbound,  "CH", Some(Always),   ByPolicy, (false, false, Why::Country)),
            // Nobody overrules a country, and nobody a queue that says never.
            (Always,   Inbound,  "CH", None,           Person,   (false, false, Why::Country)),
            (Always,   Inbound,  "CH", Some(Always),   Flow,     (false, false, Why::Country)),
            (Always,   Inbound,  "US", Some(Never),    Flow,     (false, false, Why::Queue)),
        ];
        for (rule, kind, country, queue, origin, (record, announce, why)) in table {
            let decision = decide(&records(rule), &facts(kind, country, queue, origin));
            assert_eq!(
                decision,
                Decision { record, announce, why },
                "{rule:?} {kind:?} `{country}` {queue:?} {origin:?}"
            );
        }
    }

    #[test]
    fn a_direction_that_is_off_is_recorded_only_when_somebody_asks() {
        let policy = Policy { outbound: false, ..records(Always) };
        let by = |origin| decide(&policy, &facts(Outbound, "US", None, origin));
        assert_eq!(by(ByPolicy), Decision { record: false, announce: false, why: Why::Direction });
        assert_eq!(by(Person), Decision { record: true, announce: false, why: Why::Asked });
        assert!(decide(&policy, &facts(Inbound, "US", None, ByPolicy)).record);
    }

    #[test]
    fn a_flow_refuses_what_would_begin_by_itself_and_nothing_that_somebody_asks_for() {
        let refused = |rule, queue, origin| {
            let facts = Facts { refused: Some(Why::Flow), ..facts(Inbound, "US", queue, origin) };
            decide(&records(rule), &facts)
        };
        assert_eq!(
            refused(Always, None, ByPolicy),
            Decision { record: false, announce: false, why: Why::Flow }
        );
        assert_eq!(refused(Never, Some(Always), ByPolicy).why, Why::Flow);
        assert!(refused(Always, None, Person).record && refused(Always, None, Flow).record);
        let unwanted = Facts { refused: Some(Why::Wish), ..facts(Outbound, "US", None, ByPolicy) };
        assert_eq!(decide(&records(Always), &unwanted).why, Why::Wish);
    }

    #[test]
    fn who_hides_his_number_has_the_rule_of_the_unknown() {
        let hidden = facts(Inbound, "", None, ByPolicy);
        let unknown = |unknown_country| decide(&Policy { unknown_country, ..records(Always) }, &hidden);
        assert_eq!(unknown(None), Decision { record: true, announce: false, why: Why::Company });
        assert!(unknown(Some(CountryRule::Announce)).announce);
        assert_eq!(
            unknown(Some(CountryRule::Off)),
            Decision { record: false, announce: false, why: Why::Country }
        );
    }

    #[test]
    fn a_company_that_has_never_said_records_when_somebody_asks_and_may_announce_always() {
        assert!(!decide(&Policy::default(), &facts(Inbound, "US", None, ByPolicy)).record);
        assert!(decide(&Policy::default(), &facts(Inbound, "US", None, Person)).record);
        let tells = Policy { announce_always: true, ..records(Always) };
        assert!(decide(&tells, &facts(Inbound, "US", None, ByPolicy)).announce);
    }
}
