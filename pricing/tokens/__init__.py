"""API prices per million tokens: the list with its history, names, hours, long requests, and a second list beside it."""
