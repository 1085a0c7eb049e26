"""The demo data as data: the same from the same seed, and lifelike. Nothing here needs a database."""

import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from uuid import UUID

import pytest

from service.aanvraag.gebeurtenissen import OPEN
from service.demo import Scarcity, Size, generate
from service.demo.aanvraag import ROUTES
from service.demo.codes import CRISIS_FORMS, VORMEN
from service.demo.generate import COUNTS
from service.demo.history import DECLINES, HISTORY_DAYS
from service.demo.regions import all_regions
from service.demo.rows import Aanvraag, Bezetting, Rows
from service.demo.scarcity import term
from service.geo.regios import slug
from service.instellingen.begin import ZORGVORMEN

TODAY = date(2026, 11, 23)

DIGEST = """
import hashlib, sys
from datetime import date
from service.demo import generate
print(hashlib.sha256(repr(generate(seed=7, today=date(2026, 11, 23), aanvragen=20, plekken=160)).encode()).hexdigest())
"""


@cache
def region(scarcity: Scarcity = Scarcity.KRAP) -> Rows:
    return generate(seed=1, today=TODAY, scarcity=scarcity)


@cache
def province() -> Rows:
    return generate(seed=1, today=TODAY, size=Size.PROVINCE)


def open_children(rows: Rows) -> list[Aanvraag]:
    return [a for a in rows.aanvraag if a.status in OPEN]


def stays(rows: Rows) -> list[Bezetting]:
    return [b for b in rows.bezetting if b.soort == "plaatsing"]


