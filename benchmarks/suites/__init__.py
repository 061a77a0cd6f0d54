"""The benchmarks: each runs its workloads and hands back a table, all samples, and the figures that goals are for."""
