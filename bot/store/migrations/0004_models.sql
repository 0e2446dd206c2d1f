-- Summaries by models, what they cost, and what stands in for them while no model can be asked.

-- 0: for good; else until when (ms) it stands in for what a model would write.
ALTER TABLE summary ADD COLUMN stands_until BIGINT NOT NULL DEFAULT 0;

-- A call to a model: from before it is made with what it may cost at most, in the end with what it did cost.
CREATE TABLE call (
    id TEXT PRIMARY KEY, provider TEXT NOT NULL, about TEXT NOT NULL, at BIGINT NOT NULL, tokens BIGINT NOT NULL,
    micros BIGINT NOT NULL, ended_at BIGINT);
CREATE INDEX call_at ON call (at);

-- Until when a provider of models is not asked, why, and since when.
CREATE TABLE pause (
    provider TEXT PRIMARY KEY, until BIGINT NOT NULL, why TEXT NOT NULL, detail TEXT NOT NULL, at BIGINT NOT NULL);
