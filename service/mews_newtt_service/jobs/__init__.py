"""Long work: uploads, the queue, and the workers that do it."""
