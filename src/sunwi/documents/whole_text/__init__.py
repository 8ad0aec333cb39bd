"""Text made whole: what a page's layout and a font did to it is undone."""
