"""Landing directories: where K picks extracts up."""
