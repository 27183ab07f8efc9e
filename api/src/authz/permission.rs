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
    ReadUsers = "users:read";
    WriteUsers = "users:write";
    InviteUsers = "users:invite";
    ReadFlows = "flows:read";
    WriteFlows = "flows:write";
    PublishFlows = "flows:publish";
    ReadQueues = "queues:read";
    WriteQueues = "queues:write";
    ReadSkills = "skills:read";
    WriteSkills = "skills:write";
    ReadAgents = "agents:read";
    SetAvailability = "agents:set-availability";
    ReadCalls = "calls:read";
    WriteCalls = "calls:write";
    ReadOffers = "offers:read";
    AnswerOffers = "offers:answer";
    ReadRecordings = "recordings:read";
    ReadPhoneNumbers = "phone-numbers:read";
    ReadSystem = "system:read";
}
