-- Text keys, integer epoch milliseconds, 0/1 for booleans, JSON as opaque text: the same file serves PostgreSQL.

CREATE TABLE paper (
    id TEXT PRIMARY KEY, version BIGINT NOT NULL, title TEXT NOT NULL, abstract TEXT NOT NULL,
    authors TEXT NOT NULL, categories TEXT NOT NULL, published BIGINT NOT NULL, updated BIGINT NOT NULL,
    comment TEXT NOT NULL, journal_ref TEXT NOT NULL, doi TEXT NOT NULL,
    seen_at BIGINT NOT NULL, baseline BIGINT NOT NULL, matched_at BIGINT NOT NULL DEFAULT 0);
CREATE INDEX paper_unmatched ON paper (id) WHERE matched_at = 0;
CREATE INDEX paper_matched ON paper (matched_at, baseline);

CREATE TABLE version (
    paper TEXT NOT NULL, version BIGINT NOT NULL, updated BIGINT NOT NULL, seen_at BIGINT NOT NULL,
    PRIMARY KEY (paper, version));

-- One row per distinct canonical query, whatever number of chats asked for it.
CREATE TABLE topic (id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, fts TEXT NOT NULL, created_at BIGINT NOT NULL);

CREATE TABLE chat (
    id TEXT PRIMARY KEY, platform TEXT NOT NULL, address TEXT NOT NULL, thread TEXT NOT NULL, title TEXT NOT NULL,
    language TEXT NOT NULL, zone TEXT NOT NULL, mode TEXT NOT NULL, minute BIGINT NOT NULL,
    suspended TEXT NOT NULL DEFAULT '', next_at BIGINT, composed_at BIGINT NOT NULL DEFAULT 0, created_at BIGINT NOT NULL);
CREATE INDEX chat_due ON chat (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE subscription (
    chat TEXT NOT NULL, topic TEXT NOT NULL, label TEXT NOT NULL, created_at BIGINT NOT NULL,
    PRIMARY KEY (chat, topic));
CREATE INDEX subscription_topic ON subscription (topic);

-- `at` is when a new paper was matched; 0 for one that is only shown when somebody looks back (baseline, archive).
CREATE TABLE match (
    topic TEXT NOT NULL, paper TEXT NOT NULL, at BIGINT NOT NULL, score DOUBLE PRECISION NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, paper));
CREATE INDEX match_at ON match (topic, at);
CREATE INDEX match_paper ON match (paper);

CREATE TABLE summary (
    paper TEXT NOT NULL, version BIGINT NOT NULL, language TEXT NOT NULL, prompt TEXT NOT NULL, model TEXT NOT NULL,
    body TEXT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (paper, version, language, prompt, model));

CREATE TABLE digest (
    id TEXT PRIMARY KEY, chat TEXT NOT NULL, at BIGINT NOT NULL, scanned BIGINT NOT NULL,
    planned BIGINT NOT NULL DEFAULT 0);
CREATE INDEX digest_open ON digest (chat) WHERE planned = 0;
CREATE INDEX digest_chat ON digest (chat, at);

-- One platform message. state: due -> sending -> sent | dead | skipped; later is due with not_before set.
CREATE TABLE send (
    id TEXT PRIMARY KEY, chat TEXT NOT NULL, seq BIGINT NOT NULL, origin TEXT NOT NULL,
    nonce TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'due', attempt BIGINT NOT NULL DEFAULT 0,
    doubted BIGINT NOT NULL DEFAULT 0, not_before BIGINT NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '', first_at BIGINT, claimed_at BIGINT, settled_at BIGINT);
CREATE UNIQUE INDEX send_order ON send (chat, seq);
-- Queries repeat its condition, or SQLite does not see that it serves them. Claiming does not touch it.
CREATE INDEX send_open ON send (chat, seq) WHERE state IN ('due', 'sending');
CREATE INDEX send_dead ON send (chat) WHERE state = 'dead';

-- Apart from its send: claiming and settling rewrite a short row, not the message.
CREATE TABLE payload (send TEXT PRIMARY KEY, text TEXT NOT NULL);

-- Seen = delivered-to-be: a paper counts as seen for a chat from the transaction that writes this row on.
CREATE TABLE delivery (
    chat TEXT NOT NULL, paper TEXT NOT NULL, digest TEXT NOT NULL, topic TEXT NOT NULL, label TEXT NOT NULL, send TEXT,
    PRIMARY KEY (chat, paper));
CREATE INDEX delivery_digest ON delivery (digest);
CREATE INDEX delivery_open ON delivery (paper) WHERE send IS NULL;

CREATE TABLE inbox (
    id TEXT PRIMARY KEY, chat TEXT NOT NULL, seq BIGINT NOT NULL, text TEXT NOT NULL, may_manage BIGINT NOT NULL,
    at BIGINT NOT NULL, done_at BIGINT);
CREATE INDEX inbox_open ON inbox (chat, seq) WHERE done_at IS NULL;
CREATE INDEX inbox_order ON inbox (seq);

-- `next_at` is the last slot handed out, `held_until` what the other side asked for (Retry-After).
CREATE TABLE gate (key TEXT PRIMARY KEY, next_at BIGINT NOT NULL, held_until BIGINT NOT NULL DEFAULT 0);

-- What was attempted and how it ended; `mark` is how far a complete harvest reached, `next_at` when to try again.
CREATE TABLE run (
    id TEXT PRIMARY KEY, verb TEXT NOT NULL, started_at BIGINT NOT NULL, ended_at BIGINT, outcome TEXT NOT NULL,
    detail TEXT NOT NULL, papers BIGINT NOT NULL DEFAULT 0, mark BIGINT, next_at BIGINT);
CREATE INDEX run_verb ON run (verb, id);
CREATE INDEX run_open ON run (verb) WHERE outcome = 'running';

-- When something last happened: 'heartbeat' of the running service.
CREATE TABLE mark (name TEXT PRIMARY KEY, at BIGINT NOT NULL);
