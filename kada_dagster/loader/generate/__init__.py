"""Task folders made of what a source says of its tables; run again, they stay as they are."""
