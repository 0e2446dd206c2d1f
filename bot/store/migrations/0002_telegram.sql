-- Groups and channels, menus that change in place, answers before digests, topics that rest.

ALTER TABLE chat ADD COLUMN kind TEXT NOT NULL DEFAULT 'private';
ALTER TABLE chat ADD COLUMN handle TEXT NOT NULL DEFAULT '';
ALTER TABLE chat ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE chat ADD COLUMN cap BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN preview BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN silent BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN suspended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN leaving BIGINT NOT NULL DEFAULT 0;
CREATE INDEX chat_place ON chat (platform, address);
CREATE INDEX chat_leaving ON chat (id) WHERE leaving = 1;

-- Nothing matched before `since` is pushed; `created_at` gives topics their order.
ALTER TABLE subscription ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN muted BIGINT NOT NULL DEFAULT 0;
UPDATE subscription SET since = created_at;

ALTER TABLE digest ADD COLUMN more BIGINT NOT NULL DEFAULT 0;

-- Urgent ones, answers, go before the others of their chat. `edits` is the send whose message this one replaces.
ALTER TABLE send ADD COLUMN urgent BIGINT NOT NULL DEFAULT 0;
ALTER TABLE send ADD COLUMN edits TEXT NOT NULL DEFAULT '';
CREATE INDEX send_urgent ON send (chat, seq) WHERE state IN ('due', 'sending') AND urgent = 1;

-- What a press of each button says and whether its answer replaces the message, as JSON.
ALTER TABLE payload ADD COLUMN buttons TEXT NOT NULL DEFAULT '';

-- `may_manage` -1: not known when it was said. `edits` is the send whose button was pressed, if the answer replaces it.
ALTER TABLE inbox ADD COLUMN author TEXT NOT NULL DEFAULT '';
ALTER TABLE inbox ADD COLUMN edits TEXT NOT NULL DEFAULT '';
