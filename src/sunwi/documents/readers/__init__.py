"""One module a reader; each defines READER."""
