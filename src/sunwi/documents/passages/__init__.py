"""From the blocks of a document to passages that respect its structure."""
