"""Fusion of several retrievers' scores; what a submission may name stands in `methods`."""
