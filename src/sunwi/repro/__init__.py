"""DVC's command line in less time: the same stages, the same dvc.lock.

DVC starts a Python for each stage, which imports torch and other libraries anew, and after each stage it
parses dvc.lock and writes it again, in Python. Here stages are forks of one process that has the libraries
(`stage_server`), and of the lock only the stage's own entry is written (`lock_file`). YAML that DVC reads
again and again is parsed once (`parsing`).
"""
