"""How one vector is made of a text's token vectors: one pooling a file, defining POOLING.

The file's name is sentence-transformers' name of it (`pooling_mode` of 1_Pooling/config.json).
"""
