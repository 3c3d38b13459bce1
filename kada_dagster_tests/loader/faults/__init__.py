"""Loads under kill -9, cut connections, servers that start again, and other loads."""
