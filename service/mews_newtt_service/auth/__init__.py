"""Who calls: keys, signed tokens, and what each client may use."""
