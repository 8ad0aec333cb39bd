"""Large language models behind one client: providers, row cache, retries, limits, budget and ledger."""
