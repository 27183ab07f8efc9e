//! Chats that only their devices can read: the devices' public keys, and what is said to each of them. Whether a file was shown in a
//! chat or a story, and who is blocked by whom, for those who ask from the other side.

crate::sql::script!(
    r#"
ALTER TABLE chat ADD COLUMN encrypted_at {time} NULL;
CREATE TABLE chat_device (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    id {uuid} NOT NULL,
    name varchar(100) NULL,
    algorithms {json} NOT NULL,
    identity_key varchar(64) NOT NULL,
    signing_key varchar(64) NOT NULL,
    signature varchar(128) NOT NULL,
    fallback_key_id varchar(64) NULL,
    fallback_key varchar(64) NULL,
    fallback_signature varchar(128) NULL,
    fallback_used boolean NOT NULL,
    published_at {time} NOT NULL,
    PRIMARY KEY (company_id, user_id, id)
);
CREATE TABLE chat_device_key (
    company_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    device_id {uuid} NOT NULL,
    key_id varchar(64) NOT NULL,
    key varchar(64) NOT NULL,
    signature varchar(128) NOT NULL,
    published_at {time} NOT NULL,
    claimed_at {time} NULL,
    PRIMARY KEY (company_id, user_id, device_id, key_id),
    UNIQUE (company_id, user_id, device_id, key),
    FOREIGN KEY (company_id, user_id, device_id) REFERENCES chat_device (company_id, user_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_chat_device_key_free ON chat_device_key (company_id, user_id, device_id, key_id) WHERE claimed_at IS NULL;
CREATE TABLE chat_ciphertext (
    company_id {uuid} NOT NULL,
    message_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    device_id {uuid} NOT NULL,
    kind smallint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (company_id, message_id, user_id, device_id),
    FOREIGN KEY (company_id, message_id) REFERENCES chat_message (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, user_id, device_id) REFERENCES chat_device (company_id, user_id, id) ON DELETE CASCADE
);
ALTER TABLE media ADD COLUMN shown_at {time} NULL;
UPDATE media SET shown_at = created_at
    WHERE EXISTS (SELECT 1 FROM chat_message WHERE chat_message.company_id = media.company_id AND chat_message.media_id = media.id)
    OR EXISTS (SELECT 1 FROM story WHERE story.company_id = media.company_id AND story.media_id = media.id);
CREATE INDEX ix_user_block_blocked ON user_block (company_id, blocked_user_id);
CREATE INDEX ix_chat_ciphertext_device ON chat_ciphertext (company_id, user_id, device_id);
"#
);
