//! Stories: what people show their colleagues for a day, who has seen it, and what stays as a highlight.

crate::sql::script!(
    r#"
CREATE TABLE story (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    kind varchar(32) NOT NULL,
    text varchar(700) NULL,
    background varchar(7) NULL,
    media_id {uuid} NULL,
    audience varchar(32) NOT NULL,
    posted_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    kept_at {time} NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, media_id) REFERENCES media (company_id, id)
);
CREATE INDEX ix_story_live ON story (company_id, id) WHERE kept_at IS NULL;
CREATE INDEX ix_story_user ON story (company_id, user_id, id);
CREATE INDEX ix_story_media ON story (company_id, media_id) WHERE media_id IS NOT NULL;
CREATE TABLE story_listed (
    company_id {uuid} NOT NULL,
    story_id {uuid} NOT NULL,
    listed_user_id {uuid} NOT NULL REFERENCES "user" (id),
    PRIMARY KEY (company_id, story_id, listed_user_id),
    FOREIGN KEY (company_id, story_id) REFERENCES story (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_story_listed_user ON story_listed (company_id, listed_user_id);
CREATE TABLE story_view (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    story_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    viewed_at {time} NOT NULL,
    emoji varchar(80) NULL,
    reacted_at {time} NULL,
    UNIQUE (company_id, story_id, user_id),
    FOREIGN KEY (company_id, story_id) REFERENCES story (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_story_view_user ON story_view (company_id, user_id);
CREATE TABLE story_highlight (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    title varchar(60) NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    UNIQUE (company_id, id)
);
CREATE INDEX ix_story_highlight_user ON story_highlight (company_id, user_id, id);
CREATE TABLE story_highlight_item (
    company_id {uuid} NOT NULL,
    highlight_id {uuid} NOT NULL,
    story_id {uuid} NOT NULL,
    place integer NOT NULL,
    PRIMARY KEY (company_id, highlight_id, story_id),
    FOREIGN KEY (company_id, highlight_id) REFERENCES story_highlight (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, story_id) REFERENCES story (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_story_highlight_item_story ON story_highlight_item (company_id, story_id);
"#
);
