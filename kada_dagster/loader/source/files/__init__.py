"""Files of a folder or of an object store as a source."""
