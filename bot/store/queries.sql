-- Every query of the ledger, once, by name. Portable: text keys, integer milliseconds, ON CONFLICT, RETURNING, no
-- autoincrement, no dialect functions. `:name` is a bound value, always.

-- name: add_paper
-- A paper never seen before. Nothing happens if it is known. One that is called old without a witness (somebody named
-- it as an example) is provisional: if the record of truth brings it as new, it is.
INSERT INTO paper (id, version, title, abstract, authors, categories, published, updated, comment, journal_ref, doi,
                   seen_at, baseline, provisional)
VALUES (:id, :version, :title, :abstract, :authors, :categories, :published, :updated, :comment, :journal_ref, :doi,
        :seen_at, :baseline, :baseline)
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: renew_paper
-- What a known paper says now; when it was first seen, and whether it was matched, stays, and so do corrected names
-- for as long as we read the same. A new version may have another licence, which only the record of truth tells.
UPDATE paper SET version = :version, title = :title, abstract = :abstract,
                 authors = CASE WHEN our_authors = :authors THEN authors ELSE :authors END,
                 our_authors = CASE WHEN our_authors = :authors THEN our_authors ELSE '' END,
                 categories = :categories, updated = :updated, comment = :comment, journal_ref = :journal_ref, doi = :doi,
                 license = CASE WHEN version = :version THEN license ELSE '' END
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
SELECT id, key, fts, more, CASE WHEN more = ''
       THEN coalesce((SELECT min(s.label) FROM subscription s WHERE s.topic = topic.id), '') ELSE '' END FROM topic;

-- name: add_topic
INSERT INTO topic (id, key, fts, more, created_at) VALUES (:id, :key, :fts, :more, :now) ON CONFLICT (id) DO NOTHING;

-- name: add_match
-- A match with a moment makes one of an earlier look back count as new.
INSERT INTO match (topic, paper, at, score, grade, why, judge_by)
SELECT :topic, id, CASE WHEN baseline = 1 THEN 0 ELSE :at END, :score, :grade, :why,
       CASE WHEN baseline = 1 THEN 0 ELSE :judge_by END FROM paper WHERE id = :paper
ON CONFLICT (topic, paper) DO UPDATE SET at = excluded.at, judge_by = excluded.judge_by
WHERE match.at = 0 AND excluded.at > 0;

-- name: wake_topic
-- Chats that take papers as they come are due now: compose decides whether there is anything for them.
UPDATE chat SET next_at = :now
WHERE mode = 'asap' AND (next_at IS NULL OR next_at > :now)
  AND id IN (SELECT chat FROM subscription WHERE topic = :topic);

-- name: add_chat
-- Settings and host of a known chat stay; what the platform calls it is renewed.
INSERT INTO chat (id, platform, address, thread, title, kind, server, handle, host, language, zone, mode, minute, cap,
                  preview, silent, publish, apart, role, revisions, figures, suspended,
                  created_at)
VALUES (:id, :platform, :address, :thread, :title, :kind, :server, :handle, :host, :language, :zone, :mode, :minute,
        :cap, :preview, :silent, :publish, :apart, :role, :revisions, :figures, :suspended, :now)
ON CONFLICT (id) DO UPDATE SET
    title = CASE WHEN excluded.title = '' THEN chat.title ELSE excluded.title END,
    handle = CASE WHEN excluded.title = '' THEN chat.handle ELSE excluded.handle END,
    host = CASE WHEN chat.host = '' THEN excluded.host ELSE chat.host END;

-- name: chat
SELECT id, platform, address, thread, title, kind, server, handle, host, language, zone, mode, minute, cap, preview,
       silent, publish, apart, role, revisions, figures, suspended, next_at, composed_at
FROM chat WHERE id = :id;

-- name: chat_called
-- A chat by its address or public name; the main one of an address comes before its threads.
SELECT id FROM chat WHERE platform = :platform AND (address = :name OR handle <> '' AND lower(handle) = :name)
ORDER BY thread LIMIT 1;

-- name: places
-- Where many read: what may be posted there is not ours to decide.
SELECT id, platform, address, thread, title, kind, server, handle, host, language, zone, mode, minute, cap, preview,
       silent, publish, apart, role, revisions, figures, suspended, next_at, composed_at
FROM chat WHERE kind <> 'private' AND EXISTS (SELECT 1 FROM subscription s WHERE s.chat = chat.id)
ORDER BY id LIMIT :limit;

-- name: set_chat
UPDATE chat SET language = :language, zone = :zone, mode = :mode, minute = :minute, cap = :cap, preview = :preview,
                silent = :silent, publish = :publish, apart = :apart, role = :role,
                revisions = :revisions, figures = :figures WHERE id = :id;

-- name: admit
UPDATE chat SET suspended = '', host = :host WHERE id = :id;

-- name: set_next
UPDATE chat SET next_at = :next_at WHERE id = :id;

-- name: wake_all
UPDATE chat SET next_at = :now WHERE suspended = '';

-- name: suspend
UPDATE chat SET suspended = :reason, suspended_at = :now WHERE id = :id AND suspended = '' RETURNING id;

-- name: suspend_address
UPDATE chat SET suspended = :reason, suspended_at = :now
WHERE platform = :platform AND address = :address AND suspended = '' RETURNING id;

-- name: suspend_server
UPDATE chat SET suspended = :reason, suspended_at = :now
WHERE server = :server AND server <> '' AND platform = :platform AND suspended = '' RETURNING id;

-- name: revive_server
UPDATE chat SET suspended = ''
WHERE server = :server AND server <> '' AND platform = :platform AND suspended NOT IN ('', :awaiting);

-- name: revive
UPDATE chat SET suspended = '' WHERE id = :id AND suspended NOT IN ('', :awaiting);

-- name: revive_address
UPDATE chat SET suspended = '' WHERE platform = :platform AND address = :address AND suspended NOT IN ('', :awaiting);

