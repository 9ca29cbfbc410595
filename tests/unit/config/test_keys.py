"""The secret that pushes are signed with: read from the environment, refused with words if it has another form."""

from __future__ import annotations

import base64

import pytest

from journeyloop.adapters.config.files import Unreadable
from journeyloop.adapters.config.keys import SECRET, read_webhook_secret

KEY = b"0123456789abcdef01234567"


def test_the_form_of_standard_webhooks() -> None:
    assert read_webhook_secret({SECRET: f"whsec_{base64.b64encode(KEY).decode()}"}) == KEY
    assert read_webhook_secret({}) is None
    assert read_webhook_secret({SECRET: ""}) is None


@pytest.mark.parametrize("text", ["secret", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", base64.b64encode(KEY).decode()])
def test_another_form_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_webhook_secret({SECRET: text})
    assert "whsec_ and at least 16 bytes as base64" in str(refused.value)
    assert text not in str(refused.value).replace("whsec_ and", "")
