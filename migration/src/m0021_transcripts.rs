//! Voicemails that are written down, and by whom.

crate::sql::script!(
    r#"
CREATE TABLE transcription_hook (
    company_id {uuid} NOT NULL PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    url varchar(2048) NOT NULL,
    secret_sealed varchar(1024) NOT NULL,
    updated_at {time} NOT NULL,
    updated_by {uuid} NOT NULL REFERENCES "user" (id)
);
ALTER TABLE recording ADD COLUMN transcript_state varchar(32) NULL;
ALTER TABLE recording ADD COLUMN transcript text NULL;
ALTER TABLE recording ADD COLUMN transcript_language varchar(35) NULL;
ALTER TABLE recording ADD COLUMN transcript_tries integer NOT NULL DEFAULT 0;
ALTER TABLE recording ADD COLUMN transcript_failure varchar(64) NULL;
"#
);
