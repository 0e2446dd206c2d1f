-- Every query of the ledger, once, by name. Portable: text keys, integer milliseconds, ON CONFLICT, RETURNING, no
-- autoincrement, no dialect functions. `:name` is a bound value, always.

-- name: add_paper
-- A paper never seen before. Nothing happens if it is known.
INSERT INTO paper (id, version, title, abstract, authors, categories, published, updated, comment, journal_ref, doi,
                   seen_at, baseline)
VALUES (:id, :version, :title, :abstract, :authors, :categories, :published, :updated, :comment, :journal_ref, :doi,
        :seen_at, :baseline)
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: renew_paper
-- What a known paper says now; when it was first seen, and whether it was matched, stays.
UPDATE paper SET version = :version, title = :title, abstract = :abstract, authors = :authors,
                 categories = :categories, updated = :updated, comment = :comment, journal_ref = :journal_ref, doi = :doi
WHERE id = :id AND version <= :version;

-- name: add_version
INSERT INTO version (paper, version, updated, seen_at) VALUES (:id, :version, :updated, :seen_at)
ON CONFLICT (paper, version) DO NOTHING;

-- name: paper
SELECT id, version, title, abstract, authors, categories, published, updated, comment, journal_ref, doi
FROM paper WHERE id = :id;

-- name: unmatched
SELECT id, version, title, abstract, authors, categories, published, updated, comment, journal_ref, doi
FROM paper WHERE matched_at = 0 ORDER BY id LIMIT :limit;

-- name: papers_since
SELECT id, version, title, abstract, authors, categories, published, updated, comment, journal_ref, doi
FROM paper WHERE id > :after ORDER BY id LIMIT :limit;

-- name: mark_matched
UPDATE paper SET matched_at = :now WHERE id = :id;

-- name: topics_stamp
SELECT count(*), coalesce(max(created_at), 0) FROM topic;

-- name: topics
SELECT id, key, fts FROM topic;

-- name: add_topic
INSERT INTO topic (id, key, fts, created_at) VALUES (:id, :key, :fts, :now) ON CONFLICT (id) DO NOTHING;

-- name: add_match
-- A match with a moment makes one of an earlier look back count as new.
INSERT INTO match (topic, paper, at)
SELECT :topic, id, CASE WHEN baseline = 1 THEN 0 ELSE :at END FROM paper WHERE id = :paper
ON CONFLICT (topic, paper) DO UPDATE SET at = excluded.at WHERE match.at = 0 AND excluded.at > 0;

-- name: wake_topic
-- Chats that take papers as they come are due now: compose decides whether there is anything for them.
UPDATE chat SET next_at = :now
WHERE mode = 'asap' AND (next_at IS NULL OR next_at > :now)
  AND id IN (SELECT chat FROM subscription WHERE topic = :topic);

-- name: add_chat
INSERT INTO chat (id, platform, address, thread, title, language, zone, mode, minute, created_at)
VALUES (:id, :platform, :address, :thread, :title, :language, :zone, :mode, :minute, :now)
ON CONFLICT (id) DO UPDATE SET title = CASE WHEN excluded.title = '' THEN chat.title ELSE excluded.title END;

-- name: chat
SELECT id, platform, address, thread, title, language, zone, mode, minute, suspended, next_at, composed_at
FROM chat WHERE id = :id;

-- name: set_chat
UPDATE chat SET language = :language, zone = :zone, mode = :mode, minute = :minute WHERE id = :id;

-- name: set_next
UPDATE chat SET next_at = :next_at WHERE id = :id;

-- name: wake_all
UPDATE chat SET next_at = :now WHERE suspended = '';

-- name: suspend
UPDATE chat SET suspended = :reason WHERE id = :id;

-- name: revive
UPDATE chat SET suspended = '' WHERE id = :id AND suspended <> '';

-- name: due_chats
SELECT id FROM chat WHERE next_at IS NOT NULL AND next_at <= :now AND suspended = '';

-- name: subscribe
INSERT INTO subscription (chat, topic, label, created_at) VALUES (:chat, :topic, :label, :now)
ON CONFLICT (chat, topic) DO NOTHING;

