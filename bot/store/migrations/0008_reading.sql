-- What takes its time: a paper read as a whole, a question asked of it. Its answer takes the place of the message that
-- says that it is under way: the first one of what was said (`id`).
CREATE TABLE job (
    id TEXT PRIMARY KEY, chat TEXT NOT NULL, paper TEXT NOT NULL, language TEXT NOT NULL, question TEXT NOT NULL,
    stages BIGINT NOT NULL DEFAULT 0, at BIGINT NOT NULL, ended_at BIGINT);
CREATE INDEX job_open ON job (at) WHERE ended_at IS NULL;
CREATE INDEX job_chat ON job (chat);
