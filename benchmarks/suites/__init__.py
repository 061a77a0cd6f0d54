"""The benchmarks: each runs its workloads and returns a table, all samples, and the figures that goals refer to."""