def test_the_same_seed_gives_the_same_data_byte_for_byte_in_every_process() -> None:
    """Also where Python hashes text differently, which decides the order of a set."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    here = repr(generate(seed=7, today=TODAY, aanvragen=20, plekken=160))
    assert digests == {f"{hashlib.sha256(here.encode()).hexdigest()}\n".encode()}


def test_another_seed_gives_other_data() -> None:
    one, other = (generate(seed=seed, today=TODAY, aanvragen=20, plekken=160) for seed in (1, 2))
    assert one.gemeente == other.gemeente
    assert {a.naam for a in one.aanbieder} != {a.naam for a in other.aanbieder}
    assert not {p.id for p in one.plek} & {p.id for p in other.plek}


def test_a_day_later_the_same_data_lie_a_day_later() -> None:
    """`today` is an argument: nothing looks at the clock."""
    one, later = (generate(seed=1, today=day, aanvragen=20, plekken=160) for day in (TODAY, TODAY + timedelta(days=1)))
    moved = [start + timedelta(days=1) for start in (b.periode.lower for b in stays(one)) if start]
    assert [b.periode.lower for b in stays(later)] == moved


def test_a_size_has_its_regions_aanvragen_and_plekken() -> None:
    for size, rows in ((Size.REGION, region()), (Size.PROVINCE, province())):
        assert (len(rows.jeugdregio), len(open_children(rows)), len(rows.plek)) == COUNTS[size]


def test_the_sizes_are_those_of_the_domain() -> None:
    """domain.md, Numbers: a region has about 400 places and 60 open aanvragen, the country 40,000 and 6,000."""
    assert COUNTS == {Size.REGION: (1, 60, 400), Size.PROVINCE: (6, 600, 4_000), Size.COUNTRY: (42, 6_000, 40_000)}


def test_a_region_comes_out_the_same_whatever_is_made_beside_it() -> None:
    alone = generate(seed=1, today=TODAY, aanvragen=100, plekken=666)
    assert [p for p in province().plek if p.regio == "gooi-en-vechtstreek"] == alone.plek


def test_the_country_has_42_regions_with_codes_and_gemeenten_of_their_own() -> None:
    regions = all_regions()
    assert len({r.code for r in regions}) == len(regions) == 42
    assert all(r.code == slug(r.naam) for r in regions)
    codes = [code for r in regions for code, _ in r.gemeenten]
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 4 and code.isdigit() for code in codes)
    made_up = [code for r in regions[1:] for code, _ in r.gemeenten]
    assert min(made_up) > "9000", "CBS gives no codes above 9000: a made-up gemeente is nobody's"


def test_neighbours_share_places_by_agreement() -> None:
    rows = province()
    per_region = Counter(a.vraag_regio for a in rows.regioafspraak)
    assert set(per_region.values()) == {2}
    assert {a.zorgvorm for a in rows.regioafspraak} == {None, "crisis"}


# ── Supply ───────────────────────────────────────────────────────────────────────────────────────


def test_every_zorgvorm_has_plekken_by_its_share_and_more_than_sixty_aanbieders_offer_them() -> None:
    rows = region()
    form = {v.id: v.zorgvorm for v in rows.voorziening}
    beds = Counter(form[p.voorziening_id] for p in rows.plek)
    assert beds.keys() == VORMEN.keys()
    assert all(abs(beds[code] - vorm.share * 400) < 1 for code, vorm in VORMEN.items())
    assert len(rows.aanbieder) > 60


REAL = (
    "levvel", "youke", "youké", "spirit", "timon", "kenter", "triversum", "enver", "horizon", "pluryn", "sterk huis",
    "entrea", "parlan", "lijn5", "intermetzo", "altra", "ihub", "driestroom", "heeren loo", "amerpoort", "sherpa",
    "philadelphia", "leger des heils", "cordaan", "xonar", "koraal", "combinatie", "oosterpoort", "rading", "lievegoed",
    "jarabee", "vitree", "accare", "karakter", "lindenhout", "tender", "juzt", "bijzonder jeugdwerk", "schakenbosch",
    "harreveld", "stek", "trivium", "elker", "cardea", "prokino", "william schrikker", "leo kanner", "curium", "merem",
)  # fmt: skip


def test_no_provider_has_the_name_or_the_agb_code_of_a_real_one() -> None:
    """Names are made up, and no kind of care has an AGB-code that begins with 00."""
    for seed in range(5):
        for aanbieder in generate(seed=seed, today=TODAY, aanvragen=20, plekken=160).aanbieder:
            assert not any(name in aanbieder.naam.lower() for name in REAL), aanbieder.naam
            assert aanbieder.agb_code.startswith("00")
            assert aanbieder.telefoon.startswith("035 000 "), "no Dutch subscriber number begins with 0"


def test_contracts_are_open_house_maatwerk_or_none() -> None:
    rows = region()
    contracted = {(c.aanbieder_id, c.zorgvorm) for c in rows.contract}
    offered = {(v.aanbieder_id, v.zorgvorm) for v in rows.voorziening}
    assert {c.soort for c in rows.contract} == {"open_house", "maatwerkovereenkomst"}
    assert 0 < len(offered - contracted) < len(offered) / 4
    assert {c.minimum_capaciteit is None for c in rows.contract} == {True, False}
    assert {c.maximum_wachttijd is None for c in rows.contract} == {True, False}


def test_a_place_that_is_not_public_has_its_address_apart() -> None:
    """Every foster family is confidential; some gezinshuizen and crisis groups are secret."""
    rows = region()
    apart = {a.locatie_id for a in rows.locatie_adres}
    hidden = {x.id for x in rows.locatie if x.zichtbaarheid != "openbaar"}
    assert apart == hidden
    assert all(x.postcode is None and x.plaats is None for x in rows.locatie if x.id in hidden)
    assert {v.locatie_id for v in rows.voorziening if v.zorgvorm.startswith("pleegzorg")} < hidden
    assert {x.zichtbaarheid for x in rows.locatie} == {"openbaar", "vertrouwelijk", "geheim"}


def test_every_crisis_place_says_whom_to_call() -> None:
    crisis = [v for v in region().voorziening if v.zorgvorm in CRISIS_FORMS]
    assert crisis
    assert all(v.bellen_naam and v.bellen_telefoon for v in crisis)


def test_plekken_are_staffed_unstaffed_in_overleg_and_stopped_with_a_reason_and_an_end() -> None:
    rows = region()
    assert {p.beschikbaarheid for p in rows.plek} == {"bemenst", "onbemenst", "in_overleg"}
    running = [b for b in rows.bezetting if b.soort == "stop" and (b.periode.upper or TODAY) > TODAY]
    assert running
    assert all(b.stop_reden and b.periode.upper for b in rows.bezetting if b.soort == "stop")


def free_in_time(rows: Rows) -> set[UUID]:
    """Definition in service/demo/scarcity.py, computed from the rows and not from how they were made."""
    taken: dict[UUID, list[tuple[date, date]]] = defaultdict(list)
    for b in rows.bezetting:
        if b.vrijgegeven_op is None and b.periode.lower and b.periode.upper:
            taken[b.plek_id].append((b.periode.lower, b.periode.upper))
    form = {v.id: v.zorgvorm for v in rows.voorziening}
    free = set()
    for plek in rows.plek:
        days = [TODAY + timedelta(days=i) for i in range(term(form[plek.voorziening_id]) + 1)]
        if plek.beschikbaarheid != "onbemenst" and any(
            not any(van <= day < tot for van, tot in taken[plek.id]) for day in days
        ):
            free.add(plek.id)
    return free


@pytest.mark.parametrize(("scarcity", "beds"), [(Scarcity.RUIM, 6.7), (Scarcity.KRAP, 1.1)])
def test_there_are_as_many_beds_per_child_as_the_scarcity_says(scarcity: Scarcity, beds: float) -> None:
    rows = region(scarcity)
    assert round(len(free_in_time(rows)) / len(open_children(rows)), 1) == beds


def test_beds_are_as_scarce_in_a_larger_region() -> None:
    rows = generate(seed=3, today=TODAY, aanvragen=150, plekken=900)
    assert round(len(free_in_time(rows)) / len(open_children(rows)), 1) == 1.1


# ── Demand ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(4))
def test_a_fifth_of_the_children_is_asked_for_together_and_three_in_ten_of_those_may_be_split(seed: int) -> None:
    """As near as whole groups of 2 to 4 allow."""
    rows = generate(seed=seed, today=TODAY, aanvragen=100, plekken=800)
    children = open_children(rows)
    groups = Counter(a.samenplaatsing_id for a in children if a.samenplaatsing_id)
    leave = {s.id for s in rows.samenplaatsing if s.mag_splitsen}
    together = sum(groups.values())
    assert together == 20
    assert set(groups.values()) <= {2, 3, 4}
    assert abs(sum(n for group, n in groups.items() if group in leave) - 0.3 * together) <= 1.5


def test_brothers_and_sisters_share_what_makes_them_one_question() -> None:
    together = defaultdict(list)
    for a in open_children(region()):
        if a.samenplaatsing_id:
            together[a.samenplaatsing_id].append(a)
    for group in together.values():
        assert (
            len({(a.organisatie_id, a.pc4, a.gemeente_code, a.juridisch_kader, a.gewenste_start) for a in group}) == 1
        )
        assert frozenset.intersection(*(frozenset(a.zorgvormen) for a in group))


def test_every_kind_of_question_and_urgentie_is_there_by_its_share() -> None:
    children = open_children(region())
    urgent = Counter(a.urgentie for a in children)
    for urgentie in ("crisis", "spoed", "regulier"):
        share = sum(route.share for route in ROUTES if route.urgentie == urgentie)
        assert abs(urgent[urgentie] - share * 60) <= 2
    assert {code for a in children for code in a.zorgvormen} == VORMEN.keys()


def test_another_zorgvorm_than_a_family_has_its_reason() -> None:
    """Jeugdwet art. 2.3 lid 6."""
    for a in open_children(region()):
        family = all(ZORGVORMEN[code].gezinsvorm for code in a.zorgvormen)
        assert (a.zorgvorm_reden is None) == family


def test_every_aanvraag_has_a_grondslag_the_view_of_the_jeugdige_and_consent_or_why_not() -> None:
    rows = region()
    consent = {t.aanvraag_id for t in rows.toestemming}
    ground = Counter(g.aanvraag_id for g in rows.grondslag)
    for a in rows.aanvraag:
        assert ground[a.id] == 1
        assert a.mening_jeugdige
        assert a.id in consent
    assert all(t.reden for t in rows.toestemming if t.status == "niet_vereist")


def test_only_children_under_a_court_order_have_a_machtiging() -> None:
    rows = region()
    kader = {a.id: a.juridisch_kader for a in rows.aanvraag}
    assert {kader[m.aanvraag_id] for m in rows.machtiging} == {"ots", "vots", "voorlopige_voogdij"}
    assert {m.soort for m in rows.machtiging} == {"open", "spoed", "gesloten"}


def test_nobody_open_today_has_a_last_day_in_the_past() -> None:
    assert all(a.uiterlijke_datum >= TODAY and a.aangemeld_op.date() < TODAY for a in open_children(region()))


# ── History ──────────────────────────────────────────────────────────────────────────────────────


def test_two_stays_in_one_plek_never_overlap() -> None:
    by_plek = defaultdict(list)
    for b in region().bezetting:
        if b.vrijgegeven_op is None:
            by_plek[b.plek_id].append((b.periode.lower, b.periode.upper))
    for periods in by_plek.values():
        assert all(one[1] <= two[0] for one, two in pairwise(sorted(periods)))


def test_a_child_is_placed_after_it_was_asked_for_and_the_yes_lies_between() -> None:
    rows = region()
    asked = {a.id: a for a in rows.aanvraag}
    said_yes = {b.aanvraag_id: b.op for b in rows.besluit if b.uitkomst == "geaccepteerd"}
    placed = [b for b in stays(rows) if b.aanvraag_id]
    assert len(placed) > 500
    for b in placed:
        assert b.aanvraag_id
        assert b.periode.lower
        a = asked[b.aanvraag_id]
        assert a.aangemeld_op.date() <= b.periode.lower
        assert a.aangemeld_op < said_yes[a.id]
        assert said_yes[a.id].date() <= b.periode.lower
        assert a.status == ("beeindigd" if b.einde_reden else "geplaatst")


def test_a_stay_that_is_over_has_a_reason_and_one_that_runs_has_an_expected_end() -> None:
    for b in stays(region()):
        assert b.periode.upper
        over = b.periode.upper <= TODAY
        assert over == (b.einde_reden is not None) == (b.beeindigd_op == b.periode.upper)


def test_the_history_goes_back_two_years() -> None:
    rows = region()
    since = TODAY - timedelta(days=HISTORY_DAYS)
    assert all(
        (b.aanvraag_id is not None) == (b.periode.lower is not None and b.periode.lower > since) for b in stays(rows)
    )
    ends = sorted(b.beeindigd_op for b in stays(rows) if b.beeindigd_op)
    assert ends[0] < since + timedelta(days=60)
    assert ends[-1] > TODAY - timedelta(days=30)


def test_waiting_differs_by_urgentie() -> None:
    rows = region()
    asked = {a.id: a for a in rows.aanvraag}
    waits = defaultdict(list)
    for b in stays(rows):
        if b.aanvraag_id and b.periode.lower:
            a = asked[b.aanvraag_id]
            waits[a.urgentie].append((b.periode.lower - a.aangemeld_op.date()).days)
    median = {urgentie: sorted(days)[len(days) // 2] for urgentie, days in waits.items()}
    assert median["crisis"] <= 2 < median["spoed"] <= 12
    assert 30 < median["regulier"] < 80


def test_every_reason_to_decline_occurs() -> None:
    assert {b.reden for b in region().besluit if b.reden} == DECLINES.keys()


def test_what_is_confirmed_is_fresh_stale_or_never() -> None:
    rows = region()
    last: dict[UUID, datetime] = {}
    for c in rows.bevestiging:
        last[c.plek_id] = max(last.get(c.plek_id, c.op), c.op)
    assert all(plek.bevestigd_op == last.get(plek.id) for plek in rows.plek)
    ages = [(TODAY - p.bevestigd_op.date()).days for p in rows.plek if p.bevestigd_op]
    assert min(ages) >= 1, "nothing is confirmed in the future"
    assert sum(age <= 7 for age in ages) > 100
    assert sum(age > 28 for age in ages) > 40
    assert len(ages) < len(rows.plek)


def test_most_plekken_are_taken_and_many_come_free_in_the_coming_months() -> None:
    rows = region()
    ends = [b.periode.upper for b in stays(rows) if b.periode.upper and b.periode.upper > TODAY]
    assert 0.8 < len(ends) / len(rows.plek) < 0.95
    assert sum(end <= TODAY + timedelta(days=180) for end in ends) > 80


def test_rows_have_no_name_of_a_child_and_texts_are_short() -> None:
    assert all(one.kenmerk[2] == "-" for one in region().aanvraag_kenmerk)
    for a in region().aanvraag:
        for text in (a.eerder_geprobeerd, a.mening_jeugdige, a.praktisch, a.zorgvorm_reden, a.urgentie_reden):
            assert text is None or len(text) <= 80
