"""Documents as people keep them (HWP, PDF, Word, slides, sheets, HTML) become passages with a place."""