-- name: chats_at
SELECT id, thread FROM chat WHERE platform = :platform AND address = :address;

-- name: readdress
-- Whoever moves is there.
UPDATE chat SET id = :new, address = :address,
                suspended = CASE WHEN suspended = :awaiting THEN suspended ELSE '' END WHERE id = :old;

-- name: take_over
-- The settings of a chat that moves go to the one that is already known at its new address.
UPDATE chat SET (language, zone, mode, minute, cap, preview, silent, publish, apart, role, revisions, figures, next_at,
                 composed_at, suspended, host, created_at) = (
    SELECT o.language, o.zone, o.mode, o.minute, o.cap, o.preview, o.silent, o.publish, o.apart, o.role, o.revisions, o.figures,
           o.next_at, o.composed_at, '', o.host, o.created_at FROM chat o WHERE o.id = :old)
WHERE id = :new AND created_at >= (SELECT created_at FROM chat WHERE id = :old);

-- name: move_subscriptions
INSERT INTO subscription (chat, topic, label, created_at, since, muted, level, wish)
SELECT :new, topic, label, created_at, since, muted, level, wish FROM subscription WHERE chat = :old
ON CONFLICT (chat, topic) DO NOTHING;

-- name: move_votes
INSERT INTO vote (chat, topic, paper, voter, value, at)
SELECT :new, topic, paper, voter, value, at FROM vote WHERE chat = :old ON CONFLICT (chat, topic, paper, voter) DO NOTHING;

-- name: move_tastes
INSERT INTO taste (chat, topic, likes, dislikes, vector)
SELECT :new, topic, likes, dislikes, vector FROM taste WHERE chat = :old ON CONFLICT (chat, topic) DO NOTHING;

-- name: move_weighed
INSERT INTO weighed (chat, topic, paper, score, moved, shift)
SELECT :new, topic, paper, score, moved, shift FROM weighed WHERE chat = :old ON CONFLICT (chat, topic, paper) DO NOTHING;

-- name: move_deliveries
INSERT INTO delivery (chat, paper, digest, topic, label, send)
SELECT :new, paper, digest, topic, label, send FROM delivery WHERE chat = :old
ON CONFLICT (chat, paper) DO NOTHING;

-- name: move_digests
UPDATE digest SET chat = :new WHERE chat = :old;

-- name: last_seq
SELECT coalesce(max(seq), 0) FROM send WHERE chat = :chat;

-- name: move_sends
UPDATE send SET chat = :new, seq = seq + :offset WHERE chat = :old;

-- name: move_inbox
UPDATE inbox SET chat = :new WHERE chat = :old;

-- name: drop_subscriptions
DELETE FROM subscription WHERE chat = :chat;

-- name: drop_votes
DELETE FROM vote WHERE chat = :chat AND (:topic = '' OR topic = :topic);

-- name: drop_voter
-- What one person voted anywhere on a platform. What a group has learned from it names nobody.
DELETE FROM vote WHERE voter = :voter AND substr(chat, 1, length(:platform) + 1) = :platform || ':';

-- name: drop_tastes
DELETE FROM taste WHERE chat = :chat AND (:topic = '' OR topic = :topic);

-- name: drop_weighed
DELETE FROM weighed WHERE chat = :chat AND (:topic = '' OR topic = :topic);

-- name: vote
INSERT INTO vote (chat, topic, paper, voter, value, at) VALUES (:chat, :topic, :paper, :voter, :value, :now)
ON CONFLICT (chat, topic, paper, voter) DO UPDATE SET value = excluded.value, at = excluded.at;

-- name: votes
-- The sum of a chat's votes on each paper of a topic, the last voted first; the even ones say nothing.
SELECT paper, sum(value) FROM vote WHERE chat = :chat AND topic = :topic GROUP BY paper HAVING sum(value) <> 0
ORDER BY max(at) DESC, paper LIMIT :limit;

-- name: votes_of
SELECT paper, value FROM vote WHERE chat = :chat AND topic = :topic AND voter = :voter;

-- name: set_taste
INSERT INTO taste (chat, topic, likes, dislikes, vector) VALUES (:chat, :topic, :likes, :dislikes, :vector)
ON CONFLICT (chat, topic) DO UPDATE SET likes = excluded.likes, dislikes = excluded.dislikes, vector = excluded.vector;

-- name: tastes
SELECT chat, topic, likes, dislikes, vector FROM taste
WHERE EXISTS (SELECT 1 FROM subscription s WHERE s.chat = taste.chat AND s.topic = taste.topic);

-- name: taste
SELECT chat, topic, likes, dislikes, vector FROM taste WHERE chat = :chat AND topic = :topic;

-- name: weigh
INSERT INTO weighed (chat, topic, paper, score, moved, shift) VALUES (:chat, :topic, :paper, :score, :moved, :shift)
ON CONFLICT (chat, topic, paper) DO UPDATE SET score = excluded.score, moved = excluded.moved, shift = excluded.shift;

-- name: drop_deliveries
DELETE FROM delivery WHERE chat = :chat;

-- name: drop_digests
DELETE FROM digest WHERE chat = :chat;

-- name: drop_payloads
DELETE FROM payload WHERE send IN (SELECT id FROM send WHERE chat = :chat);

-- name: drop_sends
DELETE FROM send WHERE chat = :chat AND id <> :but;

-- name: impatient
-- The time of being suspended is none of trying.
UPDATE send SET first_at = NULL WHERE chat = :chat AND state IN ('due', 'sending');

-- name: abandoned
SELECT id FROM chat WHERE id = :id AND leaving = 1;

-- name: suspended_at
SELECT max(suspended_at) FROM chat WHERE platform = :platform AND address = :address;

-- name: drop_inbox
DELETE FROM inbox WHERE chat = :chat AND id <> :but;

