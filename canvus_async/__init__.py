"""The asyncio client for the Canvus REST API."""