-- name: unsubscribe
DELETE FROM subscription WHERE chat = :chat AND topic = :topic;

-- name: subscriptions
SELECT s.chat, s.topic, t.key, t.fts, s.label, s.created_at FROM subscription s JOIN topic t ON t.id = s.topic
WHERE s.chat = :chat ORDER BY s.created_at, s.topic;

-- name: waiting
-- How many papers the next digest of a chat would carry now.
SELECT count(DISTINCT m.paper) FROM subscription s JOIN match m ON m.topic = s.topic AND m.at >= s.created_at AND m.at > :since
WHERE s.chat = :chat AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.chat = :chat AND d.paper = m.paper);

-- name: scanned
-- New papers looked at for a chat since its last digest, or since its first topic.
SELECT count(*) FROM paper WHERE baseline = 0
  AND matched_at > coalesce((SELECT max(at) FROM digest WHERE chat = :chat), 0)
  AND matched_at >= (SELECT min(created_at) FROM subscription WHERE chat = :chat);

-- name: add_digest
INSERT INTO digest (id, chat, at, scanned) VALUES (:id, :chat, :now, :scanned);

-- name: add_deliveries
-- Each paper once, under the best-scoring topic, the oldest wish first among equals.
INSERT INTO delivery (chat, paper, digest, topic, label)
SELECT :chat, paper, :digest, topic, label FROM (
    SELECT m.paper AS paper, s.topic AS topic, s.label AS label,
           row_number() OVER (PARTITION BY m.paper ORDER BY m.score DESC, s.created_at, s.topic) AS place
    FROM subscription s JOIN match m ON m.topic = s.topic AND m.at >= s.created_at AND m.at > :since
    WHERE s.chat = :chat AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.chat = :chat AND d.paper = m.paper)) ranked
WHERE place = 1
ON CONFLICT (chat, paper) DO NOTHING RETURNING paper;

-- name: open_digests
-- Digests not yet cut into messages whose papers all have the summary they wait for.
SELECT g.id, g.at, g.scanned FROM digest g WHERE g.chat = :chat AND g.planned = 0
  AND NOT EXISTS (SELECT 1 FROM delivery d JOIN paper p ON p.id = d.paper WHERE d.digest = g.id AND NOT EXISTS (
      SELECT 1 FROM summary s WHERE s.paper = p.id AND s.language = :language AND s.prompt = :prompt AND s.model = :model
        AND s.version = p.version))
ORDER BY g.at, g.id;

-- name: entries
SELECT p.id, p.version, p.title, p.abstract, p.authors, p.categories, p.published, p.updated, p.comment, p.journal_ref,
       p.doi, s.body, d.topic, d.label
FROM delivery d JOIN paper p ON p.id = d.paper
JOIN summary s ON s.paper = p.id AND s.version = p.version AND s.language = :language AND s.prompt = :prompt
              AND s.model = :model
WHERE d.digest = :digest ORDER BY p.id;

-- name: topics_of_deliveries
-- The labels under which a chat asked for what a digest carries.
SELECT d.paper, m.topic, s.label FROM delivery d JOIN match m ON m.paper = d.paper
JOIN subscription s ON s.chat = d.chat AND s.topic = m.topic
WHERE d.digest = :digest ORDER BY s.created_at, s.topic;

-- name: plan_digest
UPDATE digest SET planned = 1 WHERE id = :digest AND planned = 0 RETURNING id;

-- name: add_send
INSERT INTO send (id, chat, seq, origin, nonce)
VALUES (:id, :chat, (SELECT coalesce(max(seq), 0) + 1 FROM send WHERE chat = :chat), :origin, :nonce)
ON CONFLICT (id) DO NOTHING;

-- name: add_payload
INSERT INTO payload (send, text) VALUES (:id, :text) ON CONFLICT (send) DO NOTHING;

-- name: payload
SELECT text FROM payload WHERE send = :id;

-- name: point_delivery
UPDATE delivery SET send = :send WHERE chat = :chat AND paper = :paper AND digest = :digest;

-- name: next_send
-- The head of a chat's queue, in order; a head that waits holds those behind it back.
SELECT id, not_before FROM send WHERE chat = :chat AND state IN ('due', 'sending') AND state = 'due' ORDER BY seq LIMIT 1;

