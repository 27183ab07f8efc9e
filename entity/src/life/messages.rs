//! Text messages, and messages of the server itself.

use crate::macros::closed_enum;

closed_enum!(
    /// How far a text message has come; forward only, an end sticks.
    TextState {
        Planned,
        /// The provider was asked. As long as it does not say more, nobody knows whether it has sent it.
        Asked,
        /// The provider has it.
        Sent,
        Delivered,
        /// Where the channel tells.
        Read,
        Failed,
        /// It came in.
        Received,
    }
);

closed_enum!(
    /// Whether a text message goes out or came in.
    TextDirection { Inbound, Outbound }
);

closed_enum!(
    /// How we know that somebody wants no text messages.
    OptOutCause {
        /// He has sent a word that says so.
        Keyword,
        /// The provider has refused one for him.
        Provider,
    }
);

impl TextState {
    pub fn is_over(self) -> bool {
        match self {
            Self::Planned | Self::Asked | Self::Sent => false,
            Self::Delivered | Self::Read | Self::Failed | Self::Received => true,
        }
    }

    /// Where the message stands after `to`; `None` when that is old news.
    pub fn advance(self, to: Self) -> Option<Self> {
        let rank = |state: Self| match state {
            Self::Planned => 0,
            Self::Asked => 1,
            Self::Sent => 2,
            Self::Delivered | Self::Read | Self::Failed | Self::Received => 3,
        };
        let was_read = (self, to) == (Self::Delivered, Self::Read);
        (was_read || rank(to) > rank(self)).then_some(to)
    }
}

closed_enum!(
    /// By what a message comes to a telephone.
    MessageChannel { Sms, Whatsapp }
);

closed_enum!(
    /// What a message to a number is about.
    MessagePurpose {
        /// To prove that its reader has the number.
        Code,
        Invitation,
    }
);
