//! Who was called into a call that went on, and by whom; and who was called by somebody whom he has blocked.

crate::sql::script!(
    r#"
ALTER TABLE peer_call_participant ADD COLUMN invited_by {uuid} NULL REFERENCES "user" (id);
ALTER TABLE peer_call_participant ADD COLUMN is_unwanted boolean NOT NULL DEFAULT false;
"#
);
