-- Figures of papers, for chats that asked for them. The picture of a message waits here, not beside the ledger: it is
-- frozen and dropped in the transactions of its message, and a copy of the ledger holds all that is still to be sent.
-- `png` is in base 64, which every database has; `size` is that of the picture.
ALTER TABLE chat ADD COLUMN figures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN work TEXT NOT NULL DEFAULT 'read';
CREATE TABLE picture (send TEXT PRIMARY KEY, png TEXT NOT NULL, size BIGINT NOT NULL, at BIGINT NOT NULL);