-- name: drop_said
-- What one person said anywhere on a platform: the ids of chats begin with its name.
DELETE FROM inbox WHERE author = :author AND substr(chat, 1, length(:platform) + 1) = :platform || ':' AND id <> :but;

-- name: blank_said
UPDATE inbox SET text = '', author = '' WHERE id = :id;

-- name: drop_host
UPDATE chat SET host = '' WHERE host = :chat;

-- name: drop_gate
DELETE FROM gate WHERE key = :key;

-- name: drop_matches
DELETE FROM match WHERE topic = :topic AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.topic = :topic);

-- name: drop_topic
DELETE FROM topic WHERE id = :topic AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.topic = :topic);

-- name: drop_chat
DELETE FROM chat WHERE id = :chat;

-- name: leave
-- Only a farewell is still sent; then the rest goes.
UPDATE chat SET leaving = 1, title = '', handle = '', host = '', next_at = NULL, suspended = '' WHERE id = :chat;

-- name: leaving
SELECT id FROM chat c WHERE c.leaving = 1 AND NOT EXISTS (
    SELECT 1 FROM send s WHERE s.chat = c.id AND s.state IN ('due', 'sending'));

-- name: is_leaving
SELECT c.id FROM chat c WHERE c.id = :chat AND c.leaving = 1 AND NOT EXISTS (
    SELECT 1 FROM send s WHERE s.chat = c.id AND s.state IN ('due', 'sending'));

-- name: stay
UPDATE chat SET leaving = 0 WHERE id = :id AND leaving = 1 RETURNING id;

-- name: due_chats
-- A digest waits, for a while, for what a model says of the papers that nobody else can decide.
SELECT id FROM chat WHERE next_at IS NOT NULL AND next_at <= :now AND suspended = '' AND NOT EXISTS (
    SELECT 1 FROM subscription s JOIN match m ON m.topic = s.topic AND m.judge_by > 0 AND m.judge_by > :now
    WHERE s.chat = chat.id AND s.muted = 0);

-- name: unjudged_topics
SELECT DISTINCT m.topic FROM match m WHERE m.judge_by > 0 AND m.judge_by > :now
  AND EXISTS (SELECT 1 FROM subscription s WHERE s.topic = m.topic AND s.muted = 0);

-- name: topic
SELECT id, key, fts, more FROM topic WHERE id = :id;

-- name: unjudged
SELECT p.id, p.version, p.title, p.abstract, p.authors, p.categories, p.published, p.updated, p.comment, p.journal_ref,
       p.doi, m.judge_by FROM match m JOIN paper p ON p.id = m.paper
WHERE m.topic = :topic AND m.judge_by > 0 AND m.judge_by > :now ORDER BY m.score DESC, m.paper LIMIT :limit;

-- name: judge
UPDATE match SET verdict = :verdict, reason = :reason, grade = :grade, judge_by = 0 WHERE topic = :topic AND paper = :paper;

-- name: unanswered
-- The model was asked and says nothing: it is waited for no longer.
UPDATE match SET judge_by = 1 WHERE topic = :topic AND paper = :paper AND judge_by > 0;

-- name: unjudged_delivered
-- Papers of a digest that were to be judged by a model and were not.
SELECT count(*) FROM delivery d JOIN match m ON m.topic = d.topic AND m.paper = d.paper
WHERE d.digest = :digest AND m.judge_by > 0;

-- name: match_of
SELECT m.score, m.grade, m.why, m.at, m.kind, m.verdict, m.reason, coalesce(w.shift, 0.0), coalesce(w.moved, 0),
       coalesce((SELECT c.composed_at FROM chat c WHERE c.id = :chat), 0)
FROM match m LEFT JOIN weighed w ON w.chat = :chat AND w.topic = m.topic AND w.paper = m.paper
WHERE m.topic = :topic AND m.paper = :paper;

-- name: recent_matches
-- What came close to a topic since a moment, for votes to weigh.
SELECT p.id, p.version, p.title, p.abstract, p.authors, p.categories, p.published, p.updated, p.comment, p.journal_ref,
       p.doi, m.score, m.grade, m.why FROM match m JOIN paper p ON p.id = m.paper
WHERE m.topic = :topic AND (m.at >= :since OR p.published >= :since) ORDER BY m.at DESC, m.paper LIMIT :limit;

-- name: brought
-- How many papers since a moment each topic of a chat would bring, or did.
SELECT q.topic, count(*) FROM passing q JOIN paper p ON p.id = q.paper
WHERE q.chat = :chat AND (q.at >= :since OR p.published >= :since) GROUP BY q.topic;

-- name: near
-- What came close to a chat's topics, passes none of them and was not brought: each paper once, under the closest.
SELECT p.id, p.version, p.title, p.abstract, p.authors, p.categories, p.published, p.updated, p.comment, p.journal_ref,
       p.doi, n.topic, n.label, n.score FROM (
    SELECT m.paper AS paper, s.topic AS topic, s.label AS label, m.at AS at, coalesce(w.score, m.score) AS score,
           row_number() OVER (PARTITION BY m.paper ORDER BY coalesce(w.score, m.score) DESC, s.created_at, s.topic)
           AS place
    FROM subscription s JOIN match m ON m.topic = s.topic
    LEFT JOIN weighed w ON w.chat = s.chat AND w.topic = s.topic AND w.paper = m.paper
    WHERE s.chat = :chat AND s.muted = 0 AND m.grade + coalesce(w.moved, 0) < s.level AND m.verdict <> 'off'
      AND NOT EXISTS (SELECT 1 FROM passing q WHERE q.chat = s.chat AND q.paper = m.paper)
      AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.chat = s.chat AND d.paper = m.paper)) n
JOIN paper p ON p.id = n.paper
WHERE n.place = 1 AND (n.at >= :since OR n.at = 0 AND p.published >= :since)
ORDER BY n.score DESC, p.id LIMIT :limit;

