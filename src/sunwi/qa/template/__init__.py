"""Questions by Korean templates: no language model, every word of them from the passage."""
