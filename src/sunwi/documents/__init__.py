"""Documents (HWP, PDF, Word, slides, sheets, HTML, Markdown, text) become passages with a place."""
