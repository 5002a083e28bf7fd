"""A chart as one SQL statement, which scores a table where the data is: `chart_sql(chart, "postgres", table="observations").sql`.

For analysts and reviewers of a data warehouse. docs/sql.md shows a statement and says what SQL does not carry.
"""

from mews_newtt.tables.sql.dialects import DIALECTS
from mews_newtt.tables.sql.statement import FORMS, IDENTITY, Written, chart_sql

__all__ = ["DIALECTS", "FORMS", "IDENTITY", "Written", "chart_sql"]
