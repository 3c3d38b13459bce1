"""Tests of the servers and samples the demo and the other tests run on."""
