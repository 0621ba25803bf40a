"""Measurements that are run by hand: `python -m benchmarks.two_sample`."""
