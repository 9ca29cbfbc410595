"""content/LANG.yaml: moment → action → the fields of its content in this language, in place of the moment's own."""

from __future__ import annotations

import re
from collections.abc import Mapping as Named
from pathlib import PurePosixPath
from typing import Any

from msgspec.structs import replace

from journeyloop.adapters.config.content import Said, read_translation, shape_of
from journeyloop.adapters.config.report import Report, suggestion
from journeyloop.adapters.config.section import Section
from journeyloop.adapters.config.settings import Settings
from journeyloop.adapters.config.tree import Mapping
from journeyloop.model.moment import Action, Moment
from journeyloop.runtime.channels import Connection

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Translating:
    """The moments as they are after each file."""

    def __init__(
        self,
        moments: dict[str, Moment],
        profile: frozenset[str],
        channels: Named[str, Connection],
        settings: Settings,
    ) -> None:
        self.moments, self.profile, self.channels, self.settings = dict(moments), profile, channels, settings

    def read(self, file: str, root: Mapping, report: Report) -> None:
        """One file; problems go to the report."""
        stem = PurePosixPath(file).stem
        if not _LANGUAGE.fullmatch(stem):
            report.error(1, f"{stem} is no language: call the file de.yaml or de-AT.yaml")
            return
        for name, entry in root.entries.items():
            moment = self.moments.get(name)
            if moment is None:
                report.error(entry.line, f"no moment {name}{suggestion(name, self.moments)}")
                continue
            section = Section(root, "", report, root.entries)
            said = section.mapping(name)
            translated = {
                action.name: self._action(stem, moment, action, said, report)
                for action in moment.actions
                if said and action.name in said.entries
            }
            for other in said.entries if said else ():
                if other not in translated:
                    hint = suggestion(other, [action.name for action in moment.actions])
                    report.error(said.entries[other].line if said else 1, f"{name} has no action {other}{hint}")
            actions = tuple(translated.get(action.name, action) for action in moment.actions)
            self.moments[name] = replace(moment, actions=actions)

    def _action(self, stem: str, moment: Moment, action: Action, said: Mapping | None, report: Report) -> Action:
        assert said is not None
        path = f"{moment.name}.{action.name}"
        section = Section(said, moment.name, report, said.entries)
        written = section.mapping(action.name)
        if written is None:
            return action
        asked = moment.detect.ask is not None
        how = Said(
            action.channel, shape_of(action.channel, self.channels), asked, bool(action.coupon), self.settings
        )  # fmt: skip
        fields, reads = read_translation(written, path, action.content, how, self.profile, section)
        translations: dict[str, dict[str, Any]] = {**action.translations, stem.lower(): fields}
        return replace(action, translations=translations, reads=action.reads | reads)