-- name: delivered
SELECT d.topic, d.label, d.digest, coalesce(s.state, ''), coalesce(s.settled_at, 0)
FROM delivery d LEFT JOIN send s ON s.id = d.send WHERE d.chat = :chat AND d.paper = :paper;

-- name: seen_at
SELECT seen_at, baseline, matched_at FROM paper WHERE id = :id;

-- name: subscribe
INSERT INTO subscription (chat, topic, label, created_at, since, level, wish)
VALUES (:chat, :topic, :label, :now, :now, :level, :wish)
ON CONFLICT (chat, topic) DO NOTHING;

-- name: set_level
UPDATE subscription SET level = :level WHERE chat = :chat AND topic = :topic;

-- name: retune
-- The new topic takes the place of the old one in the list, and its `since`.
INSERT INTO subscription (chat, topic, label, created_at, since, muted, level, wish)
SELECT chat, :topic, :label, created_at, since, muted, :level, :wish FROM subscription
WHERE chat = :chat AND topic = :old
ON CONFLICT (chat, topic) DO NOTHING;

-- name: retuned_votes
UPDATE vote SET topic = :topic WHERE chat = :chat AND topic = :old;

-- name: retuned_taste
UPDATE taste SET topic = :topic WHERE chat = :chat AND topic = :old;

-- name: retuned_match
-- What the old topic had found in time, the new one has found as well.
INSERT INTO match (topic, paper, at)
SELECT :topic, paper, at FROM match WHERE topic = :old AND paper = :paper
ON CONFLICT (topic, paper) DO UPDATE SET at = excluded.at WHERE match.at = 0 AND excluded.at > 0;

-- name: mute
UPDATE subscription SET muted = :muted, since = CASE WHEN :muted = 1 THEN since ELSE :now END
WHERE chat = :chat AND topic = :topic AND muted <> :muted;

-- name: unsubscribe
DELETE FROM subscription WHERE chat = :chat AND topic = :topic;

-- name: subscriptions
SELECT s.chat, s.topic, t.key, t.fts, t.more, s.label, s.since, s.muted, s.level, s.wish,
       coalesce(v.likes, 0), coalesce(v.dislikes, 0)
FROM subscription s JOIN topic t ON t.id = s.topic LEFT JOIN taste v ON v.chat = s.chat AND v.topic = s.topic
WHERE s.chat = :chat ORDER BY s.created_at, s.topic;

-- name: waiting
-- How many papers the next digest of a chat would carry now.
SELECT count(DISTINCT m.paper) FROM passing m WHERE m.chat = :chat AND m.at >= m.since AND m.at > :since
  AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.chat = :chat AND d.paper = m.paper);

-- name: scanned
-- New papers looked at for a chat since its last digest, or since its first topic.
SELECT count(*) FROM paper WHERE baseline = 0
  AND matched_at > coalesce((SELECT max(at) FROM digest WHERE chat = :chat), 0)
  AND matched_at >= (SELECT min(since) FROM subscription WHERE chat = :chat);

-- name: add_digest
INSERT INTO digest (id, chat, at, scanned, more, partial) VALUES (:id, :chat, :now, :scanned, :more, :partial);

-- name: add_deliveries
-- Each paper once, under the best-scoring topic, the oldest wish first among equals.
INSERT INTO delivery (chat, paper, digest, topic, label)
SELECT :chat, paper, :digest, topic, label FROM (
    SELECT m.paper AS paper, m.topic AS topic, m.label AS label, m.score AS score, m.at AS at,
           row_number() OVER (PARTITION BY m.paper ORDER BY m.score DESC, m.created_at, m.topic) AS place
    FROM passing m WHERE m.chat = :chat AND m.at >= m.since AND m.at > :since
      AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.chat = :chat AND d.paper = m.paper)) ranked
WHERE place = 1 ORDER BY score DESC, at DESC, paper LIMIT :cap
ON CONFLICT (chat, paper) DO NOTHING RETURNING paper;

-- name: open_digests
-- Digests not yet cut into messages whose papers all have the summary they wait for, in the language of the chat. What
-- stands in for one is good for a digest if it was made since that was composed, or is not to be replaced yet.
SELECT g.id, g.at, g.scanned, g.more, g.partial FROM digest g WHERE g.chat = :chat AND g.planned = 0
  AND NOT EXISTS (SELECT 1 FROM delivery d JOIN paper p ON p.id = d.paper JOIN chat c ON c.id = d.chat
    WHERE d.digest = g.id AND NOT EXISTS (
      SELECT 1 FROM summary s WHERE s.paper = p.id AND s.version = p.version AND s.prompt = :prompt AND s.model = :model
        AND s.language = CASE WHEN :language = '' THEN c.language ELSE :language END
        AND (s.stands_until = 0 OR s.stands_until > :now OR s.created_at >= g.at)))
ORDER BY g.at, g.id;

-- name: entries
SELECT p.id, p.version, p.title, p.abstract, p.authors, p.categories, p.published, p.updated, p.comment, p.journal_ref,
       p.doi, s.body, s.stands_until, d.topic, d.label,
       coalesce((SELECT m.kind FROM match m WHERE m.topic = d.topic AND m.paper = d.paper), ''), p.late
FROM delivery d JOIN paper p ON p.id = d.paper JOIN chat c ON c.id = d.chat
JOIN summary s ON s.paper = p.id AND s.version = p.version AND s.prompt = :prompt AND s.model = :model
              AND s.language = CASE WHEN :language = '' THEN c.language ELSE :language END
WHERE d.digest = :digest ORDER BY coalesce(
    (SELECT w.score FROM weighed w WHERE w.chat = d.chat AND w.topic = d.topic AND w.paper = d.paper),
    (SELECT m.score FROM match m WHERE m.topic = d.topic AND m.paper = d.paper), 0) DESC, p.id;

