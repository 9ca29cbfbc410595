"""Every channel against the one contract. A kind without a case fails."""

from __future__ import annotations

import asyncio

import pytest

from journeyloop.adapters.channels import KINDS
from journeyloop.runtime.channels import SHAPES
from journeyloop.testing.channel_contract import SCENES, Case, Scene, check
from tests.contract.channels import CASES


def test_every_kind_is_here() -> None:
    assert sorted(case.kind for case in CASES) == sorted(KINDS)
    assert KINDS.keys() <= SHAPES.keys()


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_a_channel_keeps_the_contract(case: Case, scene: Scene) -> None:
    if scene not in case.lacks:
        asyncio.run(check(case, scene))
