//! Text messages in both directions, who wants none, and requests to take out or to erase what is held on a person.

crate::sql::script!(
    r#"
CREATE TABLE text_message_of_both_ways (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    call_id {uuid} NULL,
    direction varchar(32) NOT NULL DEFAULT 'outbound',
    from_number varchar(320) NOT NULL,
    to_number varchar(320) NOT NULL,
    body text NOT NULL,
    media integer NOT NULL DEFAULT 0,
    state varchar(32) NOT NULL,
    provider_sid varchar(64) NULL,
    error_code integer NULL,
    created_at {time} NOT NULL,
    settled_at {time} NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
INSERT INTO text_message_of_both_ways
    SELECT id, company_id, call_id, 'outbound', from_number, to_number, body, 0, state, provider_sid, error_code,
        created_at, settled_at FROM text_message;
DROP TABLE text_message;
ALTER TABLE text_message_of_both_ways RENAME TO text_message;
CREATE INDEX ix_text_message_call ON text_message (company_id, call_id);
CREATE INDEX ix_text_message_from ON text_message (company_id, from_number, id);
CREATE INDEX ix_text_message_to ON text_message (company_id, to_number, id);
CREATE INDEX ix_text_message_sid ON text_message (company_id, provider_sid);
CREATE TABLE opt_out (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    our_number varchar(32) NOT NULL,
    number_hash varchar(64) NOT NULL,
    because varchar(32) NOT NULL,
    opted_out_at {time} NOT NULL,
    PRIMARY KEY (company_id, our_number, number_hash)
);
CREATE TABLE privacy_request (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    kind varchar(32) NOT NULL,
    requested_by {uuid} NOT NULL REFERENCES "user" (id),
    person varchar(32) NOT NULL,
    subject_hash varchar(64) NOT NULL,
    subject_sealed text NULL,
    state varchar(32) NOT NULL,
    steps_done integer NOT NULL,
    steps integer NOT NULL,
    proof {json} NOT NULL,
    storage_key varchar(400) NULL,
    size_bytes bigint NULL,
    sha256 varchar(64) NULL,
    failure varchar(400) NULL,
    created_at {time} NOT NULL,
    started_at {time} NULL,
    ended_at {time} NULL,
    expires_at {time} NULL,
    UNIQUE (company_id, id)
);
"#
);
