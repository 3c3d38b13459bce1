"""Tests of the extract contract room."""
