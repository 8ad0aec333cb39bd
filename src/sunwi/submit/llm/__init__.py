"""Steps of a submission that ask a language model."""
