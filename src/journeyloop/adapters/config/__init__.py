"""The configuration directory → Plan. Reading files is in `files`, `keys` and `init`; everything else is pure.

Errors are the author's: each is a `Problem` with file and line that says what to write instead. This folder knows the
format of the files and nothing of what the loop does with a plan.
"""

from journeyloop.adapters.config.files import Unreadable, read_texts
from journeyloop.adapters.config.init import scaffold
from journeyloop.adapters.config.keys import Keys, read_keys
from journeyloop.adapters.config.load import Loaded, load
from journeyloop.adapters.config.settings import Settings

__all__ = ["Keys", "Loaded", "Settings", "Unreadable", "load", "read_keys", "read_texts", "scaffold"]
