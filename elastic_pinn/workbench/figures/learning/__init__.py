"""How training went: the losses of a run, of several, and of a sweep."""
