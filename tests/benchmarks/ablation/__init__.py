"""What samplers, balancers, networks and forms of the literature do for a network trained from Glorot's start."""
