"""The names under which a running engine is met, for both ends of its socket."""

SOCKET_NAME = "engine.sock"
"""In the state folder."""
ENGINE_HEADER = "Spreads-Engine"
"""In every answer: mode and account of the engine that gives it."""
VERSION_HEADER = "Spreads-Version"
"""In every answer: the version of that engine, whose rows only commands of that version know how to read."""
