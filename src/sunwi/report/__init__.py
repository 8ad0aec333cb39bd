"""What went wrong and how it looks: failure notes, the embedding map, the page, model cards."""
