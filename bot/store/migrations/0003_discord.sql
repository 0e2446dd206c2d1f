-- Servers that are left as a whole, forums and channels whose posts can be published, roles that may manage.

ALTER TABLE chat ADD COLUMN server TEXT NOT NULL DEFAULT '';
ALTER TABLE chat ADD COLUMN publish BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN apart BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN role TEXT NOT NULL DEFAULT '';
CREATE INDEX chat_server ON chat (server) WHERE server <> '';
