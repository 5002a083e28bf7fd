"""The engine for arrays in memory: lookup tables and compiled loops."""
