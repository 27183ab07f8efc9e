//! Prompts by name, in several languages each: a text, or audio that is kept in the storage.

crate::sql::script!(
    r#"
CREATE TABLE prompt (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    name varchar(100) NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, name)
);
CREATE TABLE prompt_resource (
    company_id {uuid} NOT NULL,
    prompt_id {uuid} NOT NULL,
    language varchar(35) NOT NULL,
    text text NULL,
    audio_key varchar(400) NULL,
    content_type varchar(100) NULL,
    size_bytes bigint NULL,
    sha256 varchar(64) NULL,
    updated_at {time} NOT NULL,
    PRIMARY KEY (company_id, prompt_id, language),
    FOREIGN KEY (company_id, prompt_id) REFERENCES prompt (company_id, id) ON DELETE CASCADE,
    CHECK ((text IS NULL) <> (audio_key IS NULL))
);
"#
);
