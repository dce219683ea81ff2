"""The wavefield of a run over space and time: its values, its energy, its error."""
