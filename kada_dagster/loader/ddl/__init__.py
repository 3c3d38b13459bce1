"""Tables of the target: made and changed, from the source's columns or from version files."""
