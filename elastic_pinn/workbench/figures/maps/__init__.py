"""Maps of a body: the axes of its window, and its rims."""
