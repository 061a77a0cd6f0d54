"""How fast canvus_async is, against the peers and against what is possible. Run it with `python -m benchmarks`."""
