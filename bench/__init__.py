"""Benchmarks and training scripts; each has a make target."""
