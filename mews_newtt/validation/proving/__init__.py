"""Holds every engine to the reference on every combination of a chart's classes. `mews_newtt.validation.prove` is the way in.

- `cells.py`: what is tried of each parameter. `sets.py`: the sets made of it. `scorers.py`: the same sets scored by each engine and by the
  reference. `prove.py`: the proof of one chart.
- `recorded.py` and `recorded.json`: the counts on record of the charts that ship, and their words. They need no package beyond Python.
- docs/decisions/0016-every-combination.md: why these sets, and what they do not show.
"""
