//! The flows of a queue: what its waiting callers hear, its held ones, and its agents before they are joined; and where
//! each of those is that has to remember it.

crate::sql::script!(
    r#"
CREATE TABLE queue_flows (
    queue_id {uuid} NOT NULL,
    company_id {uuid} NOT NULL,
    wait_flow_id {uuid} NULL,
    hold_flow_id {uuid} NULL,
    whisper_flow_id {uuid} NULL,
    PRIMARY KEY (company_id, queue_id),
    FOREIGN KEY (company_id, queue_id) REFERENCES queue (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, wait_flow_id) REFERENCES flow (company_id, id),
    FOREIGN KEY (company_id, hold_flow_id) REFERENCES flow (company_id, id),
    FOREIGN KEY (company_id, whisper_flow_id) REFERENCES flow (company_id, id)
);
CREATE TABLE side_session (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    queue_entry_id {uuid} NULL,
    offer_id {uuid} NULL,
    flow_version_id {uuid} NOT NULL,
    session {json} NOT NULL,
    version integer NOT NULL,
    twiml text NOT NULL,
    has_left_queue boolean NOT NULL,
    moved_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, queue_entry_id),
    UNIQUE (company_id, offer_id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, queue_entry_id) REFERENCES queue_entry (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, offer_id) REFERENCES offer (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, flow_version_id) REFERENCES flow_version (company_id, id)
);
CREATE INDEX ix_side_session_call ON side_session (company_id, call_id);
"#
);
