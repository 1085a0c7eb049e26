"""The computer, with who lives by what it tells: a mailbox, a receiver of hooks, and somebody who follows live."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec

from service.bericht import haken
from service.bericht.haken import NieuweHaak
from service.bericht.meldingen import MELDINGEN, Kring
from service.db import Rol, Wie, transaction
from tests import facts
from tests.conftest import REGIO, open_folder
from tests.service.post import Mailserver, Receiver, mailserver, receiver
from tests.soak.computer import Computer, computer
from tests.soak.flow import People, Step, people
from tests.soak.listener import Listener, listening
from tests.soak.zygote import Zygote

LEFT = "select soort::text from gebeurtenis where nummer > $1 order by nummer"

LAST = "select coalesce(max(nummer), 0) from gebeurtenis"

IN_BETWEEN = """
select exists (select from pg_stat_activity where application_name = 'loket' and state <> 'idle')
"""

IDLE = """
select not exists (select from taak where soort in ('melding', 'mail', 'haak') and status in ('wacht', 'bezig'))
"""


class Trap(list[Any]):
    """Whoever is added to it is heard of before anybody is answered."""

    on: Callable[[], None] | None = None

    def append(self, one: Any) -> None:
        super().append(one)
        if self.on is not None:
            springs, self.on = self.on, None
            springs()


class There:
    def __init__(self, c: Computer, p: People, mail: Mailserver, hook: Receiver, listener: Listener) -> None:
        self.c, self.p, self.mail, self.hook, self.listener = c, p, mail, hook, listener

    async def ask(self, step: Step) -> httpx.Response:
        headers = self.p.headers[step.wie] | {"Idempotency-Key": f'"{step.key}"'}
        async with httpx.AsyncClient(timeout=60) as client:
            return await client.post(f"{self.c.address}/v1{step.path}", json=step.body, headers=headers)

    async def again(self, step: Step) -> httpx.Response:
        """As often as the answer is that something is away for a moment."""
        async with asyncio.timeout(60):
            while True:
                response = await self.ask(step)
                if response.status_code != 503:
                    return response

    async def done(self, step: Step) -> None:
        """And it left what it leaves."""
        before = await self.last()
        response = await self.again(step)
        assert response.status_code < 300, (step, response.text)
        assert await self.left(before) == step.leaves, step
        if step.keep is not None:
            step.keep(response.json())

    async def last(self) -> int:
        number: int = await self.c.owner.fetchval(LAST)
        return number

    async def left(self, before: int) -> tuple[str, ...]:
        """Soorten of what happened since."""
        return tuple(row["soort"] for row in await self.c.owner.fetch(LEFT, before))

    async def whole(self) -> None:
        """No transition is half done, and each optie is accounted for (tests/model.py)."""
        assert await facts.wrong(self.c.owner) == []

    async def nobody_in_between(self) -> bool:
        """The database notices late that who asked is dead: when it answers."""
        return not await self.c.owner.fetchval(IN_BETWEEN)

    async def ready(self) -> tuple[int, str]:
        """What the web process says of itself."""
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.get(f"{self.c.address}/readyz")
        return answer.status_code, answer.text

    # ── Who was told ─────────────────────────────────────────────────────────────────────────────

    async def hurry(self, done: str = IDLE) -> bool:
        """As if waits after a failure were over. Whether all is done."""
        await self.c.owner.execute("update taak set niet_voor = now() where status = 'wacht' and soort <> 'termijn'")
        return bool(await self.c.owner.fetchval(done))

    async def all_told(self) -> None:
        await self.c.until(self.hurry, "everybody to be told")

    async def check_live(self) -> None:
        """Who follows with Last-Event-ID has each gebeurtenis once."""
        await self.c.until(lambda: self.listener.all_heard(self.c.owner, REGIO), "the stream to come so far")
        await self.listener.check(self.c.owner, REGIO)

    async def check_mails(self) -> None:
        """Who keeps ids has each mail once, none is missing, and what came twice is the same letter."""
        rows = await self.c.owner.fetch("select id::text, status::text, fout from bericht where wijze = 'direct'")
        assert {(row["status"], row["fout"]) for row in rows} == {("bezorgd", None)}
        letters: dict[str, set[str]] = {}
        for mail in self.mail.mails:
            # A link to answer by is a new secret on each try.
            text = "" if "/bevestigen/" in mail.as_string() else mail.as_string()
            letters.setdefault(mail["Message-ID"].strip("<>").partition("@")[0], set()).add(text)
        assert letters.keys() == {row["id"] for row in rows}
        assert all(len(texts) == 1 for texts in letters.values())

    async def check_hooks(self) -> None:
        """Who keeps ids has each gebeurtenis that is for it once, by the id of the gebeurtenis."""
        rows = await self.c.owner.fetch("select gebeurtenis_id::text as id, status::text, fout from levering")
        assert {(row["status"], row["fout"]) for row in rows} <= {("bezorgd", None)}
        told = [soort for soort, kringen in MELDINGEN.items() if Kring.AANBIEDER in kringen]
        meant = await self.c.owner.fetch(
            "select id::text, soort::text from gebeurtenis where aanbieder_id = $1 and soort::text = any ($2)",
            self.p.aanbieder, told,
        )  # fmt: skip
        events: dict[str, set[bytes]] = {}
        for request in self.hook.requests:
            events.setdefault(request.headers["webhook-id"], set()).add(request.body)
        assert events.keys() == {row["id"] for row in meant} == {row["id"] for row in rows}
        assert all(len(bodies) == 1 for bodies in events.values())
        read = [msgspec.json.decode(body) for [body] in events.values()]
        said = {(event["id"], event["data"]["soort"]) for event in read}
        assert said == {tuple(row) for row in meant}

    async def check_told(self) -> None:
        await self.check_mails()
        await self.check_hooks()
        missing = await self.c.owner.fetchval(
            "select count(*) from gebeurtenis g where not exists (select from taak t where t.soort = 'melding' and"
            " t.sleutel = g.id::text and t.status = 'klaar')"
        )
        assert missing == 0


@asynccontextmanager
async def there(zygote: Zygote) -> AsyncIterator[There]:
    folder = open_folder()
    try:
        async with mailserver() as mail, receiver() as hook:
            mail.raw, hook.requests = Trap(), Trap()
            async with computer(folder, mail, zygote) as c:
                p = await people(c)
                beheer = Wie(REGIO, Rol.BEHEERDER, p.loket.gebruiker)
                async with transaction(c.pool, beheer) as conn:
                    await haken.add(conn, NieuweHaak(url=hook.url, aanbieder_id=p.aanbieder), wie=beheer, intern=True)
                async with listening(lambda: c.address, p.headers["schakelfunctionaris"]) as listener:
                    yield There(c, p, mail, hook, listener)
    finally:
        shutil.rmtree(folder)
