"""Tests of how tables are made and changed."""
