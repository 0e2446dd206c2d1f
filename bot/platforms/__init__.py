"""Where people are, one file a platform; the file name is the name in the configuration."""
