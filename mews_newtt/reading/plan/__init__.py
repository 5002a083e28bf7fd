"""Reading plans: one TOML file says how somebody else's file becomes observation sets. Made by `read_plan`, applied by `tables/planned/`."""

from mews_newtt.reading.plan.model import Plan, SourceSettings
from mews_newtt.reading.plan.read import read_plan

__all__ = ["Plan", "SourceSettings", "read_plan"]
