"""Where batches are computed: in this process, or by workers of a Ray cluster; the results are the same."""
