"""What is asked beside a plek (tests/model_naast.py): samenplaatsingen that may be split, routes, opschaling."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

from tests import model
from tests.model import DAY, OVERBRUGGING, A, C, S, Samen, V
from tests.model_naast import GEMEENTE, MISLUKT, ROUTES, TAFEL_DAGEN, TAFELS, TERMIJN
from tests.web.asks import Ask, World, aanvraag, each, kind, lately, said

# ── Samenplaatsingen ─────────────────────────────────────────────────────────────────────────────


@kind
def begin_samen(w: World, r: Random) -> Ask | None:
    if len(w.loket.samen) >= 3:
        return None
    wie, samen, reden = w.person(r, S, V, V), Samen(r.choice(w.orgs), bool(r.randrange(2))), bool(r.randrange(8))
    reden = reden == samen.splitsen
    body = said(
        organisatieId=samen.org, magSplitsen=samen.splitsen, splitsreden="Zij doen elkaar pijn." if reden else None
    )
    return Ask(
        wie, "begin_samen", "/samenplaatsingen", body,
        lambda answer: w.loket.begin_samen(wie, samen, reden=reden, answer=answer),
    )  # fmt: skip


@kind
def mag_splitsen(w: World, r: Random) -> Ask | None:
    if not w.loket.samen:
        return None
    id, wie, splitsen = r.choice(list(w.loket.samen)), w.person(r, S, V), bool(r.randrange(3))
    reden = splitsen == bool(r.randrange(6))
    body = {"magSplitsen": splitsen, "splitsreden": "Zij doen elkaar pijn." if reden else None}
    return Ask(
        wie, "mag_splitsen", f"/samenplaatsingen/{id}", body,
        lambda answer: w.loket.mag_splitsen(wie, id, splitsen=splitsen, reden=reden, answer=answer), method="PATCH",
    )  # fmt: skip


@kind
def dien_samen_in(w: World, r: Random) -> Ask | None:
    """A brother or sister of who looks for a place already, or the first."""
    if w.how_many_open() >= 9 or not w.loket.samen:
        return None
    id = r.choice(list(w.loket.samen))
    wie = next(one for one in w.people if one.rol == V and one.org == w.loket.samen[id].org)
    return aanvraag(w, r, wie, id, "dien_samen_in", maanden=24, compleet=True, org=w.loket.samen[id].org)


# ── Routes ───────────────────────────────────────────────────────────────────────────────────────


def details(w: World, r: Random, soort: str, staat: str) -> dict[str, Any]:
    """All that is asked of a route up to a state; now and then one thing less, or a day that cannot be."""
    states = list(ROUTES[soort])
    names = [eis for one in states[: states.index(staat) + 1] for eis in ROUTES[soort][one]] if staat in states else []
    found = {eis.split("|")[0].split("=")[0]: _value(w, r, eis) for eis in names}
    if "vorm" in found:
        found |= {"strippenkaart": {"strippen": 10}}.get(found["vorm"], {})
    for name in ("machtiging", "leeftijd"):
        found.pop(name, None)
    if found and not r.randrange(5):
        del found[r.choice(list(found))]
    if soort == "overbrugging":
        found.setdefault("vorm", "ambulante_hulp")
    return {"soort": soort} | ({"regio": w.daar} if soort == "andere_regio" else {}) | found


def _value(w: World, r: Random, eis: str) -> Any:
    name, _, value = eis.partition("=")
    if name.startswith("aanbiederId"):
        return r.choice([one.org for one in w.people if one.rol == A and one.regio == model.HIER])
    if name.startswith("voorzieningId"):
        return r.choice([one.id for one in w.loket.voorzieningen.values() if one.regio == model.HIER])
    if name == "overleg":
        return {
            "op": w.day(r.choice((0, 0, -3))), "gemeenteCode": r.choice((GEMEENTE, GEMEENTE, GEMEENTE, "0376")),
            "met": "De regisseur", "uitkomst": r.choice(("positief", "positief", "positief", "negatief")),
        }  # fmt: skip
    if name.endswith("Op"):
        return w.day(0 if r.randrange(12) else 1)
    if name.endswith(("Geregeld", "Persoon")):
        return True
    other = {
        "van": w.day(0), "tot": w.day(r.choice((0, 7, 30))), "jaVan": "De leider", "keuze": "ouders",
        "vorm": r.choice(("ambulante_hulp", "strippenkaart", "bedje_erbij")), "vervolgZorgvorm": "gezinshuis",
        "vervolgPlan": "Samen zoeken.", "instelling": "De Dijk", "daarna": "wmo", "wonen": "Kamer met hulp",
        "antwoordVan": "Het loket daar",
    }  # fmt: skip
    return value or other.get(name, "positief")


def json(of: dict[str, Any]) -> dict[str, Any]:
    return {name: json(value) if isinstance(value, dict) else said(of=value)["of"] for name, value in of.items()}


@each(*ROUTES)
def start_route(w: World, r: Random, name: str) -> Ask | None:
    child, wie = w.kind(r), w.person(r, S, V, V)
    if name == "achttien_plus" and r.randrange(4):
        child = lately(r, [one for one in w.loket.kinderen.values() if one.maanden > 200])
    if child is None or sum(route.kind == child.id and not route.klaar for route in w.loket.routes.values()) >= 3:
        return None
    of = details(w, r, name, next(iter(ROUTES[name])))
    termijn = w.day(r.choice((-1, 0, 2, 5))) if not r.randrange(3) else None
    return Ask(
        wie, f"route {name}", f"/aanvragen/{child.id}/routes", said(termijn=termijn) | {"details": json(of)},
        lambda answer: w.loket.start_route(wie, child.id, of, termijn, answer), about=[child.id],
    )  # fmt: skip


@each(*TERMIJN, *MISLUKT, "aanvullen")
def route_stap(w: World, r: Random, name: str) -> Ask | None:
    """Of a soort to a later state; or its end; or only filled in."""
    several = [route for route in w.loket.routes.values() if name not in TERMIJN or route.soort == name]
    running = [route for route in several if not route.klaar]
    route = lately(r, running if running and r.randrange(6) else several)
    if route is None:
        return None
    wie, states = w.person(r, S, S, V), list(ROUTES[route.soort])
    naar: str | None = name
    if name in TERMIJN:
        after = states[states.index(route.staat) + 1 :] if route.staat in states else []
        naar = after[0] if after and r.randrange(3) else r.choice(states)
    elif name == "aanvullen":
        naar = None
    of = None
    if name not in MISLUKT and r.randrange(8):
        at = route.staat if naar is None else naar
        of = details(w, r, route.soort if r.randrange(12) else "pgb", at if route.soort != "pgb" else states[-1])
    termijn = w.day(r.choice((-1, 2, 5, 30))) if not r.randrange(4) else None
    reden = "Daarom." if r.randrange(4) else None
    body = said(naar=naar, termijn=termijn, reden=reden) | ({} if of is None else {"details": json(of)})
    label = f"route {route.soort} {naar}" if name in TERMIJN else f"route {name}"
    return Ask(
        wie, label, f"/routes/{route.id}/stappen", body,
        lambda answer: w.loket.route_stap(wie, route.id, naar, of, termijn, reden=reden is not None, answer=answer),
    )  # fmt: skip


@kind
def machtig(w: World, r: Random) -> Ask | None:
    """Closed care needs one, for every zorgvorm that is here: else it would keep the child from them."""
    child, wie = w.kind(r), w.person(r, S, V, V, C)
    if child is None:
        return None
    van = w.day(r.choice((0, 0, -5, 3)))
    of = (van, van + 30 * DAY) if r.randrange(4) else None
    part = {
        "soort": "gesloten", "zorgvormen": ["gezinshuis", "crisis", "jeugdzorgplus", OVERBRUGGING],
        "geldigVan": van.isoformat(), "geldigTot": (van + 30 * DAY).isoformat(),
    }  # fmt: skip
    return Ask(
        wie, "machtig" if of else "niet_machtig", f"/aanvragen/{child.id}", {"machtigingen": [part] if of else []},
        lambda answer: w.loket.machtig(wie, child.id, of, answer), about=[child.id], method="PATCH",
    )  # fmt: skip


# ── Opschaling ───────────────────────────────────────────────────────────────────────────────────


@kind
def schaal_op(w: World, r: Random) -> Ask | None:
    child, wie = w.kind(r), w.person(r, S, S, S, V)
    if child is None or not child.historie:
        return None
    aanleiding = r.choice(tuple(TAFELS))
    tafel = r.choice(TAFELS[aanleiding]) if r.randrange(6) else r.choice(tuple(TAFEL_DAGEN))
    eigenaar = None if r.randrange(4) else r.choice([one.id for one in w.people if one.rol in (S, V)])
    termijn = None if r.randrange(4) else w.day(r.choice((-1, 0, 3)))
    body = said(
        aanleiding=aanleiding, tafel=tafel, waarom="Vol.", eigenaarId=eigenaar, termijn=termijn,
        vraagAanbieders=not r.randrange(3),
    )  # fmt: skip
    return Ask(
        wie, "schaal_op", f"/aanvragen/{child.id}/opschalingen", body,
        lambda answer: w.loket.schaal_op(wie, child.id, aanleiding, tafel, eigenaar, termijn, answer), about=[child.id],
    )  # fmt: skip


@each("draag_over", "verleng", "sluit")
def opschaling_stap(w: World, r: Random, name: str) -> Ask | None:
    one, wie = lately(r, list(w.loket.opschalingen.values())), w.person(r, S, S, S, V, daar=True)
    if one is None:
        return None
    of: dict[str, Any] = {}
    toelichting = None
    if name == "draag_over":
        of = {"eigenaar": r.choice([p.id for p in w.people if p.rol in (S, V)])}
    elif name == "verleng":
        of = {"termijn": w.day(r.choice((-1, 0, 4)))}
    else:
        of = {"uitkomst": r.choice(("plek_gevonden", "niet_meer_nodig", "anders"))}
        toelichting = "Het is goed zo." if r.randrange(2) else None
    reden = None if name == "sluit" else "Daarom."
    body = said(
        stap=name, reden=reden, toelichting=toelichting,
        **{"eigenaarId" if key == "eigenaar" else key: value for key, value in of.items()},
    )  # fmt: skip
    return Ask(
        wie, f"opschaling {name}", f"/opschalingen/{one.id}/stappen", body,
        lambda answer: w.loket.opschaling_stap(
            wie, one.id, name, **of, toelichting=toelichting is not None, answer=answer
        ),
    )  # fmt: skip


@kind
def vraag(w: World, r: Random) -> Ask | None:
    one, wie = lately(r, list(w.loket.opschalingen.values())), w.person(r, S, S, S, A, daar=True)
    if one is None:
        return None
    unit = r.choice(list(w.loket.voorzieningen))
    return Ask(
        wie, "vraag", f"/opschalingen/{one.id}/vragen", {"voorzieningId": unit},
        lambda answer: w.loket.vraag(wie, one.id, unit, answer),
    )  # fmt: skip


@kind
def antwoord(w: World, r: Random) -> Ask | None:
    one = lately(r, list(w.loket.vragen.values()))
    if one is None:
        return None
    aanbieder = w.loket.voorzieningen[one.voorziening].aanbieder
    wie = next(p for p in w.people if p.org == aanbieder) if r.randrange(3) else w.person(r, S, A, daar=True)
    nodig = r.choice(("kan_toch", "later", "anders", "kan_niet"))
    vanaf: date | None = w.loket.dag + r.choice((0, 3, 9)) * DAY if nodig == "later" and r.randrange(5) else None
    toelichting = "Een extra begeleider." if r.randrange(2) else None
    return Ask(
        wie, "antwoord", f"/opschalingsvragen/{one.id}/antwoorden",
        said(nodig=nodig, vanaf=vanaf, toelichting=toelichting),
        lambda answer: w.loket.antwoord(
            wie, one.id, nodig, vanaf, toelichting=toelichting is not None, answer=answer
        ),
        about=[one.kind],
    )  # fmt: skip


@kind
def verzoek(w: World, r: Random) -> Ask | None:
    child, wie, aanleiding = w.kind(r), w.person(r, V, V, V, S), r.choice(tuple(TAFELS))
    if child is None:
        return None
    if wie.rol == V and r.randrange(3):
        wie = next(one for one in w.people if one.rol == V and one.org == child.org)
    return Ask(
        wie, "verzoek", f"/aanvragen/{child.id}/opschalingsverzoeken",
        said(aanleiding=aanleiding, toelichting="Het duurt."),
        lambda answer: w.loket.verzoek(wie, child.id, aanleiding, answer), about=[child.id],
    )  # fmt: skip


@kind
def weiger(w: World, r: Random) -> Ask | None:
    one, wie = lately(r, list(w.loket.verzoeken.values())), w.person(r, S, S, S, V, daar=True)
    if one is None:
        return None
    return Ask(
        wie, "weiger", f"/opschalingsverzoeken/{one.id}/weigeringen", {"reden": "Er is zicht op een plek."},
        lambda answer: w.loket.weiger(wie, one.id, answer),
    )  # fmt: skip
