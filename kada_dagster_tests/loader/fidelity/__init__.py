"""Values of every type of every source travel without change."""
