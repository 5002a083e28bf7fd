"""Reading an observation set and scoring it exactly."""
