"""The embedded server: a real Canvus-compatible server in one process (extra `server`)."""