-- name: topics_of_deliveries
-- The labels under which a chat asked for what a digest carries.
SELECT d.paper, m.topic, m.label FROM delivery d JOIN passing m ON m.chat = d.chat AND m.paper = d.paper
WHERE d.digest = :digest ORDER BY m.created_at, m.topic;

-- name: plan_digest
UPDATE digest SET planned = 1 WHERE id = :digest AND planned = 0 RETURNING chat;

-- name: add_send
INSERT INTO send (id, chat, seq, origin, nonce, urgent, edits)
VALUES (:id, :chat, (SELECT coalesce(max(seq), 0) + 1 FROM send WHERE chat = :chat), :origin, :nonce, :urgent, :edits)
ON CONFLICT (id) DO NOTHING;

-- name: superseded
-- An edit that has not begun is not worth sending once the same message is to read otherwise.
UPDATE send SET state = 'skipped', error = 'a later edit took its place', settled_at = :now
WHERE chat = :chat AND edits = :edits AND state IN ('due', 'sending') AND state = 'due' AND attempt = 0;

-- name: retire
-- A placeholder that has not begun is not worth sending once its answer is there.
UPDATE send SET state = 'skipped', error = 'the answer came first', settled_at = :now
WHERE id = :id AND state = 'due' AND attempt = 0;

-- name: placed
-- Whether a placeholder is on its way or there.
SELECT id FROM send WHERE id = :id AND state <> 'skipped';

-- name: add_payload
INSERT INTO payload (send, text, buttons) VALUES (:id, :text, :buttons) ON CONFLICT (send) DO NOTHING;

-- name: add_picture
INSERT INTO picture (send, png, size, at) VALUES (:id, :png, :size, :now) ON CONFLICT (send) DO NOTHING;

-- name: picture
SELECT png FROM picture WHERE send = :id;

-- name: drop_picture
-- Unless its message is still to be sent, by whoever has taken it over.
DELETE FROM picture WHERE send = :id AND NOT EXISTS (
    SELECT 1 FROM send s WHERE s.id = :id AND s.state IN ('due', 'sending'));

-- name: drop_pictures
-- Those whose message is over, and the oldest of the others beyond so many bytes: those messages go out as text.
DELETE FROM picture WHERE send IN (
    SELECT send FROM (
        SELECT p.send AS send, s.id AS waits, sum(CASE WHEN s.id IS NULL THEN 0 ELSE p.size END)
               OVER (ORDER BY p.at DESC, p.send DESC) AS total
        FROM picture p LEFT JOIN send s ON s.id = p.send AND s.state IN ('due', 'sending')) held
    WHERE waits IS NULL OR total > :most);

-- name: payload
SELECT text FROM payload WHERE send = :id;

-- name: message_of
SELECT message FROM send WHERE id = :id;

-- name: pressed
-- The message a button belongs to. One whose arrival was never confirmed may stand there under any id.
SELECT s.id, p.buttons FROM send s JOIN payload p ON p.send = s.id
WHERE s.chat = :chat AND s.seq = :seq AND (s.message = :message OR s.doubted > 0 OR s.message = '' AND s.state = 'sending');

-- name: buttons_of
SELECT p.buttons FROM send s JOIN payload p ON p.send = s.id WHERE s.chat = :chat AND s.message = :message ORDER BY s.seq;

-- name: arrived
UPDATE send SET message = :message, state = CASE WHEN state = 'due' THEN 'sent' ELSE state END
WHERE id = :id AND (message = '' OR doubted > 0);

-- name: point_delivery
UPDATE delivery SET send = :send WHERE chat = :chat AND paper = :paper AND digest = :digest;

-- name: next_urgent
-- An answer goes before the digests of its chat.
SELECT id, not_before FROM send WHERE chat = :chat AND state IN ('due', 'sending') AND urgent = 1 AND state = 'due'
ORDER BY seq LIMIT 1;

-- name: next_send
-- The head of a chat's queue, in order; a head that waits holds those behind it back.
SELECT id, not_before FROM send WHERE chat = :chat AND state IN ('due', 'sending') AND state = 'due' ORDER BY seq LIMIT 1;

-- name: sending
-- Since when a message of a chat is under way; 0 if none is.
SELECT coalesce(min(claimed_at), 0) FROM send
WHERE chat = :chat AND state IN ('due', 'sending') AND state = 'sending';

-- name: claim
UPDATE send SET state = 'sending', attempt = attempt + 1, claimed_at = :now, first_at = coalesce(first_at, :now)
WHERE id = :id AND chat = :chat AND state = 'due' AND not_before <= :now RETURNING attempt, nonce, doubted, first_at, seq, edits;

-- name: settle
-- Fenced by the attempt: a worker that was declared dead cannot settle what another has taken over.
UPDATE send SET state = :state, not_before = :not_before, message = :message, error = :error, settled_at = :now,
                doubted = doubted + :doubt
WHERE id = :id AND attempt = :attempt AND state = 'sending';

-- name: doubt_all
-- What a dead process was sending: accepted or not, nobody knows. Deaths of ours never end a message: most never left.
UPDATE send SET state = :state, doubted = doubted + 1,
                error = 'the process ended before the answer came'
WHERE state IN ('due', 'sending') AND state = 'sending' RETURNING id;

-- name: due_deliveries
SELECT DISTINCT s.chat FROM send s JOIN chat c ON c.id = s.chat
WHERE s.state IN ('due', 'sending') AND c.suspended = ''
  AND (s.state = 'due' AND s.not_before <= :now OR s.state = 'sending' AND s.claimed_at < :now - :lost);

-- name: due_digests
SELECT DISTINCT g.chat FROM digest g JOIN chat c ON c.id = g.chat WHERE g.planned = 0 AND c.suspended = '';

