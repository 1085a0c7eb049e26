"""One aanvraag against all plekken: what goes into the matcher, and what it answered in Dutch."""
