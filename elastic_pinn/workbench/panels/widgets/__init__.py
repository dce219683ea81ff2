"""What panels are made of: fields, lists, lines, pictures and movies, and work in another thread."""