-- name: due_summaries
-- What digests wait for: (language, paper).
SELECT DISTINCT CASE WHEN :language = '' THEN c.language ELSE :language END, d.paper
FROM delivery d JOIN digest g ON g.id = d.digest JOIN paper p ON p.id = d.paper JOIN chat c ON c.id = d.chat
WHERE d.send IS NULL AND c.suspended = '' AND NOT EXISTS (
    SELECT 1 FROM summary s WHERE s.paper = p.id AND s.version = p.version AND s.prompt = :prompt AND s.model = :model
      AND s.language = CASE WHEN :language = '' THEN c.language ELSE :language END
      AND (s.stands_until = 0 OR s.stands_until > :now OR s.created_at >= g.at));

-- name: ahead_chats
-- Chats whose digest comes between two moments.
SELECT id, language, cap, composed_at FROM chat WHERE next_at > :soon AND next_at <= :late AND suspended = '' AND mode = 'daily'
ORDER BY next_at;

-- name: ahead
-- What the next digest of a chat would carry as of now, where no model has written of it yet.
SELECT w.paper FROM (
    SELECT m.paper AS paper, max(m.score) AS score, max(m.at) AS at
    FROM passing m WHERE m.chat = :chat AND m.at >= m.since AND m.at > :since
      AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.chat = :chat AND d.paper = m.paper)
    GROUP BY m.paper ORDER BY score DESC, at DESC, m.paper LIMIT :cap) w
JOIN paper p ON p.id = w.paper WHERE NOT EXISTS (
    SELECT 1 FROM summary s WHERE s.paper = p.id AND s.version = p.version AND s.prompt = :prompt AND s.model = :model
      AND s.language = :language AND (s.stands_until = 0 OR s.stands_until > :now));

-- name: waited_since
-- Since when (ms) the longest waiting digest waits for a paper in a language.
SELECT min(g.at) FROM delivery d JOIN digest g ON g.id = d.digest JOIN chat c ON c.id = d.chat
WHERE d.paper = :paper AND d.send IS NULL AND g.planned = 0 AND c.suspended = '' AND c.language = :language;

-- name: without_summary
SELECT d.paper, CASE WHEN :language = '' THEN c.language ELSE :language END
FROM delivery d JOIN digest g ON g.id = d.digest JOIN paper p ON p.id = d.paper JOIN chat c ON c.id = d.chat
WHERE d.digest = :digest AND NOT EXISTS (
    SELECT 1 FROM summary s WHERE s.paper = p.id AND s.version = p.version AND s.prompt = :prompt AND s.model = :model
      AND s.language = CASE WHEN :language = '' THEN c.language ELSE :language END
      AND (s.stands_until = 0 OR s.stands_until > :now OR s.created_at >= g.at));

-- name: summary
SELECT body, stands_until, created_at FROM summary WHERE paper = :paper AND version = :version AND language = :language
  AND prompt = :prompt AND model = :model;

-- name: add_summary
-- What stands in for a model's summary is replaced; what a model wrote is not.
INSERT INTO summary (paper, version, language, prompt, model, body, created_at, stands_until)
VALUES (:paper, :version, :language, :prompt, :model, :body, :now, :stands_until)
ON CONFLICT (paper, version, language, prompt, model) DO UPDATE SET
    body = excluded.body, created_at = excluded.created_at, stands_until = excluded.stands_until
WHERE summary.stands_until > 0;

-- name: pause
-- One that was begun long after now was begun by a clock that has gone back since.
SELECT until, why, detail FROM pause WHERE provider = :provider AND until > :now AND at < :ahead;

-- name: set_pause
INSERT INTO pause (provider, until, why, detail, at) VALUES (:provider, :until, :why, :detail, :now)
ON CONFLICT (provider) DO UPDATE SET until = excluded.until, why = excluded.why, detail = excluded.detail,
    at = CASE WHEN pause.until > excluded.at AND pause.why = excluded.why THEN pause.at ELSE excluded.at END
WHERE excluded.until > pause.until OR pause.at >= :ahead;

-- name: end_pauses
DELETE FROM pause WHERE why = :why;

-- name: calls_since
-- What calls since a moment have cost, those under way with what they may cost at most.
SELECT count(*), coalesce(sum(tokens), 0), coalesce(sum(micros), 0), coalesce(min(at), 0) FROM call
WHERE provider = :provider AND at >= :since AND at < :until;

-- name: calls_under_way
-- The part of that which is only reserved and may come back; a call that nobody settled in time stays spent.
SELECT coalesce(sum(tokens), 0), coalesce(sum(micros), 0) FROM call
WHERE provider = :provider AND at >= :since AND at < :until AND at > :lost AND ended_at IS NULL;

-- name: begin_call
INSERT INTO call (id, provider, about, at, tokens, micros) VALUES (:id, :provider, :about, :now, :tokens, :micros);

-- name: end_call
UPDATE call SET tokens = :tokens, micros = :micros, ended_at = :now WHERE id = :id AND ended_at IS NULL;

-- name: drop_calls
DELETE FROM call WHERE at < :before;

-- name: latest
SELECT p.id, p.version, p.title, p.abstract, p.authors, p.categories, p.published, p.updated, p.comment, p.journal_ref,
       p.doi, min(m.label) FROM passing m JOIN paper p ON p.id = m.paper
WHERE m.chat = :chat GROUP BY p.id, p.version, p.title, p.abstract, p.authors, p.categories, p.published, p.updated,
      p.comment, p.journal_ref, p.doi, p.seen_at ORDER BY p.seen_at DESC, p.published DESC, p.id DESC LIMIT :limit;

-- name: hear
INSERT INTO inbox (id, chat, seq, text, may_manage, at, author, edits)
VALUES (:id, :chat, (SELECT coalesce(max(seq), 0) + 1 FROM inbox), :text, :may_manage, :now, :author, :edits)
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: next_said
SELECT id, text, may_manage, author FROM inbox WHERE chat = :chat AND done_at IS NULL ORDER BY seq LIMIT 1;

