//! The columns of each dataset: their names, which are part of the contract (docs/exports.md), what is in them, and where
//! they come from. A column is never renamed or moved; new ones go to the end.

use entity::ExportDataset;
use sea_orm::DbBackend;

/// What is in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Id,
    /// A word of a closed set.
    Word,
    Number,
    /// RFC 3339 in UTC, with milliseconds.
    Time,
    /// What people, callers among them, wrote: a spreadsheet must not take it for a formula.
    Text,
    /// A phone number or another address; what is no E.164 is a text.
    Address,
    Json,
}

#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    postgres: &'static str,
    sqlite: &'static str,
}

impl Column {
    /// The expression that gives its value: times and ids as the database keeps them.
    pub fn sql(&self, backend: DbBackend) -> &'static str {
        if backend == DbBackend::Postgres { self.postgres } else { self.sqlite }
    }
}

/// Milliseconds from one moment to another, `$before` and `$after` standing around them in the expression.
macro_rules! milliseconds {
    ($name:literal, $before:literal, $from:literal, $to:literal, $after:literal) => {
        Column {
            name: $name,
            kind: Kind::Number,
            postgres: concat!(
                $before,
                "(extract(epoch FROM ",
                $to,
                " - ",
                $from,
                ") * 1000)::bigint",
                $after
            ),
            sqlite: concat!(
                $before,
                "CAST(round((julianday(",
                $to,
                ") - julianday(",
                $from,
                ")) * 86400000) AS integer)",
                $after
            ),
        }
    };
}

const fn column(name: &'static str, kind: Kind, sql: &'static str) -> Column {
    Column { name, kind, postgres: sql, sqlite: sql }
}

/// No table has it.
const fn computed(name: &'static str, kind: Kind) -> Column {
    column(name, kind, "NULL")
}

/// The columns of a dataset, in their order.
pub fn of(dataset: ExportDataset) -> &'static [Column] {
    match dataset {
        ExportDataset::Calls => CALLS,
        ExportDataset::Agents => AGENTS,
        ExportDataset::Events => EVENTS,
        ExportDataset::Intervals => &INTERVALS,
    }
}

const CALLS: &[Column] = &[
    column("callId", Kind::Id, "call.id"),
    column("direction", Kind::Word, "call.kind"),
    column("status", Kind::Word, "call.status"),
    column("outcome", Kind::Word, "call.outcome"),
    column("from", Kind::Address, "call.from_address"),
    column("to", Kind::Address, "call.to_address"),
    column("callerName", Kind::Text, "call.caller_name"),
    column("queueId", Kind::Id, "call.queue_id"),
    column("queueName", Kind::Text, "queue.name"),
    column("agentId", Kind::Id, "call.agent_id"),
    column("agentName", Kind::Text, "agent.name"),
    column("disposition", Kind::Text, "call.disposition"),
    column("notes", Kind::Text, "call.notes"),
    column("startedAt", Kind::Time, "call.started_at"),
    column("answeredAt", Kind::Time, "call.answered_at"),
    column("endedAt", Kind::Time, "call.ended_at"),
    column("endedBy", Kind::Word, "call.ended_by"),
    milliseconds!("durationMs", "", "call.started_at", "call.ended_at", ""),
    milliseconds!(
        "waitMs",
        "(SELECT sum(",
        "v.entered_at",
        "v.left_at",
        ") FROM queue_entry v WHERE v.company_id = call.company_id AND v.call_id = call.id AND v.purpose = 'caller')"
    ),
    milliseconds!(
        "talkMs",
        "(SELECT sum(",
        "s.connected_at",
        "s.ended_at",
        " - s.hold_ms) FROM segment s WHERE s.company_id = call.company_id AND s.call_id = call.id AND s.part = 'main')"
    ),
    column(
        "holdMs",
        Kind::Number,
        "(SELECT sum(s.hold_ms) FROM segment s WHERE s.company_id = call.company_id AND s.call_id = call.id \
         AND s.part = 'main' AND s.connected_at IS NOT NULL)",
    ),
];

