"""Two records of the same episodes, such as paper beside digital: which sets belong together, and how far they agree."""
