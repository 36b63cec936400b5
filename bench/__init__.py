"""Benchmarks: what the product costs, measured against what is asked and against a peer; never a timed test."""
