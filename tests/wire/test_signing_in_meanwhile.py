"""Signing in while what was given is changed: from the answer on, nothing more by the old terms."""

from pathlib import Path

import pytest

from bridge.accounts.sessions import Origin
from bridge.errors import WrongSecret
from bridge.model.user import Role
from bridge.ports.store_rows import Login
from tests.support.native_site import PASSWORD, site_in


@pytest.mark.parametrize("change", [{"password": "another horse, another staple"}, {"disabled": True}])
async def test_a_password_that_ends_while_it_is_looked_at_opens_no_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, str]
) -> None:
    async with site_in(tmp_path) as site:
        await site.person(Role.OWNER)
        await site.person(Role.READER, "anna")
        login = site.store.login

        async def slow(name: str) -> Login | None:
            found = await login(name)
            await site.gateway.users.change("test", name, **change)  # type: ignore[arg-type]
            return found

        monkeypatch.setattr(site.store, "login", slow)
        with pytest.raises(WrongSecret):
            await site.gateway.sessions.sign_in("anna", PASSWORD, "", Origin("192.0.2.7"))
