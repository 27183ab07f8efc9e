//! Users are global, a membership ties one to a company, a session names at most one membership.

crate::sql::script!(
    r#"
CREATE TABLE "user" (
    id {uuid} NOT NULL PRIMARY KEY,
    email varchar(320) NOT NULL UNIQUE,
    name varchar(200) NOT NULL,
    password_hash text NOT NULL,
    platform_role varchar(32) NULL,
    status varchar(32) NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL
);
CREATE TABLE company (
    id {uuid} NOT NULL PRIMARY KEY,
    name varchar(200) NOT NULL,
    time_zone varchar(64) NOT NULL,
    language varchar(16) NOT NULL,
    demo boolean NOT NULL,
    twilio_account_sid varchar(64) NULL,
    twilio_auth_token_sealed text NULL,
    created_at {time} NOT NULL
);
CREATE TABLE membership (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    role varchar(32) NOT NULL,
    status varchar(32) NOT NULL,
    created_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, user_id)
);
CREATE INDEX ix_membership_user ON membership (user_id);
CREATE TABLE session (
    id {uuid} NOT NULL PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    membership_id {uuid} NULL REFERENCES membership (id) ON DELETE CASCADE,
    created_at {time} NOT NULL,
    refreshed_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    revoked_at {time} NULL,
    revoked_because varchar(32) NULL
);
CREATE INDEX ix_session_user ON session (user_id);
CREATE TABLE refresh_token (
    token_hash varchar(64) NOT NULL PRIMARY KEY,
    session_id {uuid} NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    created_at {time} NOT NULL,
    spent_at {time} NULL
);
CREATE INDEX ix_refresh_token_session ON refresh_token (session_id);
CREATE TABLE invitation (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    email varchar(320) NOT NULL,
    role varchar(32) NOT NULL,
    token_hash varchar(64) NOT NULL UNIQUE,
    invited_by {uuid} NOT NULL REFERENCES "user" (id),
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    accepted_at {time} NULL,
    UNIQUE (company_id, id)
);
CREATE TABLE audit (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    action varchar(64) NOT NULL,
    detail {json} NOT NULL,
    at {time} NOT NULL,
    UNIQUE (company_id, id)
);
"#
);
