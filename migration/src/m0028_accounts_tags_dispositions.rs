//! A company's own API key; tags of calls, and what somebody has hidden or seen; the list of dispositions; and indexes for
//! what lists of calls are filtered by.

crate::sql::script!(
    r#"
CREATE TABLE voice_key (
    company_id {uuid} NOT NULL PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    key_sid varchar(64) NOT NULL,
    secret_sealed varchar(1024) NOT NULL,
    application_sid varchar(64) NOT NULL,
    updated_at {time} NOT NULL,
    updated_by {uuid} NOT NULL REFERENCES "user" (id)
);
CREATE TABLE call_tag (
    call_id {uuid} NOT NULL,
    company_id {uuid} NOT NULL,
    tag varchar(100) NOT NULL,
    PRIMARY KEY (company_id, call_id, tag),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_call_tag_tag ON call_tag (company_id, tag, call_id);
CREATE TABLE call_mark (
    call_id {uuid} NOT NULL,
    company_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    seen_at {time} NULL,
    hidden_at {time} NULL,
    PRIMARY KEY (company_id, user_id, call_id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_call_mark_call ON call_mark (company_id, call_id);
CREATE TABLE disposition (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    name varchar(100) NOT NULL,
    colour varchar(16) NULL,
    needs_note boolean NOT NULL,
    created_at {time} NOT NULL,
    archived_at {time} NULL,
    UNIQUE (company_id, id)
);
CREATE UNIQUE INDEX ux_disposition_name ON disposition (company_id, name) WHERE archived_at IS NULL;
CREATE TABLE disposition_queue (
    disposition_id {uuid} NOT NULL,
    company_id {uuid} NOT NULL,
    queue_id {uuid} NOT NULL,
    PRIMARY KEY (company_id, disposition_id, queue_id),
    FOREIGN KEY (company_id, disposition_id) REFERENCES disposition (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, queue_id) REFERENCES queue (company_id, id)
);
CREATE INDEX ix_disposition_queue_queue ON disposition_queue (company_id, queue_id);
CREATE INDEX ix_call_status ON call (company_id, status, started_at, id);
DROP INDEX ix_call_company_status;
CREATE INDEX ix_call_agent ON call (company_id, agent_id, started_at, id);
CREATE INDEX ix_call_queue ON call (company_id, queue_id, started_at, id);
DROP INDEX ix_call_from;
CREATE INDEX ix_call_from ON call (company_id, from_address, started_at, id);
CREATE INDEX ix_call_to ON call (company_id, to_address, started_at, id);
CREATE INDEX ix_call_number ON call (company_id, phone_number_id);
CREATE INDEX ix_call_disposition ON call (company_id, disposition) WHERE disposition IS NOT NULL;
CREATE INDEX ix_offer_agent ON offer (company_id, agent_id, state, call_id);
"#
);
