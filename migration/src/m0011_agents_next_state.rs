//! What an agent wants after the call, whether it may pick, when it ceased to be one; reasons, skills for today, and why
//! an agent's state changed, as one of a closed set.

crate::sql::script!(
    r#"
ALTER TABLE agent ADD COLUMN next_availability varchar(32) NULL;
ALTER TABLE agent ADD COLUMN next_reason varchar(200) NULL;
ALTER TABLE agent ADD COLUMN next_asked_by {uuid} NULL REFERENCES "user" (id);
ALTER TABLE agent ADD COLUMN may_pick boolean NOT NULL DEFAULT false;
ALTER TABLE agent ADD COLUMN removed_at {time} NULL;
CREATE TABLE availability_reason (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    availability varchar(32) NOT NULL,
    name varchar(100) NOT NULL,
    created_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, availability, name)
);
CREATE TABLE agent_skill_today (
    company_id {uuid} NOT NULL,
    agent_id {uuid} NOT NULL,
    skill_id {uuid} NOT NULL,
    level integer NOT NULL CHECK (level BETWEEN 0 AND 10),
    until {time} NOT NULL,
    PRIMARY KEY (company_id, agent_id, skill_id),
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, skill_id) REFERENCES skill (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_agent_change_id ON agent_change (company_id, agent_id, id);
CREATE INDEX ix_leg_open ON leg (company_id, id) WHERE ended_at IS NULL;
CREATE INDEX ix_leg_provider_sid ON leg (company_id, provider_sid);
UPDATE agent_change SET because = 'agent' WHERE because = 'set';
UPDATE agent_change SET because = 'not_responding' WHERE because = 'offer_not_answered';
"#
);
