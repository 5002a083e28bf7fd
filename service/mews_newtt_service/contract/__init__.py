"""The typed contract: a pydantic model of every request and answer.

The models describe. The library's own answers stay the source, and a test holds the models to them.
"""
