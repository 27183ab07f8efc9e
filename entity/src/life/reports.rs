//! How figures are counted.

use crate::macros::closed_enum;

closed_enum!(
    /// To which interval of a report the figures of a call belong.
    Attribution {
        /// All of them to the one in which it ended.
        ContactDriven,
        /// Each to where it happened, times clipped.
        ActivityDriven,
    }
);

closed_enum!(
    /// By which formula a company counts its service level.
    ServiceLevelVariant {
        Ignore,
        Negative,
        Positive,
        Genesys,
        Aws,
        Asterisk,
        AsteriskSecond,
        Classic,
        ExcludingShortAbandons,
    }
);
