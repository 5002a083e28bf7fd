"""Whole tables and files of observation sets, scored by compiled charts: row by row exactly what the reference scorer gives."""
