//! Agents with skills, the queues they serve, and the history of what they wanted to do.

crate::sql::script!(
    r#"
CREATE TABLE skill (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    name varchar(100) NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, name)
);
CREATE TABLE agent (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    membership_id {uuid} NOT NULL,
    name varchar(200) NOT NULL,
    reach varchar(32) NOT NULL,
    number varchar(32) NULL,
    capacity integer NOT NULL CHECK (capacity BETWEEN 1 AND 100),
    availability varchar(32) NOT NULL,
    availability_reason varchar(200) NULL,
    available_since {time} NOT NULL,
    not_responding_since {time} NULL,
    heartbeat_at {time} NULL,
    last_offered_at {time} NULL,
    last_call_ended_at {time} NULL,
    calls_handled integer NOT NULL,
    talk_ms bigint NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, membership_id),
    FOREIGN KEY (company_id, membership_id) REFERENCES membership (company_id, id) ON DELETE CASCADE
);
CREATE TABLE agent_skill (
    company_id {uuid} NOT NULL,
    agent_id {uuid} NOT NULL,
    skill_id {uuid} NOT NULL,
    level integer NOT NULL CHECK (level BETWEEN 1 AND 10),
    PRIMARY KEY (agent_id, skill_id),
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, skill_id) REFERENCES skill (company_id, id) ON DELETE CASCADE
);
CREATE TABLE queue (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    name varchar(100) NOT NULL,
    strategy varchar(32) NOT NULL,
    idle_reading varchar(32) NOT NULL,
    ring_seconds integer NOT NULL CHECK (ring_seconds BETWEEN 5 AND 120),
    wrap_up_seconds integer NOT NULL CHECK (wrap_up_seconds BETWEEN 0 AND 3600),
    decline_cool_off_seconds integer NOT NULL CHECK (decline_cool_off_seconds BETWEEN 0 AND 3600),
    hold_music_url text NULL,
    created_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, name)
);
CREATE TABLE queue_member (
    company_id {uuid} NOT NULL,
    queue_id {uuid} NOT NULL,
    agent_id {uuid} NOT NULL,
    PRIMARY KEY (queue_id, agent_id),
    FOREIGN KEY (company_id, queue_id) REFERENCES queue (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_queue_member_agent ON queue_member (company_id, agent_id);
CREATE TABLE agent_change (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    agent_id {uuid} NOT NULL,
    changed_by {uuid} NULL REFERENCES "user" (id),
    because varchar(64) NOT NULL,
    before {json} NOT NULL,
    after {json} NOT NULL,
    at {time} NOT NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_agent_change_agent ON agent_change (company_id, agent_id, at);
"#
);
