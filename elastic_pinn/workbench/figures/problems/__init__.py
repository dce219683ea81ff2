"""What is asked, before anything is solved: the problem, its sources, and how long their waves are."""
