"""Documents as people keep them (HWP, PDF, Word, slides, HTML, Markdown) become passages with a place."""
