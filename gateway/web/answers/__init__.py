"""The answers, as the reference shows them. Handlers write them by hand; a test compares both, route by route."""
