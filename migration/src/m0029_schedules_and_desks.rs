//! Schedules that queues share; callbacks that staff ask for, which follow no call; what is done about voicemails; and
//! settings of the platform and of its users.

crate::sql::script!(
    r#"
CREATE TABLE schedule (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    name varchar(100) NOT NULL,
    hours {json} NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, name)
);
CREATE TABLE voicemail (
    recording_id {uuid} NOT NULL,
    company_id {uuid} NOT NULL,
    agent_id {uuid} NULL,
    heard_at {time} NULL,
    heard_by {uuid} NULL REFERENCES "user" (id),
    done_at {time} NULL,
    done_by {uuid} NULL REFERENCES "user" (id),
    PRIMARY KEY (company_id, recording_id),
    FOREIGN KEY (company_id, recording_id) REFERENCES recording (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id)
);
CREATE INDEX ix_voicemail_agent ON voicemail (company_id, agent_id);
CREATE TABLE user_preferences (
    user_id {uuid} NOT NULL PRIMARY KEY REFERENCES "user" (id) ON DELETE CASCADE,
    preferences {json} NOT NULL,
    updated_at {time} NOT NULL
);
CREATE TABLE system_settings (
    id integer NOT NULL PRIMARY KEY,
    settings {json} NOT NULL,
    updated_at {time} NOT NULL,
    updated_by {uuid} NOT NULL REFERENCES "user" (id)
);
CREATE TABLE callback_of_staff_too (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    queue_id {uuid} NOT NULL,
    number varchar(16) NOT NULL,
    our_number varchar(320) NOT NULL,
    state varchar(32) NOT NULL,
    waiting_since {time} NOT NULL,
    wanted_at {time} NULL,
    due_at {time} NOT NULL,
    priority integer NOT NULL,
    skills {json} NOT NULL,
    max_attempts integer NOT NULL,
    retry_minutes integer NOT NULL,
    attempts integer NOT NULL,
    agent_id {uuid} NULL,
    last_call_id {uuid} NULL,
    last_call_at {time} NOT NULL,
    call_id {uuid} NULL,
    reason varchar(64) NULL,
    created_at {time} NOT NULL,
    settled_at {time} NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, queue_id) REFERENCES queue (company_id, id),
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id),
    FOREIGN KEY (company_id, last_call_id) REFERENCES call (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
INSERT INTO callback_of_staff_too SELECT * FROM callback;
DROP TABLE callback;
ALTER TABLE callback_of_staff_too RENAME TO callback;
CREATE UNIQUE INDEX ux_callback_open ON callback (company_id, queue_id, number) WHERE state = 'open';
CREATE INDEX ix_callback_state ON callback (company_id, state, id);
CREATE INDEX ix_callback_call ON callback (company_id, call_id);
"#
);
