"""The fusions that a submission may name: one a file, defining FUSION."""
