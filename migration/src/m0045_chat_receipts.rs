//! When what was said in a chat had reached its people, and when they have read it.

crate::sql::script!(
    r#"
CREATE TABLE chat_receipt (
    company_id {uuid} NOT NULL,
    chat_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    mark varchar(32) NOT NULL,
    seq bigint NOT NULL,
    after_seq bigint NOT NULL,
    delivered_after_seq bigint NOT NULL,
    at {time} NOT NULL,
    PRIMARY KEY (company_id, chat_id, user_id, mark, seq),
    FOREIGN KEY (company_id, chat_id) REFERENCES chat (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_chat_receipt_at ON chat_receipt (at);
"#
);
