"""Documents as people keep them (HWP, PDF, Word, slides, sheets, HTML, Markdown) become passages with a place."""