-- name: sending
SELECT count(*) FROM send WHERE chat = :chat AND state IN ('due', 'sending') AND state = 'sending';

-- name: claim
UPDATE send SET state = 'sending', attempt = attempt + 1, claimed_at = :now, first_at = coalesce(first_at, :now)
WHERE id = :id AND state = 'due' AND not_before <= :now RETURNING attempt, nonce, doubted, first_at;

-- name: settle
-- Fenced by the attempt: a worker that was declared dead cannot settle what another has taken over.
UPDATE send SET state = :state, not_before = :not_before, message = :message, error = :error, settled_at = :now,
                doubted = doubted + :doubt
WHERE id = :id AND attempt = :attempt AND state = 'sending';

-- name: doubt_all
-- What a dead process was sending: accepted or not, nobody knows. The third doubt ends it.
UPDATE send SET state = CASE WHEN doubted + 1 >= :most THEN 'dead' ELSE :state END, doubted = doubted + 1,
                error = 'the process ended before the answer came'
WHERE state IN ('due', 'sending') AND state = 'sending' RETURNING id;

-- name: due_deliveries
SELECT DISTINCT s.chat FROM send s JOIN chat c ON c.id = s.chat
WHERE s.state IN ('due', 'sending') AND c.suspended = ''
  AND (s.state = 'due' AND s.not_before <= :now OR s.state = 'sending' AND s.claimed_at < :now - :lost);

-- name: due_digests
SELECT DISTINCT g.chat FROM digest g JOIN chat c ON c.id = g.chat WHERE g.planned = 0 AND c.suspended = '';

-- name: due_summaries
SELECT DISTINCT d.paper FROM delivery d JOIN paper p ON p.id = d.paper JOIN chat c ON c.id = d.chat
WHERE d.send IS NULL AND c.suspended = '' AND NOT EXISTS (
    SELECT 1 FROM summary s WHERE s.paper = p.id AND s.version = p.version AND s.language = :language
      AND s.prompt = :prompt AND s.model = :model);

-- name: without_summary
SELECT d.paper FROM delivery d JOIN paper p ON p.id = d.paper WHERE d.digest = :digest AND NOT EXISTS (
    SELECT 1 FROM summary s WHERE s.paper = p.id AND s.version = p.version AND s.language = :language
      AND s.prompt = :prompt AND s.model = :model);

-- name: summary
SELECT body FROM summary WHERE paper = :paper AND version = :version AND language = :language AND prompt = :prompt
  AND model = :model;

-- name: add_summary
INSERT INTO summary (paper, version, language, prompt, model, body, created_at)
VALUES (:paper, :version, :language, :prompt, :model, :body, :now)
ON CONFLICT (paper, version, language, prompt, model) DO NOTHING;

-- name: latest
SELECT p.id, p.version, p.title, p.abstract, p.authors, p.categories, p.published, p.updated, p.comment, p.journal_ref,
       p.doi, min(s.label) FROM subscription s JOIN match m ON m.topic = s.topic JOIN paper p ON p.id = m.paper
WHERE s.chat = :chat GROUP BY p.id, p.version, p.title, p.abstract, p.authors, p.categories, p.published, p.updated,
      p.comment, p.journal_ref, p.doi, p.seen_at ORDER BY p.seen_at DESC, p.published DESC, p.id DESC LIMIT :limit;

-- name: hear
INSERT INTO inbox (id, chat, seq, text, may_manage, at)
VALUES (:id, :chat, (SELECT coalesce(max(seq), 0) + 1 FROM inbox), :text, :may_manage, :now)
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: next_said
SELECT id, text, may_manage FROM inbox WHERE chat = :chat AND done_at IS NULL ORDER BY seq LIMIT 1;

-- name: said_done
UPDATE inbox SET done_at = :now WHERE id = :id AND done_at IS NULL RETURNING id;

-- name: open_inboxes
SELECT DISTINCT chat FROM inbox WHERE done_at IS NULL;

