//! Contacts of several numbers, found by word, each user's own favourites, and fields of the company's own.
//!
//! A side of a call at a time: of both at once SQLite would read all calls of the company, for each contact.
//! What folds words is no SQL: rows whose `indexed_at` lags behind are indexed by the server (`contacts::index`).

crate::sql::script!(
    r#"
ALTER TABLE contact ADD COLUMN sort_key varchar(200) {bytewise} NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN last_contact_at {time} NOT NULL DEFAULT '1970-01-01T00:00:00+00:00';
ALTER TABLE contact ADD COLUMN indexed_at {time} NULL;
UPDATE contact SET sort_key = substr(lower(COALESCE(name, number)), 1, 200);
UPDATE contact SET last_contact_at = COALESCE((SELECT max(side.moment) FROM (
    SELECT max(c.started_at) AS moment FROM call c WHERE c.company_id = contact.company_id AND c.from_address = contact.number
    UNION ALL
    SELECT max(c.started_at) FROM call c WHERE c.company_id = contact.company_id AND c.to_address = contact.number
) side), last_contact_at);
CREATE INDEX ix_contact_name ON contact (company_id, sort_key, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_contact_last ON contact (company_id, last_contact_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_contact_email ON contact (company_id, email) WHERE deleted_at IS NULL AND email IS NOT NULL;
CREATE INDEX ix_contact_stale ON contact (company_id, id) WHERE deleted_at IS NULL AND (indexed_at IS NULL OR indexed_at < updated_at);
CREATE TABLE contact_number (
    company_id {uuid} NOT NULL,
    number varchar(16) NOT NULL,
    contact_id {uuid} NOT NULL,
    place integer NOT NULL,
    plain varchar(16) NOT NULL,
    PRIMARY KEY (company_id, number),
    FOREIGN KEY (company_id, contact_id) REFERENCES contact (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_contact_number_contact ON contact_number (company_id, contact_id);
CREATE INDEX ix_contact_number_plain ON contact_number (company_id, plain);
INSERT INTO contact_number (company_id, number, contact_id, place, plain)
    SELECT company_id, number, id, 0, substr(number, 2) FROM contact WHERE deleted_at IS NULL;
CREATE TABLE contact_word (
    company_id {uuid} NOT NULL,
    word varchar(64) {bytewise} NOT NULL,
    contact_id {uuid} NOT NULL,
    PRIMARY KEY (company_id, word, contact_id),
    FOREIGN KEY (company_id, contact_id) REFERENCES contact (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_contact_word_contact ON contact_word (company_id, contact_id, word);
CREATE TABLE contact_favourite (
    company_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    contact_id {uuid} NOT NULL,
    PRIMARY KEY (company_id, user_id, contact_id),
    FOREIGN KEY (company_id, contact_id) REFERENCES contact (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_contact_favourite_contact ON contact_favourite (company_id, contact_id);
INSERT INTO contact_favourite (company_id, user_id, contact_id)
    SELECT c.company_id, m.user_id, c.id FROM contact c JOIN membership m ON m.company_id = c.company_id
    WHERE c.favourite AND c.deleted_at IS NULL
    ON CONFLICT DO NOTHING;
CREATE INDEX ix_callback_number ON callback (company_id, number, created_at, id);
CREATE TABLE contact_field (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    name varchar(64) NOT NULL,
    label varchar(100) NOT NULL,
    kind varchar(32) NOT NULL,
    choices {json} NOT NULL,
    in_offers boolean NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, name)
);
CREATE TABLE contact_import (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    requested_by {uuid} NOT NULL REFERENCES "user" (id),
    state varchar(32) NOT NULL,
    plan {json} NOT NULL,
    storage_key varchar(400) NULL,
    size_bytes bigint NOT NULL,
    bytes_done bigint NOT NULL,
    rows_done bigint NOT NULL,
    made bigint NOT NULL,
    updated bigint NOT NULL,
    skipped bigint NOT NULL,
    refused bigint NOT NULL,
    failure varchar(400) NULL,
    created_at {time} NOT NULL,
    started_at {time} NULL,
    ended_at {time} NULL,
    UNIQUE (company_id, id)
);
CREATE TABLE contact_import_line (
    company_id {uuid} NOT NULL,
    import_id {uuid} NOT NULL,
    line bigint NOT NULL,
    outcome varchar(32) NOT NULL,
    number varchar(64) NOT NULL,
    problems {json} NOT NULL,
    PRIMARY KEY (company_id, import_id, line),
    FOREIGN KEY (company_id, import_id) REFERENCES contact_import (company_id, id) ON DELETE CASCADE
);
"#
);
