"""Fusion of several retrievers' scores; the methods that a submission may name are in `methods`."""
