"""Hard negatives and candidate lists."""
