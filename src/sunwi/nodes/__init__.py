"""Search servers for tests and development on this machine, assembled from a Maven repository's artifacts."""
