"""Turns any real file into a table of text, for a reading plan: every kind of source by one call, `read_source`."""

from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.origins.opening import propose_settings, read_source
from mews_newtt.tables.origins.settings import Note, SettingNeeded
from mews_newtt.tables.origins.source_table import SourceBatch, SourceTable

__all__ = ["Note", "SettingNeeded", "SourceBatch", "SourceSettings", "SourceTable", "propose_settings", "read_source"]
