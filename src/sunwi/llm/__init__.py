"""Large language models behind one door: providers, row cache, retries, limits, budget and ledger."""
