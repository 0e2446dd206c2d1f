-- The harvest: what a record says beside the paper, what happened to it, and what each witness said of a day.

ALTER TABLE paper ADD COLUMN license TEXT NOT NULL DEFAULT '';
ALTER TABLE paper ADD COLUMN withdrawn BIGINT NOT NULL DEFAULT 0;
-- The announcement it came with ('2026-11-19'), '' for what was announced before our time; 1 if it came late.
ALTER TABLE paper ADD COLUMN listing TEXT NOT NULL DEFAULT '';
ALTER TABLE paper ADD COLUMN late BIGINT NOT NULL DEFAULT 0;
-- 1 while only a second witness has told of it.
ALTER TABLE paper ADD COLUMN provisional BIGINT NOT NULL DEFAULT 0;
CREATE INDEX paper_listing ON paper (listing) WHERE listing <> '';

-- What happened to a paper, once. `gained` are the categories of a cross-list, as JSON.
CREATE TABLE event (
    paper TEXT NOT NULL, kind TEXT NOT NULL, version BIGINT NOT NULL, gained TEXT NOT NULL, listing TEXT NOT NULL,
    at BIGINT NOT NULL, matched_at BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (paper, kind, version, gained));
CREATE INDEX event_unmatched ON event (paper) WHERE matched_at = 0;
CREATE INDEX event_listing ON event (listing);

-- 'cross' where a cross-list made the match.
ALTER TABLE match ADD COLUMN kind TEXT NOT NULL DEFAULT '';

-- A new version or a withdrawal that a topic matches, for those who asked for revisions; and to whom it went.
CREATE TABLE revision (
    topic TEXT NOT NULL, paper TEXT NOT NULL, version BIGINT NOT NULL, kind TEXT NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (topic, paper, version, kind));
CREATE INDEX revision_at ON revision (topic, at);
CREATE TABLE notice (
    chat TEXT NOT NULL, paper TEXT NOT NULL, version BIGINT NOT NULL, kind TEXT NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (chat, paper, version, kind));
CREATE INDEX notice_digest ON notice (digest);
ALTER TABLE chat ADD COLUMN revisions BIGINT NOT NULL DEFAULT 0;

-- What each witness said of an announcement, a row a day.
CREATE TABLE coverage (
    listing TEXT PRIMARY KEY, oai BIGINT, rss BIGINT, missing BIGINT NOT NULL DEFAULT 0, audit BIGINT,
    complete_at BIGINT, alarm TEXT NOT NULL DEFAULT '', at BIGINT NOT NULL);

-- The announcement that was not complete when a digest was composed.
ALTER TABLE digest ADD COLUMN partial TEXT NOT NULL DEFAULT '';

-- How far (a number, a text) something has come: 'floor', the highest id of the baseline; 'etag:<group>'.
CREATE TABLE note (name TEXT PRIMARY KEY, text TEXT NOT NULL);
