"""Nouns that two rooms need. No behaviour beyond what the noun itself says; no I/O, clock or chance.

All times are integer milliseconds since the Unix epoch, all durations integer milliseconds, all ids `bytes`.
"""