const AGENTS: &[Column] = &[
    column("segmentId", Kind::Id, "segment.id"),
    column("agentId", Kind::Id, "segment.agent_id"),
    column("agentName", Kind::Text, "agent.name"),
    column("callId", Kind::Id, "segment.call_id"),
    column("queueId", Kind::Id, "segment.queue_id"),
    column("queueName", Kind::Text, "queue.name"),
    column("part", Kind::Word, "segment.part"),
    column("state", Kind::Word, "segment.state"),
    column("reservedAt", Kind::Time, "segment.reserved_at"),
    column("joinedAt", Kind::Time, "segment.agent_joined_at"),
    column("connectedAt", Kind::Time, "segment.connected_at"),
    column("endedAt", Kind::Time, "segment.ended_at"),
    column("endedBy", Kind::Word, "segment.ended_by"),
    column("wrappedUpAt", Kind::Time, "segment.wrapped_up_at"),
    milliseconds!("talkMs", "", "segment.connected_at", "segment.ended_at", " - segment.hold_ms"),
    column("holdMs", Kind::Number, "segment.hold_ms"),
    milliseconds!("wrapUpMs", "", "segment.ended_at", "segment.wrapped_up_at", ""),
    column("disposition", Kind::Text, "segment.disposition"),
    column("notes", Kind::Text, "segment.notes"),
];

const EVENTS: &[Column] = &[
    column("callId", Kind::Id, "call_event.call_id"),
    column("seq", Kind::Number, "call_event.seq"),
    column("kind", Kind::Word, "call_event.kind"),
    column("occurredAt", Kind::Time, "call_event.occurred_at"),
    column("providerAt", Kind::Time, "call_event.provider_at"),
    column("receivedAt", Kind::Time, "call_event.received_at"),
    column("data", Kind::Json, "call_event.data"),
];

/// The figures of a queue in an interval, as the reports name them. Their values are made in the same order
/// ([`crate::exports::intervals`]).
pub const INTERVALS: [Column; 49] = [
    computed("from", Kind::Time),
    computed("to", Kind::Time),
    computed("queueId", Kind::Id),
    computed("queueName", Kind::Text),
    computed("queued", Kind::Number),
    computed("answered", Kind::Number),
    computed("abandoned", Kind::Number),
    computed("shortAbandons", Kind::Number),
    computed("overflowed", Kind::Number),
    computed("callbacks", Kind::Number),
    computed("voicemails", Kind::Number),
    computed("errors", Kind::Number),
    computed("moved", Kind::Number),
    computed("withdrawn", Kind::Number),
    computed("unreached", Kind::Number),
    computed("stillWaiting", Kind::Number),
    computed("answerPercent", Kind::Number),
    computed("abandonPercent", Kind::Number),
    computed("serviceLevelVariant", Kind::Word),
    computed("serviceLevelTargetSeconds", Kind::Number),
    computed("serviceLevelShortAbandonSeconds", Kind::Number),
    computed("serviceLevelNumerator", Kind::Number),
    computed("serviceLevelDenominator", Kind::Number),
    computed("serviceLevelPercent", Kind::Number),
    computed("averageSpeedOfAnswerSeconds", Kind::Number),
    computed("averageAbandonSeconds", Kind::Number),
    computed("longestWaitSeconds", Kind::Number),
    computed("calledBack", Kind::Number),
    computed("calledBackReached", Kind::Number),
    computed("calledBackUnreached", Kind::Number),
    computed("consults", Kind::Number),
    computed("handled", Kind::Number),
    computed("handledOutbound", Kind::Number),
    computed("talkSeconds", Kind::Number),
    computed("holdSeconds", Kind::Number),
    computed("wrapUpSeconds", Kind::Number),
    computed("averageHandleSeconds", Kind::Number),
    computed("averageTalkSeconds", Kind::Number),
    computed("held", Kind::Number),
    computed("averageHoldSeconds", Kind::Number),
    computed("averageWrapUpSeconds", Kind::Number),
    computed("averageWrapUpOfAllSeconds", Kind::Number),
    computed("transferred", Kind::Number),
    computed("transferPercent", Kind::Number),
    computed("notConnected", Kind::Number),
    computed("surveyAnswers", Kind::Number),
    computed("averageScore", Kind::Number),
    computed("satisfied", Kind::Number),
    computed("satisfiedPercent", Kind::Number),
];

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn names_are_words_of_json_and_stand_once() {
        for dataset in ExportDataset::iter() {
            let names: Vec<_> = of(dataset).iter().map(|column| column.name).collect();
            let different: std::collections::HashSet<_> = names.iter().collect();
            assert_eq!(different.len(), names.len(), "{dataset:?}");
            assert!(
                names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric())),
                "{names:?}"
            );
        }
    }
}
