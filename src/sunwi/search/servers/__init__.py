"""Search on a server: Elasticsearch or OpenSearch behind one interface."""
