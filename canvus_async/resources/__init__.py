"""One small class per kind of thing on the server, over a ladder of generic bases."""
