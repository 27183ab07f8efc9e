//! Registrations that wait for the proof of their address, and mail on its way. Neither belongs to a company: who
//! registers is in none yet, and whoever else is written to may be in several.

crate::sql::script!(
    r#"
CREATE TABLE registration (
    id {uuid} NOT NULL PRIMARY KEY,
    email varchar(320) NOT NULL UNIQUE,
    name varchar(200) NOT NULL,
    password_hash text NOT NULL,
    company_name varchar(200) NULL,
    token_hash varchar(64) NOT NULL UNIQUE,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL
);
CREATE INDEX ix_registration_expires ON registration (expires_at);
CREATE TABLE mail (
    id {uuid} NOT NULL PRIMARY KEY,
    recipient varchar(320) NOT NULL,
    content_sealed text NOT NULL,
    run_at {time} NOT NULL,
    give_up_at {time} NOT NULL,
    state varchar(32) NOT NULL,
    attempts integer NOT NULL,
    node_id {uuid} NULL,
    lease_until {time} NULL,
    last_error text NULL,
    created_at {time} NOT NULL
);
CREATE INDEX ix_mail_due ON mail (state, run_at);
"#
);
