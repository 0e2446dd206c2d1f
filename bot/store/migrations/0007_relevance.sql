-- Relevance: what a topic means, how well each paper fits it, and what a chat's likes have taught us.

-- What a topic says beside its words, as JSON; '' for words or a query alone.
ALTER TABLE topic ADD COLUMN more TEXT NOT NULL DEFAULT '';

-- How strict: 0 a query, which is its own rule; 1 broad, 2 normal, 3 strict. `wish` is the whole of it as typed.
ALTER TABLE subscription ADD COLUMN level BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN wish TEXT NOT NULL DEFAULT '';
UPDATE subscription SET level = 2 WHERE topic IN (
    SELECT id FROM topic WHERE key LIKE 'topic:%' OR key LIKE '(topic:%');

-- The highest level that lets it pass, 0 for a near miss; what that rests on, as JSON; what a model said of it, and
-- until when that is waited for.
ALTER TABLE match ADD COLUMN grade BIGINT NOT NULL DEFAULT 3;
ALTER TABLE match ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE match ADD COLUMN verdict TEXT NOT NULL DEFAULT '';
ALTER TABLE match ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE match ADD COLUMN judge_by BIGINT NOT NULL DEFAULT 0;
CREATE INDEX match_unjudged ON match (topic, judge_by) WHERE judge_by > 0;

ALTER TABLE revision ADD COLUMN grade BIGINT NOT NULL DEFAULT 3;

-- A vote for or against a paper under a topic: one a person. In groups votes count together.
CREATE TABLE vote (
    chat TEXT NOT NULL, topic TEXT NOT NULL, paper TEXT NOT NULL, voter TEXT NOT NULL, value BIGINT NOT NULL,
    at BIGINT NOT NULL, PRIMARY KEY (chat, topic, paper, voter));

-- What the votes of a chat say about a topic, and by how much they move single papers.
CREATE TABLE taste (
    chat TEXT NOT NULL, topic TEXT NOT NULL, likes BIGINT NOT NULL, dislikes BIGINT NOT NULL, vector TEXT NOT NULL,
    PRIMARY KEY (chat, topic));
CREATE INDEX taste_topic ON taste (topic);
CREATE TABLE weighed (
    chat TEXT NOT NULL, topic TEXT NOT NULL, paper TEXT NOT NULL, score DOUBLE PRECISION NOT NULL, moved BIGINT NOT NULL,
    shift DOUBLE PRECISION NOT NULL, PRIMARY KEY (chat, topic, paper));

-- What a chat would be brought, for each of its topics that is not muted.
CREATE VIEW passing AS
SELECT s.chat AS chat, s.topic AS topic, s.label AS label, s.created_at AS created_at, s.since AS since,
       m.paper AS paper, m.at AS at, coalesce(w.score, m.score) AS score
FROM subscription s JOIN match m ON m.topic = s.topic
LEFT JOIN weighed w ON w.chat = s.chat AND w.topic = s.topic AND w.paper = m.paper
WHERE s.muted = 0 AND m.grade + coalesce(w.moved, 0) >= s.level;
