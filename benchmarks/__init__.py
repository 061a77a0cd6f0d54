"""Benchmarks of canvus_async: compared with other libraries and with the limit. Run `python -m benchmarks`."""
