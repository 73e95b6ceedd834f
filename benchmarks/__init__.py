"""Benchmarks, outside of the wheel: each script prints ratios of one run."""
