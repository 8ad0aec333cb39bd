"""`sunwi serve`: search page, judging desk and API over the models of a built project."""
