"""Files of settings in YAML, read so that everything wrong in them can be told at once: line, key and cure."""
