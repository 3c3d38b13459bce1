"""What every source shares."""
