"""A language model as second judge: grades by a rubric, comparisons, measured against people."""
