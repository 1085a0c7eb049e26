"""`loket inlog` and `loket gebruiker`: the operator says where people log in, and who is the first beheerder."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from service.app import create_app
from service.commands import gebruiker, inlog
from service.db import Connection, Pool, Rol
from service.errors import Refusal
from service.inloggen import gebruikers, identiteitsproviders, oidcsleutels
from service.settings import Settings
from tests import make
from tests.conftest import REGIO, Cluster
from tests.service.test_cli import run


@pytest.fixture
def variables(cluster: Cluster, database_url: str, owner_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "LOKET_DATABASE_URL": database_url,
        "LOKET_DATABASE_OWNER_URL": owner_url,
        "LOKET_REDIS_URL": redis_url,
        "LOKET_OIDC_KEYS": str(tmp_path / "oidc.json"),
    }


async def test_an_operator_sets_up_the_login_of_a_region(
    data_folder: Path, variables: dict[str, str], pool: Pool, owner: Connection
) -> None:
    """Key, provider, first beheerder: then that person can log in. The log says that one was added."""
    done = [
        run(data_folder, *arguments, **variables)
        for arguments in (
            ["inlog", "sleutel"],
            [
                "inlog",
                "voeg-toe",
                "Gemeente",
                "--issuer",
                "https://login.example",
                "--client-id",
                "loket",
                "--acr",
                "a",
            ],
            ["gebruiker", "voeg-toe", "Anja", "--rol", "beheerder", "--bij", "Gemeente", "--email", "Anja@G.example"],
            ["inlog", "lijst", "--json"],
            ["inlog", "lijst"],
        )
    ]

    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * 5
    listed = msgspec.json.decode(done[3].stdout)
    assert [(one["naam"], one["issuer"], one["acr"]) for one in listed] == [
        ("Gemeente", "https://login.example", ["a"])
    ]
    assert f"  Gemeente: /inloggen/afmelden/{listed[0]['id']}\n" in done[4].stdout
    found = await gebruikers.keuzes(pool, listed[0]["id"], "sub-van-anja", "anja@g.example")
    assert [(one.naam, one.rol, one.regio) for one in found] == [("Anja", Rol.BEHEERDER, REGIO)]
    assert await owner.fetchval("select count(*) from logregel where object = 'gebruiker'") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["inlog", "voeg-toe", "X", "--issuer", "http://login.example", "--client-id", "a"],
        ["inlog", "voeg-toe", "X", "--issuer", "https://login.example/?x", "--client-id", "a"],
        ["inlog", "zet-uit", "Nergens"],
        ["gebruiker", "voeg-toe", "X", "--rol", "beheerder", "--bij", "Nergens", "--email", "a@b.example"],
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence(
    data_folder: Path, variables: dict[str, str], arguments: list[str]
) -> None:
    done = run(data_folder, *arguments, **variables)

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and done.stderr.endswith(".\n")


@pytest.mark.parametrize(
    ("keys", "code", "why"),
    [
        ("nergens/oidc.json", 1, "is niet te schrijven: die map of dat bestand is er niet."),
        ("open.json", 1, "Voer uit: chmod o= "),
    ],
)
async def test_keys_that_cannot_be_kept_are_refused_in_a_sentence(
    data_folder: Path, tmp_path: Path, keys: str, code: int, why: str
) -> None:
    (tmp_path / "open.json").touch(0o644)

    done = run(data_folder, "inlog", "sleutel", LOKET_OIDC_KEYS=str(tmp_path / keys))

    assert (done.returncode, len(done.stderr.splitlines()), why in done.stderr) == (code, 1, True), done.stderr


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("nergens.json", "is niet te lezen: die map of dat bestand is er niet."),
        ("open.json", "Voer uit: chmod o= "),
        ("leeg.json", "moet een JWK Set staan. Maak die met loket inlog sleutel."),
    ],
)
def test_the_service_does_not_start_with_keys_that_it_cannot_read(tmp_path: Path, keys: str, why: str) -> None:
    """Told before anything is opened, and not in the middle of starting."""
    (tmp_path / "open.json").touch(0o644)
    (tmp_path / "leeg.json").touch(0o600)

    with pytest.raises(Refusal, match=why):
        create_app(Settings(oidc_keys=tmp_path / keys))


async def provider(owner: Connection) -> str:
    await owner.execute(inlog.ADD, "Gemeente", "https://login.example", "loket", [])
    return "Gemeente"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"regio": "nergens"}, "kent de regio nergens niet"),
        ({"naam": " "}, "Geef een naam"),
        ({"naam": "x" * 121}, "hooguit 120 tekens"),
        ({"email": None}, "Geef --email of --subject"),
        ({"subject": "x"}, "Geef --email of --subject"),
        ({"email": "geen"}, "geen is geen e-mailadres"),
        ({"rol": Rol.AANBIEDER}, "Geef --aanbieder"),
        ({"rol": Rol.VERWIJZER}, "--organisatie bij de rol verwijzer"),
        ({"rol": Rol.VERWIJZER, "organisatie": "GI Nergens"}, "geen organisatie met de naam GI Nergens"),
    ],
)
async def test_a_gebruiker_that_cannot_be_is_refused(
    owner: Connection, changed: dict[str, object], sentence: str
) -> None:
    """Each with what to give instead."""
    given: dict[str, object] = {"regio": REGIO, "rol": Rol.BEHEERDER, "email": "a@b.example", "subject": None}
    given |= {"naam": "Anja", "provider": await provider(owner), "organisatie": None, "aanbieder": None} | changed

    with pytest.raises(Refusal, match=sentence):
        await gebruiker.add(owner, now=make.NOW, **given)  # type: ignore[arg-type]
    assert await owner.fetchval("select count(*) from gebruiker") == 0


async def test_somebody_is_added_to_one_role_once(owner: Connection) -> None:
    """And to another role besides."""
    bij = await provider(owner)

    async def add(rol: Rol) -> None:
        await gebruiker.add(owner, REGIO, "Anja", rol, bij, "a@b.example", None, None, None, now=make.NOW)

    await add(Rol.BEHEERDER)
    await add(Rol.CONTRACTBEHEER)
    with pytest.raises(Refusal, match="Anja is er al in deze rol"):
        await add(Rol.BEHEERDER)


async def test_who_logged_in_at_a_provider_that_is_switched_off_is_out(owner: Connection) -> None:
    """A provider that was broken into must not keep its sessions alive."""
    await provider(owner)
    id = (await identiteitsproviders.all(owner))[0].id
    there = await make.gebruiker(owner, identiteitsprovider_id=id, subject="a")
    elsewhere = await make.gebruiker(owner)
    for number, who in enumerate((there, elsewhere)):
        hash = bytes([number]) * 32
        await owner.execute("select begin_sessie($1, $2, null, $3, $4, null)", hash, who, make.NOW, make.NOW)

    await inlog.switch(owner, "Gemeente", on=False, now=make.NOW)

    assert await owner.fetch("select gebruiker_id from sessie where beeindigd_op is null") == [(elsewhere,)]
    assert await identiteitsproviders.active(owner) == []
    await inlog.switch(owner, str(id), on=True, now=make.NOW)
    assert len(await identiteitsproviders.active(owner)) == 1


def test_keys_change_without_a_moment_that_none_counts(tmp_path: Path) -> None:
    """Add, use, remove; the file is for its owner only, and the last key stays."""
    path = tmp_path / "oidc.json"
    (first,) = inlog.change_keys(path, use=None, remove=None)
    old = first.split(" ")[0]
    _, second = inlog.change_keys(path, use=None, remove=None)

    used = inlog.change_keys(path, use=second, remove=None)
    left = inlog.change_keys(path, use=None, remove=old)

    assert (used, left) == ([f"{second} (in gebruik)", old], [f"{second} (in gebruik)"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert [key.kid for key in oidcsleutels.read(path)] == [second]
    with pytest.raises(Refusal, match="de enige sleutel"):
        inlog.change_keys(path, use=None, remove=second)
    with pytest.raises(Refusal, match="geen sleutel abc"):
        inlog.change_keys(path, use="abc", remove=None)
