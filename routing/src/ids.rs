//! The ids of the four things that routing knows. Each is a UUID; none can stand in for another.

use std::fmt;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

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

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A queue.
    QueueId
}
id! {
    /// A person who takes calls: the membership, not the global user.
    AgentId
}
id! {
    /// One visit of one queue by one call.
    EntryId
}
id! {
    /// Something that an agent can and an entry may ask for.
    SkillId
}
