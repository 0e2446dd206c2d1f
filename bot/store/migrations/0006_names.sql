-- Authors as we read them (JSON), where arXiv's own reading of them is shown; '' where ours is.
ALTER TABLE paper ADD COLUMN our_authors TEXT NOT NULL DEFAULT '';