-- name: said_done
UPDATE inbox SET done_at = :now WHERE id = :id AND done_at IS NULL RETURNING edits, chat;

-- name: open_said
SELECT edits, chat FROM inbox WHERE id = :id AND done_at IS NULL;

-- name: open_inboxes
SELECT DISTINCT chat FROM inbox WHERE done_at IS NULL;

-- name: take
-- Generic cell rate: hand out the next slot in one statement, so that it paces every process on this ledger.
-- A row may lag `slack` behind now, which is what lets `burst` slots go at once at first and after a pause. A row far ahead of now
-- was written by a clock that has gone back since: it counts as empty.
INSERT INTO gate (key, next_at) VALUES (:key, :now - :slack)
ON CONFLICT (key) DO UPDATE SET next_at =
    CASE WHEN gate.held_until > :now AND gate.held_until > gate.next_at THEN gate.held_until
         WHEN gate.next_at + :every > :now - :slack
              AND (gate.next_at < :now + :far OR gate.held_until > :now AND gate.next_at < gate.held_until + :far)
              THEN gate.next_at + :every
         ELSE :now - :slack END
RETURNING next_at;

-- name: slot
SELECT next_at FROM gate WHERE key = :key;

-- name: give_back
UPDATE gate SET next_at = :next_at WHERE key = :key;

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

-- name: fail_all
-- What a process that is gone was doing.
UPDATE run SET ended_at = :now, outcome = 'failed', detail = 'the process ended before it was done.'
WHERE outcome = 'running';

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

-- name: new_chats
SELECT title FROM chat WHERE created_at > :since AND created_at <= :now AND id <> :but ORDER BY created_at;

-- name: new_suspended
SELECT title, suspended FROM chat WHERE suspended NOT IN ('', :awaiting) AND suspended_at > :since
  AND suspended_at <= :now AND id <> :but ORDER BY suspended_at LIMIT 20;

-- name: new_dead
SELECT count(*), coalesce(max(error), '') FROM send
WHERE state = 'dead' AND settled_at > :since AND settled_at <= :now AND chat <> :but;

-- name: new_failures
SELECT count(*), coalesce(max(detail), '') FROM run
WHERE outcome = 'failed' AND ended_at > :since AND ended_at <= :now;

-- name: new_pauses
-- Why a model is not asked for a while that readers will notice.
SELECT detail, until FROM pause WHERE at > :since AND at <= :now AND until > :now AND until - at >= :long
ORDER BY until DESC LIMIT 1;

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
UPDATE send SET state = :state, doubted = doubted + 1, error = 'the attempt was broken off'
WHERE state IN ('due', 'sending') AND state = 'sending' AND chat = :chat RETURNING id;

-- name: unsent
-- What is composed for a chat but has not arrived: how many papers, and the last trouble with them.
SELECT count(*), coalesce(max(s.error), '') FROM delivery d LEFT JOIN send s ON s.id = d.send
WHERE d.chat = :chat AND (s.id IS NULL OR s.state IN ('due', 'sending', 'dead'));

-- name: known
-- What is known of a paper before a record of it is taken.
SELECT version, categories, withdrawn, baseline, provisional, seen_at FROM paper WHERE id = :id;

-- name: add_record
-- A paper never seen before, as a witness tells of it.
INSERT INTO paper (id, version, title, abstract, authors, categories, published, updated, comment, journal_ref, doi,
                   seen_at, baseline, license, withdrawn, listing, late, provisional)
VALUES (:id, :version, :title, :abstract, :authors, :categories, :published, :updated, :comment, :journal_ref, :doi,
        :seen_at, :baseline, :license, :withdrawn, :listing, :late, :provisional)
ON CONFLICT (id) DO NOTHING;

-- name: renew_record
-- What the record of truth says of a known paper now; when it was seen, and whether it was matched, stays, and so do
-- corrected names for as long as we read the same.
UPDATE paper SET version = :version, title = :title, abstract = :abstract,
                 authors = CASE WHEN our_authors = :authors THEN authors ELSE :authors END,
                 our_authors = CASE WHEN our_authors = :authors THEN our_authors ELSE '' END,
                 categories = :categories, published = :published, updated = :updated, comment = :comment,
                 journal_ref = :journal_ref, doi = :doi, license = :license, withdrawn = :withdrawn, provisional = 0
WHERE id = :id AND version <= :version;

-- name: as_read
-- A paper in the version of a day (ms), and its authors as we read them.
SELECT id, version, title, abstract, authors, categories, published, updated, comment, journal_ref, doi,
       CASE WHEN our_authors = '' THEN authors ELSE our_authors END
FROM paper WHERE id = :id AND updated >= :day AND updated < :day + 86400000;

-- name: correct_authors
UPDATE paper SET our_authors = CASE WHEN our_authors = '' THEN authors ELSE our_authors END, authors = :authors
WHERE id = :id AND version = :version AND authors = :before;

-- name: call_new
-- What was taken for old turns out to be of this announcement: it is matched like any new paper.
UPDATE paper SET baseline = 0, matched_at = 0, listing = :listing, late = :late WHERE id = :id AND baseline = 1;

-- name: add_event
INSERT INTO event (paper, kind, version, gained, listing, at) VALUES (:paper, :kind, :version, :gained, :listing, :now)
ON CONFLICT (paper, kind, version, gained) DO NOTHING RETURNING paper;

-- name: told_gains
SELECT gained FROM event WHERE paper = :paper AND kind = 'cross';

-- name: gain
UPDATE paper SET categories = :categories WHERE id = :id;

-- name: listing_near
-- The announcement of the paper before this one in its month: ids are given in the order of announcement.
SELECT listing FROM paper WHERE id < :id AND id >= substr(:id, 1, 5) AND listing <> '' ORDER BY id DESC LIMIT 1;

