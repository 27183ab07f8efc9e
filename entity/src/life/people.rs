//! What people and agents are, and what they want and do.

use crate::macros::closed_enum;

closed_enum!(
    /// What a member may do in its company; the whole of it is in the server's policy.
    Role { Owner, Manager, Agent }
);

closed_enum!(
    /// A role on the platform itself, without a company.
    PlatformRole { Admin }
);

closed_enum!(
    /// Whether a user may sign in.
    UserStatus { Active, Banned, Deleted }
);

closed_enum!(
    /// Whether somebody is a member of the company.
    MembershipStatus { Active, Banned, Removed }
);

closed_enum!(
    /// Why a session ended.
    RevokedBecause { LoggedOut, TokenReused, Administrator, PasswordReset }
);

closed_enum!(
    /// How an agent is reached.
    Reach {
        /// A browser: routable only while it sends heartbeats.
        Browser,
        /// A softphone registered at the provider as `client:`; trusted until it fails to answer.
        Client,
        /// A telephone number: rung as the offer, the agent presses 1 to take the call.
        Number,
    }
);

closed_enum!(
    /// What the agent wants. The other axis, what the agent does, is the [`Activity`].
    Availability { Offline, Available, Busy, Away, Break, Training }
);

closed_enum!(
    /// Why an agent's state changed.
    ChangeCause {
        /// By his own hand.
        Agent,
        /// By somebody else's.
        Supervisor,
        /// His browser has been silent for long.
        HeartbeatLost,
        /// He let an offer ring.
        NotResponding,
        /// His call is over, and this was asked for after it.
        NextState,
        LoggedOut,
        /// He is no longer a member of the company.
        MemberRemoved,
        /// He is a member still, and no agent.
        AgentRemoved,
        /// Another system of the company's said so.
        Integration,
    }
);

closed_enum!(
    /// From when on an agent wants something.
    When {
        Now,
        /// Once his call and its wrap-up are over; at once when he has none.
        AfterCall,
    }
);

closed_enum!(
    /// What the agent does; derived from slots, only the server's to write.
    Activity { Idle, Offered, OnCall, WrapUp, NotResponding }
);

closed_enum!(
    /// Which of the free agents is asked first.
    Strategy { LongestIdle, RoundRobin, FewestCalls, LeastTalkTime, RingAll }
);

closed_enum!(
    /// The two readings of "longest idle".
    IdleReading { SinceLastCall, SinceAvailable }
);
