"""How long a test waits for what should come: a busy machine is slow, and only something that hangs may fail a test."""

PATIENCE = 300  # seconds; what has come is never waited for
