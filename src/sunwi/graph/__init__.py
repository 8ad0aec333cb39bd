"""Code dependencies of the stages, computed from the imports and written into dvc.yaml."""
