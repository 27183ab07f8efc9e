//! What callers thought of their calls, and the text messages that flows send.

crate::sql::script!(
    r#"
CREATE TABLE survey_answer (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    survey varchar(128) NOT NULL,
    score integer NOT NULL CHECK (score BETWEEN 1 AND 5),
    agent_id {uuid} NULL,
    queue_id {uuid} NULL,
    recording_id {uuid} NULL,
    answered_at {time} NOT NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id),
    FOREIGN KEY (company_id, queue_id) REFERENCES queue (company_id, id),
    FOREIGN KEY (company_id, recording_id) REFERENCES recording (company_id, id)
);
CREATE INDEX ix_survey_answer_call ON survey_answer (company_id, call_id);
CREATE TABLE text_message (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    from_number varchar(32) NOT NULL,
    to_number varchar(32) NOT NULL,
    body varchar(1600) NOT NULL,
    state varchar(32) NOT NULL,
    provider_sid varchar(64) NULL,
    error_code integer NULL,
    created_at {time} NOT NULL,
    settled_at {time} NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_text_message_call ON text_message (company_id, call_id);
"#
);
