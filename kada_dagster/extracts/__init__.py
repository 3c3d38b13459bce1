"""The K extract contract: families and columns, writer, manifest, masking, identity, checks."""
