"""How every figure looks: its size, colours, legends, labels and units, and the files that it is saved as."""
