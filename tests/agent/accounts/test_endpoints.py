from __future__ import annotations

import pytest

from amika_agent.endpoints import CLIENT_ID, resolve_endpoints
from amika_local.errors import UsageError


def test_defaults():
    found = resolve_endpoints({})
    assert (found.api_url, found.workos_url) == ("https://app.amika.dev", "https://api.workos.com")
    assert found.client_id == CLIENT_ID
    assert found.warning == ""
    assert found.token_url == "https://api.workos.com/user_management/authenticate"


def test_environment_then_settings_then_default():
    settings = {"account.api_url": "https://set.example/", "account.client_id": "client_set", "account.workos_url": ""}
    found = resolve_endpoints({}, settings=settings)
    assert (found.api_url, found.client_id) == ("https://set.example", "client_set")
    env = {"AMIKA_API_URL": "https://env.example", "AMIKA_WORKOS_URL": "http://127.0.0.1:99"}
    found = resolve_endpoints(env, settings=settings)
    assert (found.api_url, found.workos_url) == ("https://env.example", "http://127.0.0.1:99")


def test_the_local_workspace_is_every_server():
    env = {"AMIKA_API_URL": "https://env.example"}
    found = resolve_endpoints(env, local_url="http://127.0.0.1:8811")
    assert found.api_url == found.workos_url == "http://127.0.0.1:8811"
    assert found.warning == ""


def test_one_warning_for_another_api_with_the_default_client():
    assert "AMIKA_WORKOS_CLIENT_ID" in resolve_endpoints({"AMIKA_API_URL": "https://x.example"}).warning
    both = {"AMIKA_API_URL": "https://x.example", "AMIKA_WORKOS_CLIENT_ID": "client_x"}
    assert resolve_endpoints(both).warning == ""


def test_all_loopback_servers_are_one_class_and_others_are_themselves():
    one = resolve_endpoints({}, local_url="http://127.0.0.1:1")
    two = resolve_endpoints({}, local_url="http://localhost:2")
    assert one.origin == two.origin == "loopback"
    assert resolve_endpoints({"AMIKA_API_URL": "https://X.example:443/"}).origin == "https://x.example"


def test_bad_client_id_is_refused():
    with pytest.raises(UsageError):
        resolve_endpoints({"AMIKA_WORKOS_CLIENT_ID": "client\x1b[31m"})