-- name: take
-- Generic cell rate: hand out the next slot in one statement, so that it paces every process on this ledger.
-- A row may lag `slack` behind now, which is what lets `burst` slots go at once after a pause. A row far ahead of now
-- was written by a clock that has gone back since: it counts as empty.
INSERT INTO gate (key, next_at) VALUES (:key, :now)
ON CONFLICT (key) DO UPDATE SET next_at =
    CASE WHEN gate.held_until > :now AND gate.held_until > gate.next_at THEN gate.held_until
         WHEN gate.next_at + :every > :now - :slack
              AND (gate.next_at < :now + :far OR gate.held_until > :now AND gate.next_at < gate.held_until + :far)
              THEN gate.next_at + :every
         ELSE :now - :slack END
RETURNING next_at;

-- name: hold
INSERT INTO gate (key, next_at, held_until) VALUES (:key, 0, :until)
ON CONFLICT (key) DO UPDATE SET held_until =
    CASE WHEN gate.held_until > :until THEN gate.held_until ELSE :until END;

-- name: runs_of
SELECT count(*) FROM run WHERE verb = :verb;

-- name: begin_run
INSERT INTO run (id, verb, started_at, outcome, detail) VALUES (:id, :verb, :now, 'running', '');

-- name: end_run
UPDATE run SET ended_at = :now, outcome = :outcome, detail = :detail, papers = :papers, mark = :mark,
               next_at = :next_at WHERE id = :id;

-- name: running
SELECT count(*) FROM run WHERE outcome = 'running';

-- name: fail_running
UPDATE run SET ended_at = :now, outcome = 'failed', detail = 'the process ended before it was done.'
WHERE outcome = 'running' AND verb = :verb;

-- name: last_run
SELECT started_at, ended_at, outcome, detail, papers, mark, next_at FROM run
WHERE verb = :verb AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1;

-- name: high_water
SELECT max(mark) FROM run WHERE verb = :verb AND outcome = 'complete';

-- name: states
SELECT state, count(*) FROM send GROUP BY state;

-- name: sent_digests
SELECT count(*) FROM send WHERE state = 'sent' AND origin LIKE 'digest:%';

-- name: counts
SELECT (SELECT count(*) FROM paper), (SELECT count(*) FROM topic), (SELECT count(*) FROM subscription),
       (SELECT count(*) FROM chat WHERE suspended = ''), (SELECT count(*) FROM chat WHERE suspended <> ''),
       (SELECT count(*) FROM delivery), (SELECT coalesce(sum(doubted), 0) FROM send);

-- name: dead
SELECT chat, error, settled_at FROM send WHERE state = 'dead' ORDER BY settled_at DESC LIMIT :limit;

-- name: last_digest
SELECT max(s.settled_at) FROM send s WHERE s.chat = :chat AND s.state = 'sent' AND s.origin LIKE 'digest:%';

-- name: revive_dead
UPDATE send SET state = 'due', attempt = 0, doubted = 0, first_at = NULL, not_before = 0
WHERE state = 'dead' RETURNING id;

-- name: set_mark
INSERT INTO mark (name, at) VALUES (:name, :at) ON CONFLICT (name) DO UPDATE SET at = excluded.at;

-- name: mark
SELECT at FROM mark WHERE name = :name;

-- name: composed
UPDATE chat SET next_at = :next_at, composed_at = :now WHERE id = :id;

-- name: wake
UPDATE chat SET next_at = :next_at WHERE id = :id AND (next_at IS NULL OR next_at > :next_at);

-- name: doubt_chat
-- What an attempt of this chat left behind that could not settle it.
UPDATE send SET state = CASE WHEN doubted + 1 >= :most THEN 'dead' ELSE :state END, doubted = doubted + 1,
                error = 'the attempt was broken off'
WHERE state IN ('due', 'sending') AND state = 'sending' AND chat = :chat RETURNING id;

-- name: unsent
-- What is composed for a chat but has not arrived: how many papers, and the last trouble with them.
SELECT count(*), coalesce(max(s.error), '') FROM delivery d LEFT JOIN send s ON s.id = d.send
WHERE d.chat = :chat AND (s.id IS NULL OR s.state IN ('due', 'sending', 'dead'));
