"""What an import would do: counted over its rows, with nothing written."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from journeyloop.model.inputs import ConsentStated, Imported
from journeyloop.runtime.rows import Rows

SHOWN_ROWS = 5
SHOWN_NAMES = 30


class Report:
    """Add rows, then ask. People are told apart by the identifier their rows travel by."""

    def __init__(self) -> None:
        self.rows = 0
        self.accepted: Counter[str] = Counter()
        self.names: Counter[str] = Counter()
        self.refused: dict[str, list[int]] = {}
        self.refusals: Counter[str] = Counter()
        self.earliest: int | None = None
        self.latest: int | None = None
        self._people: set[int] = set()

    def add(self, rows: Rows) -> None:
        self.rows += len(rows.inputs) + len(rows.refused)
        for one in rows.inputs:
            match one:
                case Imported(event=event):
                    self.accepted[event.kind] += 1
                    self.names[event.name] += 1
                    self._seen(event.time, event.primary())
                case ConsentStated():
                    for purpose, granted in one.choices.items():
                        self.accepted["granted" if granted else "refused"] += 1
                        self.names[purpose] += 1
                    self._seen(one.at, one.identifier)
        for refused, number in zip(rows.refused, rows.refused_rows, strict=True):
            self.refusals[refused.reason] += 1
            if len(shown := self.refused.setdefault(refused.reason, [])) < SHOWN_ROWS:
                shown.append(number)

    def _seen(self, at: int, identifier: tuple[str, str]) -> None:
        self.earliest = at if self.earliest is None else min(self.earliest, at)
        self.latest = at if self.latest is None else max(self.latest, at)
        self._people.add(hash(identifier))

    def told(self) -> dict[str, Any]:
        """Times in ms; `refused` by reason with the first few rows, `names` the most frequent."""
        return {
            "rows": self.rows,
            "accepted": dict(self.accepted),
            "refused": {
                reason: {"count": self.refusals[reason], "rows": rows} for reason, rows in self.refused.items()
            },
            "earliest": self.earliest,
            "latest": self.latest,
            "people": len(self._people),
            "names": dict(self.names.most_common(SHOWN_NAMES)),
        }

    def words(self, file: str) -> str:
        lines = [f"{file}: {self.rows:,} rows, nothing written"]
        lines.append(f"{self.accepted.total():,} would be imported, of {len(self._people):,} people")
        if self.earliest is not None and self.latest is not None:
            lines.append(f"  from {_day(self.earliest)} to {_day(self.latest)}")
        lines += [f"  {count:,} {name}" for name, count in self.names.most_common(SHOWN_NAMES)]
        if self.refused:
            lines.append(f"{self.refusals.total():,} would be refused")
        for reason, rows in sorted(self.refused.items()):
            more = ", …" if self.refusals[reason] > len(rows) else ""
            lines.append(f"  {self.refusals[reason]:,} {reason} (rows {', '.join(map(str, rows))}{more})")
        return "\n".join(lines)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
