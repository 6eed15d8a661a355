"""Benchmarks: ratios against peers, both run in turn within one run; see README.md beside this file."""
