"""What people's turns tell `tune`: counts, and what became of each decision once its window has closed."""

from __future__ import annotations

from msgspec import Struct

from journeyloop.model.breaker import Breaker
from journeyloop.model.budget import Budget


class Count(Struct, gc=False):
    """Add `by` to `key` of a moment's counts."""

    moment: str
    key: str
    by: int = 1


class Credit(Struct, gc=False):
    """A window of this moment has closed: its score in one measure, and the sum and number of the person's earlier
    ones. `y` is what was measured; `mode` as written, and whether it may `promote` itself; `watched` is how much is
    watched for harm, over all moments: it shares the error rate of pauses."""

    moment: str
    treated: bool
    goal: bool
    psi: float
    sum_before: float
    rows_before: int
    measure: str = ""
    y: float = 0.0
    mode: str = "fixed"
    promote: bool = False
    watched: int = 1


class Joined(Struct, gc=False):
    """Two persons with rows in this moment's evidence are one."""

    moment: str
    sum_one: float
    rows_one: int
    sum_two: float
    rows_two: int
    measure: str = ""


class Lesson(Struct, gc=False):
    """One response for one arm of a moment: features `x` (packed), whether the goal was reached. `action` "" is
    silence. `meaning` and `every` are the plan's: what is learned, and after how many responses."""

    moment: str
    action: str
    x: bytes
    reached: bool
    meaning: str
    every: int = 1


class Worth(Struct, gc=False):
    """A goal of this moment was worth so much."""

    moment: str
    value: float


class Spend(Struct, gc=False):
    """Of a budget so much more is `promised` (less, where negative) and `paid`, in millionths. The promise is over
    `until` then at the latest. Of nothing it only says that time has passed."""

    budget: Budget
    promised: int = 0
    paid: int = 0
    until: int = 0


class Beat(Struct, gc=False):
    """What the breaker counts: `signals`, how many of them `led` to a contact, `contacts` that were made."""

    breaker: Breaker
    signals: int = 0
    led: int = 0
    contacts: int = 0


Tuning = Beat | Count | Credit | Joined | Lesson | Spend | Worth
