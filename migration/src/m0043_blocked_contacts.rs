//! Who is blocked, in the order of a list: few of many.

crate::sql::script!(
    r#"
CREATE INDEX ix_contact_blocked ON contact (company_id, blocked, sort_key, id) WHERE deleted_at IS NULL;
"#
);
