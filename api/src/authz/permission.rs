//! The permissions: one zero-sized marker each, so that a handler's signature names the permission it needs
//! (`can: Can<ReadCalls>`).

/// A permission, as a type.
pub trait Permission: Send + Sync + 'static {
    /// As in the policy and in the specification.
    const NAME: &'static str;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $marker:ident = $name:literal;)*) => {
        $($(#[$doc])* pub enum $marker {}
        impl Permission for $marker {
            const NAME: &'static str = $name;
        })*

        /// Every permission there is.
        pub const NAMES: &[&str] = &[$($name),*];
    };
}

permissions! {
    ReadProfile = "profile:read";
    WriteProfile = "profile:write";
    ReadSessions = "sessions:read";
    WriteSessions = "sessions:write";
    /// Across companies: the platform's administrator alone.
    ListCompanies = "companies:list";
    ReadCompanies = "companies:read";
    /// Found a company for somebody, open a closed one again.
    CreateCompanies = "companies:create";
    WriteCompanies = "companies:write";
    CloseCompanies = "companies:close";
    ReadContacts = "contacts:read";
    WriteContacts = "contacts:write";
    /// Who is not called; and who is forgotten, blocked or not.
    BlockContacts = "contacts:block";
    /// Many at once: import, export, merge.
    ManageContacts = "contacts:manage";
    /// Which fields contacts have.
    WriteContactFields = "contact-fields:write";
    /// Across companies: the platform's administrator alone.
    ListUsers = "users:list";
    /// In all companies: the platform's administrator alone.
    BanUsers = "users:ban";
    /// Names, addresses and roles of those who work here.
    ReadDirectory = "directory:read";
    ReadUsers = "users:read";
    WriteUsers = "users:write";
    InviteUsers = "users:invite";
    /// `own`: those that he has made.
    ReadApiKeys = "api-keys:read";
    WriteApiKeys = "api-keys:write";
    RevokeApiKeys = "api-keys:revoke";
    ReadAudit = "audit:read";
    ReadFlows = "flows:read";
    WriteFlows = "flows:write";
    PublishFlows = "flows:publish";
    /// What past callers did, run through a flow.
    ReplayFlows = "flows:replay";
    ReadQueues = "queues:read";
    WriteQueues = "queues:write";
    ReadSkills = "skills:read";
    WriteSkills = "skills:write";
    ReadAgents = "agents:read";
    SetAvailability = "agents:set-availability";
    /// Who is an agent, with which skills and queues; the reasons that agents may give.
    WriteAgents = "agents:write";
    ReadAgentHistory = "agents:history";
    /// Release what holds an agent, sign an agent out.
    SuperviseAgents = "agents:supervise";
    /// `own`: those that are assigned to him, and to nobody in his queues.
    ReadCallbacks = "callbacks:read";
    WriteCallbacks = "callbacks:write";
    ReadCalls = "calls:read";
    WriteCalls = "calls:write";
    /// Call out, as oneself or on an agent's behalf; write down calls that were handled elsewhere.
    DialCalls = "calls:dial";
    /// The priority and the queue of a call that waits.
    SteerCalls = "calls:steer";
    /// Take a waiting call out of order.
    PickCalls = "calls:pick";
    /// Hold, mute, keys, transfers.
    ControlCalls = "calls:control";
    /// Listen, whisper, barge.
    SuperviseCalls = "calls:supervise";
    /// Chats among colleagues. Always `own`: nobody reads what others say to each other.
    ReadChats = "chats:read";
    WriteChats = "chats:write";
    ReadDispositions = "dispositions:read";
    WriteDispositions = "dispositions:write";
    /// Take rows out of the company: calls, agents, events.
    RunExports = "exports:run";
    /// What stands out in the figures of queues and agents.
    ReadInsights = "insights:read";
    /// What people have uploaded. `own`: what he has uploaded himself; what others show him has its own permission.
    ReadMedia = "media:read";
    /// `own`: nobody goes on with an upload of somebody else.
    WriteMedia = "media:write";
    DeleteMedia = "media:delete";
    ReadOffers = "offers:read";
    AnswerOffers = "offers:answer";
    ReadOutboundRules = "outbound:read";
    WriteOutboundRules = "outbound:write";
    ReadRecordings = "recordings:read";
    ControlRecordings = "recordings:control";
    HoldRecordings = "recordings:hold";
    DeleteRecordings = "recordings:delete";
    ReadRecordingPolicy = "recording-policy:read";
    WriteRecordingPolicy = "recording-policy:write";
    ReadSchedules = "schedules:read";
    WriteSchedules = "schedules:write";
    /// What a company says about how it works.
    ReadSettings = "settings:read";
    WriteSettings = "settings:write";
    ReadIntegrations = "integrations:read";
    /// Where other systems of the company's are reached, with their secrets.
    WriteIntegrations = "integrations:write";
    /// What the company, its queues and its calls did.
    ReadReports = "reports:read";
    /// What agents did. `own`: the caller.
    ReadPerformance = "reports:performance";
    /// Have reports mailed, also to people outside.
    ScheduleReports = "reports:schedule";
    /// Call colleagues.
    MakePeerCalls = "peer-calls:make";
    /// Take, refuse, end and rate calls with colleagues; their media; how one wants to be called.
    TakePeerCalls = "peer-calls:take";
    ReadPhoneNumbers = "phone-numbers:read";
    WritePhoneNumbers = "phone-numbers:write";
    /// Numbers of the platform's own account.
    AssignPhoneNumbers = "phone-numbers:assign";
    /// Who is there.
    ReadPresence = "presence:read";
    WritePresence = "presence:write";
    /// Take out, or erase, all that is held on a person.
    DoPrivacy = "privacy:do";
    ReadPrompts = "prompts:read";
    WritePrompts = "prompts:write";
    /// What colleagues show for a day, and keep as highlights, as far as it is for the caller.
    ReadStories = "stories:read";
    /// Post, see and react; `own`: nobody posts for others.
    WriteStories = "stories:write";
    /// `own`: those that he has posted.
    DeleteStories = "stories:delete";
    ReadSystem = "system:read";
    WriteSystem = "system:write";
}
