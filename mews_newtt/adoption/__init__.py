"""Adopting a printed chart: two people fill sheets apart; the sheets are compared cell by cell, checked, and written as a chart version."""
