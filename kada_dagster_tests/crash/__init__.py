"""Killing the process at chosen points between the source and the mark."""
