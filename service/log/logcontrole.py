"""Is the log still what was sealed? Computes the chain of a region again, and compares it with a file of heads from
outside the database. Reads in order and in batches, so memory does not grow with the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from service.db import Connection
from service.log import logketen
from service.log.logketen import START, VELDEN, Kop

BATCH = 5000

MOST = 50
"""Findings that are named per region; of the others their number."""

LATE = timedelta(hours=1)
"""No transaction runs this long. A line that says it is older than a seal of before it, was put in afterwards."""


class Uitslag(Struct, kw_only=True):
    """Of one region."""

    regio: str
    regels: int = 0
    """That are there and were compared with their seal."""
    verwijderd: int = 0
    """Of which the term was over: their seals are there."""
    bevindingen: list[str] = field(default_factory=list)
    meer: int = 0
    """Findings besides those."""
    wachtend: int = 0
    """Lines without a seal yet."""
    oudste: datetime | None = None
    """The oldest of those."""

    def fout(self, zin: str) -> None:
        if len(self.bevindingen) < MOST:
            self.bevindingen.append(zin)
        else:
            self.meer += 1


GEWIST = """
select tot_volgnummer, op, termijn_dagen from logwissing where regio = huidige_regio() order by tot_volgnummer
"""

KETEN = f"""
select k.volgnummer, k.regel_id, k.regel_hash, k.hash, k.verzegeld_op, {VELDEN}
from logketen k left join logregel r on r.id = k.regel_id
where k.regio = huidige_regio() and k.volgnummer > $1
order by k.volgnummer limit $2
"""

STAART = """
select count(*) as aantal, min(r.moment) as oudste, count(*) filter (where r.moment < $1) as te_laat,
       min(r.id) filter (where r.moment < $1) as eerste
