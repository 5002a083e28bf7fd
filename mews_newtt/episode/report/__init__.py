"""The report of a ward or a month: how many sets came in time, what was missing, how long people stayed at each level. Counts; no person is named."""
