"""What `tools/benchmarks/faults.py` does to a desk, a file for each kind of mishap."""
