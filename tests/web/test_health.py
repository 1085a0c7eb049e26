"""/livez and /readyz, in plain words."""

from __future__ import annotations

import httpx
import msgspec

from service.app import create_app
from service.settings import Settings
from tests.web.conftest import Serve, running

NO_MAIL = "Let op: er is geen mailserver ingesteld (LOKET_SMTP_HOST). Mails blijven wachten."


async def test_a_process_that_answers_lives(api: httpx.AsyncClient) -> None:
    """Whatever the database does."""
    answer = await api.get("/livez")

    assert (answer.status_code, answer.text) == (200, "Het loket draait.\n")


async def test_ready_when_database_region_and_valkey_are_there(api: httpx.AsyncClient) -> None:
    """All that an answer needs."""
    answer = await api.get("/readyz")

    assert (answer.status_code, answer.text.splitlines()) == (200, ["Het loket is klaar.", NO_MAIL])


async def test_with_a_mail_server_there_is_nothing_to_say(serve: Serve, settings: Settings) -> None:
    mail = {"smtp_host": "mail.example", "smtp_van": "loket@loket.example"}
    api = await serve(settings=msgspec.structs.replace(settings, **mail))

    assert (await api.get("/readyz")).text == "Het loket is klaar.\n"


async def test_without_valkey_the_loket_goes_on_and_says_so(serve: Serve, settings: Settings) -> None:
    """It only counts how often somebody asks: nobody is sent away because it is gone."""
    api = await serve(settings=msgspec.structs.replace(settings, redis_url="unix:///nergens.sock"))

    answer = await api.get("/readyz")

    assert answer.status_code == 200
    assert answer.text.splitlines()[:2] == [
        "Het loket is klaar.",
        "Let op: Valkey antwoordt niet. Het loket werkt, maar elk proces telt zelf hoe vaak iemand iets vraagt.",
    ]


async def test_not_ready_says_everything_that_is_missing(settings: Settings) -> None:
    """A region that the database does not have, and a Valkey that is not there: both at once."""
    wrong = msgspec.structs.replace(settings, regio="utrecht", redis_url="unix:///nergens.sock")
    app = create_app(wrong)

    async with (
        running(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as client,  # type: ignore[arg-type]
    ):
        answer = await client.get("/readyz")

    assert answer.status_code == 503
    assert answer.text.splitlines()[:-1] == [
        "De database kent de regio utrecht niet. Kijk naar LOKET_REGIO. Is de database nieuw, begin dan met:"
        " loket regio begin NAAM",
        "Let op: Valkey antwoordt niet. Het loket werkt, maar elk proces telt zelf hoe vaak iemand iets vraagt.",
    ]
