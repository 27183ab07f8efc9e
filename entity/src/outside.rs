//! What others are told of a company: events, and how they go out.

use crate::macros::closed_enum;

macro_rules! events {
    ($($(#[doc = $about:literal])* $kind:ident = $name:literal),+ $(,)?) => {
        /// What an endpoint can be told of. Names are part of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::EnumIter, sea_orm::DeriveActiveEnum,
            serde::Serialize, serde::Deserialize)]
        #[sea_orm(rs_type = "String", db_type = "String(sea_orm::sea_query::StringLen::N(64))")]
        pub enum WebhookEventKind {
            $($(#[doc = $about])* #[sea_orm(string_value = $name)] #[serde(rename = $name)] $kind),+
        }

        impl WebhookEventKind {
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The stored and sent spelling.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name),+ }
            }
        }

        impl crate::Documented for WebhookEventKind {
            const ABOUT: &'static str = "What an endpoint can be told of.";

            fn about(self) -> &'static str {
                match self { $(Self::$kind => concat!($($about, "\n"),*)),+ }
            }
        }
    };
}

events! {
    /// Somebody calls, or an agent calls somebody.
    CallStarted = "call.started",
    /// The call waits in a queue.
    CallQueued = "call.queued",
    /// It was offered to an agent.
    CallOffered = "call.offered",
    /// An agent and the other party are connected; again after each transfer.
    CallAnswered = "call.answered",
    /// The caller gave up waiting.
    CallAbandoned = "call.abandoned",
    /// The call is over for everybody.
    CallEnded = "call.ended",
    /// An agent is done with what had to be written down.
    CallWrappedUp = "call.wrapped_up",
    VoicemailStored = "voicemail.stored",
    VoicemailTranscribed = "voicemail.transcribed",
    RecordingStored = "recording.stored",
    CallbackRequested = "callback.requested",
    /// Nobody is called back any more, for whatever reason.
    CallbackDone = "callback.done",
    /// A caller has waited longer than the queue's service level allows.
    QueueTargetMissed = "queue.target_missed",
    AgentAvailabilityChanged = "agent.availability_changed",
    /// An agent let a call ring.
    AgentNotResponding = "agent.not_responding",
    /// Somebody has sent a text message to a number of the company.
    MessageReceived = "message.received",
    /// The provider has a text message of a flow's.
    MessageSent = "message.sent",
    MessageDelivered = "message.delivered",
    /// It will not arrive.
    MessageFailed = "message.failed",
    ContactCreated = "contact.created",
    ContactUpdated = "contact.updated",
    ContactDeleted = "contact.deleted",
}

closed_enum!(
    /// How an event's way to an endpoint ends; only one that waits can be settled.
    DeliveryState {
        Pending,
        Delivered,
        /// Every attempt has failed.
        Failed,
        /// The endpoint was switched off before it came to it.
        Dropped,
    }
);

impl DeliveryState {
    /// Where it stands when it is settled so; `None` when it was before.
    pub fn settle(self, to: Self) -> Option<Self> {
        (self == Self::Pending && to != Self::Pending).then_some(to)
    }
}

closed_enum!(
    /// Why we have switched an endpoint off.
    DisabledBecause {
        /// It has answered 410.
        Gone,
        /// Nothing has reached it for days.
        Failing,
    }
);
closed_enum!(
    /// Where people talk with each other.
    ChatApp { Slack, Teams }
);
closed_enum!(
    /// What a chat can be told.
    Notice {
        /// A caller gave up waiting.
        MissedCall,
        Voicemail,
        /// A caller waited longer than his queue's service level allows.
        TargetMissed,
        /// An agent let a call ring.
        AgentNotResponding,
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_settled_once() {
        let settled = DeliveryState::Pending.settle(DeliveryState::Delivered);
        assert_eq!(settled, Some(DeliveryState::Delivered));
        assert_eq!(DeliveryState::Delivered.settle(DeliveryState::Failed), None);
        assert_eq!(DeliveryState::Pending.settle(DeliveryState::Pending), None);
    }

    #[test]
    fn every_event_is_sent_under_its_stored_name() {
        for kind in WebhookEventKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(sea_orm::ActiveEnum::into_value(*kind), kind.as_str());
        }
    }
}

closed_enum!(
    /// How a connection to a mail server is protected.
    SmtpSecurity {
        /// By STARTTLS, or not at all used.
        Starttls,
        /// From the first byte.
        Tls,
        /// Not at all: a server on the same machine, in development.
        None,
    }
);
closed_enum!(
    /// A report that is mailed.
    MailedReport {
        /// All of the company.
        Overview,
        /// What callers met in each queue.
        Queues,
        /// What each agent did.
        Agents,
    }
);
closed_enum!(
    /// What a mailed report is of: the last whole one.
    ReportPeriod {
        Daily,
        /// From Monday to Sunday.
        Weekly,
        Monthly,
    }
);
closed_enum!(
    /// Who brings notices to phones.
    PushServiceKind {
        /// Apps that were made with Expo.
        Expo,
        /// Firebase Cloud Messaging.
        Fcm,
        /// Apple's push service.
        Apns,
    }
);
closed_enum!(
    /// What a phone's token was given for.
    PushPurpose {
        /// What is shown, and calls.
        Alert,
        /// Calls alone, by PushKit.
        Voip,
    }
);
