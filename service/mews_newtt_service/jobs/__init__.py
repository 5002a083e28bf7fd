"""Long work: uploads, the queue of jobs, and the worker processes that do them."""
