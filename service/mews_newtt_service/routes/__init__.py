"""Groups of paths; each module has `router(settings)`."""
