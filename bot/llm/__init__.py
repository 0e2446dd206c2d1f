"""Language models: one file a wire, each only `complete(prompt, schema, limits) -> RawReply`, none knows of papers."""
