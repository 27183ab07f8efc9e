//! Contacts: who calls and is called, by number.

crate::sql::script!(
    r#"
CREATE TABLE contact (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    number varchar(16) NOT NULL,
    name varchar(200) NULL,
    email varchar(320) NULL,
    language varchar(35) NULL,
    company_name varchar(200) NULL,
    notes text NULL,
    tags {json} NOT NULL,
    custom {json} NOT NULL,
    favourite boolean NOT NULL,
    blocked boolean NOT NULL,
    search_text text NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    deleted_at {time} NULL,
    UNIQUE (company_id, id)
);
CREATE UNIQUE INDEX ux_contact_number ON contact (company_id, number) WHERE deleted_at IS NULL;
"#
);