from logregel r
left join lateral (select true as zegel from logketen k where k.regel_id = r.id limit 1) k on true
where r.regio = huidige_regio() and k.zegel is null
"""


async def check_chain(conn: Connection, regio: str) -> Uitslag:
    """`conn` in a transaction of the schakelfunctionaris of the region that sees one moment."""
    uitslag = Uitslag(regio=regio)
    removals = [tuple(row) for row in await conn.fetch(GEWIST)]
    due = {tot: op - timedelta(days=termijn) for tot, op, termijn in removals}
    gewist = max(due, default=0)
    number, head, op = 0, START, None
    while rows := await conn.fetch(KETEN, number, BATCH):
        for row in rows:
            volgnummer, regel_id, regel_hash, stored, verzegeld_op, *line = row
            if volgnummer != number + 1:
                gone = (
                    f"Zegel {number + 1} van de keten ontbreekt"
                    if volgnummer == number + 2
                    else f"Zegels {number + 1} tot en met {volgnummer - 1} van de keten ontbreken"
                )
                uitslag.fout(f"{gone}: er is iets weggehaald.")
            elif stored != logketen.hash_of_seal(head, regio, volgnummer, verzegeld_op, regel_hash):
                uitslag.fout(
                    f"Zegel {volgnummer} (regel {regel_id}) sluit niet aan op het zegel ervoor: hier is een zegel"
                    " veranderd, ingevoegd of verplaatst."
                )
            if op is not None and verzegeld_op < op:
                uitslag.fout(f"Zegel {volgnummer} (regel {regel_id}) is ouder dan het zegel ervoor.")
            if volgnummer in due and verzegeld_op >= due[volgnummer]:
                uitslag.fout(f"Regels tot en met zegel {volgnummer} zijn verwijderd voordat hun termijn voorbij was.")
            _check_line(uitslag, volgnummer, regel_id, regel_hash, line, gewist, op)
            number, head, op = volgnummer, stored, verzegeld_op
    if gewist > number:
        uitslag.fout(
            f"Er staat dat regels tot en met zegel {gewist} zijn verwijderd, maar de keten stopt bij {number}."
        )
    await _tail(conn, uitslag, op)
    return uitslag


def _check_line(
    uitslag: Uitslag,
    volgnummer: int,
    regel_id: int,
    regel_hash: bytes,
    line: list[Any],
    gewist: int,
    before: datetime | None,
) -> None:
    if line[0] is None:
        if volgnummer <= gewist:
            uitslag.verwijderd += 1
        else:
            uitslag.fout(f"Regel {regel_id} (zegel {volgnummer}) is weg.")
        return
    uitslag.regels += 1
    moment = line[2]
    if regel_hash != logketen.hash_of_line(line):
        uitslag.fout(f"Regel {regel_id} (zegel {volgnummer}) is veranderd nadat hij is verzegeld.")
    elif before is not None and moment < before - LATE:
        uitslag.fout(
            f"Regel {regel_id} (zegel {volgnummer}) zegt van {moment:%Y-%m-%d %H:%M} te zijn, maar is later ingevoegd:"
            " toen hij binnenkwam, was alles van die tijd al verzegeld."
        )


async def _tail(conn: Connection, uitslag: Uitslag, last: datetime | None) -> None:
    tail = await conn.fetchrow(STAART, None if last is None else last - LATE)
    assert tail is not None
    uitslag.wachtend, uitslag.oudste = tail["aantal"], tail["oudste"]
    if tail["te_laat"]:
        uitslag.fout(
            f"{tail['te_laat']} regels zonder zegel, de eerste is regel {tail['eerste']}, zeggen ouder te zijn dan wat"
            " al is verzegeld: ze zijn later ingevoegd."
        )


# ── Against the file outside the database ────────────────────────────────────────────────────────


class Anker(Struct, frozen=True):
    """What a file says of one head."""

    kop: Kop
    regel: int
    """Number of the line in the file."""


def size_of(path: Path) -> int | None:
    """Bytes in the file, asked before the database is read: what was added by then must be in it. None: no file."""
    return path.stat().st_size if path.exists() else None


def parse(line: bytes) -> Kop | None:
    """A line of the file: region, number, hash, moment. None when it is not one."""
    parts = line.decode("utf-8", "replace").split()
    try:
        regio, number, digest, _ = parts
        return Kop(regio, int(number), bytes.fromhex(digest))
    except ValueError:
        return None


def read(path: Path, size: int) -> Iterator[Anker | int]:
    """The heads in the first `size` bytes, in order; for a line that cannot be read its number. `#`: for people."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            size -= len(line)
            if size < 0:
                return
            if line.strip() and not line.startswith(b"#"):
                kop = parse(line)
                yield number if kop is None else Anker(kop, number)


HASHES = "select volgnummer, hash from logketen where regio = huidige_regio() and volgnummer = any ($1::bigint[])"

LAATSTE = "select coalesce(max(volgnummer), 0) from logketen where regio = huidige_regio()"


async def check_anchors(conn: Connection, uitslag: Uitslag, ankers: list[Anker]) -> None:
    """Heads of the region of the transaction, some thousands at a time."""
    known = {row["volgnummer"]: row["hash"] for row in await conn.fetch(HASHES, [a.kop.volgnummer for a in ankers])}
    last = await conn.fetchval(LAATSTE)
    for anker in ankers:
        number = anker.kop.volgnummer
        if known.get(number) == anker.kop.hash:
            continue
        where = f"regel {anker.regel} van het ankerbestand"
        if number > last:
            uitslag.fout(f"De keten stopt bij zegel {last}, maar {where} kent zegel {number}: de staart is afgekapt.")
        elif number in known:
            uitslag.fout(
                f"Zegel {number} is anders dan in {where}: de keten is opnieuw gemaakt. Er is iets veranderd in of voor"
                " deze regel."
            )
        else:
            uitslag.fout(f"Zegel {number} staat in {where}, maar niet meer in de keten.")
