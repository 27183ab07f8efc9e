//! A type of its own for the id of each table, so that an agent's id cannot stand where a user's is meant. UUID v7:
//! ordered by time of creation.

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($name:ident)*) => { $(
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, DeriveValueType)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )* };
}

ids! {
    AgentId ApiKeyId AuditId BucketId CallId CallbackId ChangeId ChatDeviceId ChatId ChatMessageId CompanyId ContactFieldId ContactId ContactImportId DispositionId ExportId FlowId FlowTestId FlowVersionId InvitationId JobId LegId MailId MediaId MembershipId MessageId NodeId OfferId ParticipantId PhoneMessageId PhoneNumberId PrivacyRequestId PromptId PushDeviceId QueueEntryId QueueId ReasonId RecordingId RegistrationId ReportScheduleId RequestId RoundId ScheduleId SegmentId SessionId SideSessionId SkillId StoryHighlightId StoryId StoryViewId SupervisionId SurveyAnswerId TransferId UserId WebhookDeliveryId WebhookEndpointId WebhookEventId
}