-- name: unmatched_events
-- Cross-lists and revisions that no topic was held against yet; what is new is matched as a paper.
SELECT p.id, p.version, p.title, p.abstract, p.authors, p.categories, p.published, p.updated, p.comment, p.journal_ref,
       p.doi, e.kind, e.version, e.gained FROM event e JOIN paper p ON p.id = e.paper
WHERE e.matched_at = 0 ORDER BY e.paper, e.kind, e.version LIMIT :limit;

-- name: event_matched
UPDATE event SET matched_at = :now WHERE paper = :paper AND kind = :kind AND version = :version AND gained = :gained;

-- name: add_cross
-- A cross-list brings an old paper to a topic that it did not match before.
INSERT INTO match (topic, paper, at, kind, score, grade, why)
VALUES (:topic, :paper, :at, 'cross', :score, :grade, :why)
ON CONFLICT (topic, paper) DO UPDATE SET at = excluded.at, kind = excluded.kind WHERE match.at = 0;

-- name: add_revision
INSERT INTO revision (topic, paper, version, kind, at, grade)
VALUES (:topic, :paper, :version, :kind, :at, :grade)
ON CONFLICT (topic, paper, version, kind) DO NOTHING;

-- name: drop_revisions
DELETE FROM revision WHERE topic = :topic AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.topic = :topic);

-- name: waiting_revisions
SELECT count(*) FROM (
    SELECT DISTINCT r.paper, r.version, r.kind FROM subscription s
    JOIN revision r ON r.topic = s.topic AND r.at >= s.since AND r.at > :since
    JOIN chat c ON c.id = s.chat WHERE s.chat = :chat AND s.muted = 0 AND r.grade >= s.level AND c.revisions = 1 AND NOT EXISTS (
        SELECT 1 FROM notice n WHERE n.chat = :chat AND n.paper = r.paper AND n.version = r.version AND n.kind = r.kind)) w;

-- name: add_notices
INSERT INTO notice (chat, paper, version, kind, digest)
SELECT DISTINCT :chat, r.paper, r.version, r.kind, :digest FROM subscription s
JOIN revision r ON r.topic = s.topic AND r.at >= s.since AND r.at > :since
JOIN chat c ON c.id = s.chat WHERE s.chat = :chat AND s.muted = 0 AND r.grade >= s.level AND c.revisions = 1
ON CONFLICT (chat, paper, version, kind) DO NOTHING RETURNING paper;

-- name: notices
SELECT p.id, p.version, p.title, p.abstract, p.authors, p.categories, p.published, p.updated, p.comment, p.journal_ref,
       p.doi, n.version, n.kind FROM notice n JOIN paper p ON p.id = n.paper WHERE n.digest = :digest ORDER BY p.id, n.version;

-- name: drop_notices
DELETE FROM notice WHERE chat = :chat;

-- name: move_notices
INSERT INTO notice (chat, paper, version, kind, digest)
SELECT :new, paper, version, kind, digest FROM notice WHERE chat = :old ON CONFLICT (chat, paper, version, kind) DO NOTHING;

-- name: ids_from
-- Ids of a month, for the audit.
SELECT id FROM paper WHERE id >= :first AND id < :after;

-- name: highest_id
SELECT coalesce(max(id), '') FROM paper WHERE id LIKE '____.%';

-- name: note
SELECT text FROM note WHERE name = :name;

-- name: set_note
INSERT INTO note (name, text) VALUES (:name, :text) ON CONFLICT (name) DO UPDATE SET text = excluded.text;

-- name: coverage
SELECT c.listing, (SELECT count(*) FROM paper p WHERE p.listing = c.listing), c.oai, c.rss, c.missing, c.audit,
       (SELECT count(*) FROM paper p WHERE p.listing = c.listing AND p.late = 1), c.complete_at, c.alarm
FROM coverage c WHERE c.listing >= :since ORDER BY c.listing DESC;

-- name: open_coverage
INSERT INTO coverage (listing, at) VALUES (:listing, :now) ON CONFLICT (listing) DO NOTHING;

-- name: set_oai
UPDATE coverage SET oai = (SELECT count(*) FROM paper p WHERE p.listing = :listing AND p.provisional = 0)
WHERE listing = :listing;

-- name: set_rss
UPDATE coverage SET rss = :rss, missing = :missing, alarm = :alarm WHERE listing = :listing;

-- name: set_audit
UPDATE coverage SET audit = coalesce(audit, 0) + :found WHERE listing = :listing;

-- name: call_complete
UPDATE coverage SET complete_at = :now WHERE listing = :listing AND complete_at IS NULL;

-- name: completed_at
SELECT complete_at FROM coverage WHERE listing = :listing;

-- name: license
-- Under what this version of a paper stands, as the record of truth says; '' if it has not said.
SELECT license FROM paper WHERE id = :id AND version = :version AND withdrawn = 0;

-- name: add_job
INSERT INTO job (id, chat, paper, language, question, work, at)
VALUES (:id, :chat, :paper, :language, :question, :work, :now)
ON CONFLICT (id) DO NOTHING;

-- name: job
SELECT id, chat, paper, language, question, stages, work FROM job WHERE id = :id AND ended_at IS NULL;

-- name: open_jobs
SELECT j.id FROM job j JOIN chat c ON c.id = j.chat WHERE j.ended_at IS NULL AND c.suspended = '' ORDER BY j.at LIMIT 100;

-- name: next_stage
UPDATE job SET stages = stages + 1 WHERE id = :id AND ended_at IS NULL RETURNING chat, stages;

-- name: end_job
-- What somebody asked is nobody's business once it is answered.
UPDATE job SET ended_at = :now, question = '' WHERE id = :id AND ended_at IS NULL RETURNING chat;

-- name: move_jobs
UPDATE job SET chat = :new WHERE chat = :old;

-- name: drop_jobs
DELETE FROM job WHERE chat = :chat;
