"""Taking a printed chart in: sheets filled apart by two people, compared cell by cell, checked, and written as a chart version."""
