"""The course of one person: sets in order of time, corrections, changes, and when the next set is due and why."""

from mews_newtt.episode.due import Due, Reason
from mews_newtt.episode.entries import Entry, Superseded, arrange
from mews_newtt.episode.follow import Episode, FollowedSet, follow
from mews_newtt.episode.plain import EpisodeDict, SetDict
from mews_newtt.episode.policy import Policy
from mews_newtt.episode.read_policy import load_policy, policy_files
from mews_newtt.episode.response import Concern, Escalation

__all__ = [
    "Concern", "Due", "Entry", "Episode", "EpisodeDict", "Escalation", "FollowedSet", "Policy", "Reason", "SetDict", "Superseded",
    "arrange", "follow", "load_policy", "policy_files",
]  # fmt: skip
