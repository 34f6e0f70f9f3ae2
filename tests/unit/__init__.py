"""Pure rules, small parts and promises: no database, no network but a socket or two."""
