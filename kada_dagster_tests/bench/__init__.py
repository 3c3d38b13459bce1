"""Tests of what the benchmarks decide by; what they measure is seen by running them."""
