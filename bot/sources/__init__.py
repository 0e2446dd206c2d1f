"""Where papers come from, one file a source; the file name is the name in the configuration."""
