"""Questions by an LLM: prompt, tolerant reading of the answer, candidates."""
