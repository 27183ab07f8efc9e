//! A call, its legs, its story, and what replay needs.

crate::sql::script!(
    r#"
CREATE TABLE call (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    kind varchar(32) NOT NULL,
    status varchar(32) NOT NULL,
    outcome varchar(32) NULL,
    from_address varchar(320) NOT NULL,
    to_address varchar(320) NOT NULL,
    caller_name varchar(200) NULL,
    account_sid varchar(64) NOT NULL,
    provider_sid varchar(64) NOT NULL,
    phone_number_id {uuid} NULL,
    flow_version_id {uuid} NULL,
    session {json} NULL,
    session_version integer NOT NULL,
    current_twiml text NULL,
    event_seq integer NOT NULL,
    last_event_at {time} NOT NULL,
    queue_id {uuid} NULL,
    agent_id {uuid} NULL,
    conference_sid varchar(64) NULL,
    disposition varchar(100) NULL,
    notes text NULL,
    started_at {time} NOT NULL,
    answered_at {time} NULL,
    ended_at {time} NULL,
    ended_by varchar(32) NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, provider_sid),
    FOREIGN KEY (company_id, phone_number_id) REFERENCES phone_number (company_id, id),
    FOREIGN KEY (company_id, flow_version_id) REFERENCES flow_version (company_id, id),
    FOREIGN KEY (company_id, queue_id) REFERENCES queue (company_id, id),
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id)
);
CREATE INDEX ix_call_company_started ON call (company_id, started_at, id);
CREATE INDEX ix_call_company_status ON call (company_id, status);
CREATE TABLE leg (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    kind varchar(32) NOT NULL,
    offer_id {uuid} NULL,
    agent_id {uuid} NULL,
    address varchar(320) NOT NULL,
    provider_sid varchar(64) NULL,
    state varchar(32) NOT NULL,
    last_sequence integer NULL,
    dialled_at {time} NULL,
    joined_at {time} NULL,
    left_at {time} NULL,
    ended_at {time} NULL,
    created_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, provider_sid),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id)
);
CREATE INDEX ix_leg_call ON leg (company_id, call_id);
CREATE INDEX ix_leg_offer ON leg (company_id, offer_id);
CREATE TABLE call_event (
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    seq integer NOT NULL,
    kind varchar(64) NOT NULL,
    data {json} NOT NULL,
    occurred_at {time} NOT NULL,
    provider_at {time} NULL,
    received_at {time} NOT NULL,
    PRIMARY KEY (call_id, seq),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_call_event_company_time ON call_event (company_id, occurred_at);
CREATE TABLE engine_input (
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    seq integer NOT NULL,
    at {time} NOT NULL,
    input {json} NOT NULL,
    queue_figures {json} NOT NULL,
    answers {json} NOT NULL,
    engine_version integer NOT NULL,
    time_zone_version varchar(32) NOT NULL,
    PRIMARY KEY (call_id, seq),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
"#
);
