"""What codes and numbers of a plan mean, in plain Dutch sentences."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from matcher.check import Breach
from matcher.solution import Rule
from service.dutch import count, listing, moment
from service.plan.plannen import Botsing, PlanLimiet, PlanStatus, Stand, Vrijhouden
from service.plan.planniveaus import niveaus, number, verliezen
from service.rang import catalogue, vraag
from service.taal import Teksten, gettext, later

LIMIETEN = Teksten(
    {
        PlanLimiet.GEEN: later("Een beter plan is er niet: dat is bewezen."),
        PlanLimiet.TIJD: later("De tijd was op."),
        PlanLimiet.GESTOPT: later("Iemand heeft het zoeken gestopt."),
        PlanLimiet.INSPANNING: later("Alles wat kon worden geprobeerd, is geprobeerd."),
    }
)

WAAROM_NIET = Teksten(
    {
        "geen_plek_past": later(
            "Geen enkele vrije plek past bij deze aanvraag. Bij de aanvraag staat per plek waarom niet."
        ),
        "vol": later("Er passen plekken, maar die zijn in dit plan voor anderen die voorgaan of daar beter passen."),
        "samen_past_niet": later("Nergens is een vrije plek voor alle broers en zussen samen, en splitsen mag niet."),
        "samen_vol": later("Voor alle broers en zussen samen is in dit plan geen ruimte, en splitsen mag niet."),
        "vast_kan_niet": later("Deze aanvraag staat vast op een plek die niet kan."),
        "tijd": later("De tijd was op voordat duidelijk was of dit kind bij de anderen in de groep past."),
        "plek_weg": later("De plek is er niet meer, of is niet meer voor uw regio."),
    }
)

BOTSINGEN = Teksten(
    {
        Breach.PAAR: later("deze combinatie is verboden"),
        Breach.CAPACITEIT: later("er zijn daar minder plekken vrij dan er aanvragen vaststaan"),
        Breach.CRISISPLEK: later("de plekken die daar nog vrij zijn, zijn voor crisis"),
        Breach.RUIMTE: later("de voorziening heeft geen ruimte voor zoveel kinderen"),
        Breach.GROEPSMIX: later("deze kinderen passen niet samen in één groep"),
        Breach.SAMEN: later("broers en zussen zouden worden gesplitst, en dat mag niet"),
        Breach.VAST: later("wat er verder vaststaat, zit in de weg"),
    }
)


def waarom_niet(code: str) -> str:
    """Why an aanvraag has no place in the plan."""
    return vraag.says(code) if code in vraag.WRONG else WAAROM_NIET[code]


def uitleg(stand: Stand, vandaag: date) -> str:
    """How a plan stands."""
    nobody = gettext("Er draait nu geen `loket worker`, en die maakt de plannen. Vraag de beheerder om hem te starten.")
    match stand.status:
        case PlanStatus.WACHT:
            since = gettext("Wacht sinds %(aangemaakt_op)s.", aangemaakt_op=moment(stand.aangemaakt_op, vandaag))
            return f"{since} {gettext('Het plan wordt zo gemaakt.') if stand.werker else nobody}"
        case PlanStatus.BEZIG:
            if not stand.werker:
                return gettext("Het maken is afgebroken en begint vanzelf opnieuw. %(nobody)s", nobody=nobody)
            return gettext(
                "Wordt gemaakt sinds %(moment)s.", moment=moment(stand.gestart_op or stand.aangemaakt_op, vandaag)
            )
        case PlanStatus.MISLUKT:
            return gettext("Dit plan kon niet worden gemaakt. %(fout)s", fout=stand.fout)
        case PlanStatus.GESTOPT if stand.klaar_op is None:
            stopping = gettext("Het zoeken wordt gestopt.")
            return f"{stopping} {gettext('Wat tot dan is gevonden, staat hier zo.') if stand.werker else nobody}"
    if stand.limiet is None:
        return gettext("Gestopt voordat er iets was gevonden.")
    said = [
        gettext(
            "Klaar: %(geplaatst)s van de %(aanvragen)s met een plek.",
            geplaatst=stand.geplaatst,
            aanvragen=count(stand.aanvragen or 0, "aanvraag", "aanvragen"),
        )
    ]
    if stand.conflicten:
        said.append(gettext("Let op: niet alles wat vaststaat, kan. Kies daarvoor iets anders en maak een nieuw plan."))
    said.append(LIMIETEN[stand.limiet])
    open_ = next((one for one in niveaus(stand.niveaus) if not one.bewezen), None)
    if open_ is not None:
        how = gettext("hooguit %(getal)s", getal=number(abs(open_.grens - open_.beste)))
        said.append(
            gettext(
                "Dit is het beste plan dat is gevonden. Beter kan nog met %(how)s bij: %(lower)s.",
                how=how,
                lower=_lower(open_.naam),
            )
        )
    return " ".join(said)


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def conflict(found: Botsing, namen: dict[UUID, str]) -> str:
    """One thing that was fixed and cannot be."""
    who = (
        gettext("Deze aanvraag staat")
        if len(found.aanvragen) == 1
        else gettext("Deze %(len)s aanvragen staan", len=len(found.aanvragen))
    )
    where = gettext(" bij %(naam)s", naam=namen[found.voorziening]) if found.voorziening in namen else ""
    return gettext(
        "%(who)s vast%(where)s, maar dat kan niet: %(lijst)s.",
        who=who,
        where=where,
        lijst=listing([_in_the_way(code) for code in found.regels]),
    )


def _in_the_way(code: str) -> str:
    if code in BOTSINGEN:
        return BOTSINGEN[Breach(code)]
    if code in set(Rule):
        return gettext("het past niet bij de regel ‘%(rules)s’", rules=catalogue.RULES[Rule(code)])
    return (
        gettext("de plek is er niet meer")
        if code == "plek_weg"
        else gettext("voor deze aanvraag kan nergens een plek worden gezocht")
    )


def vrijhouden(found: Vrijhouden, waar: str, names: catalogue.Names) -> str:
    """`Laat deze plek liever vrij: …`; `waar` is the name of the place."""
    name = catalogue.name(names, found.soort, found.code)
    who = {
        "samen": gettext("voor %(code)s broers en zussen samen", code=found.code),
        "zorgvorm": gettext("voor wie alleen deze zorgvorm vraagt: %(name)s", name=name),
        "kenmerk": gettext("voor een kind met: %(name)s", name=name),
        "medisch": gettext("met deze zorg: %(name)s", name=name),
        "rolstoel": gettext("voor een kind met een rolstoel"),
    }[found.soort]
    few = gettext("het is de enige") if not found.anderen else _are(found.anderen)
    lost = " ".join(one.zin for one in verliezen(found.kosten) or [])
    cost = (
        gettext("Wat dat het plan kost: %(lower)s", lower=_lower(lost)) if lost else gettext("Dat kost het plan niets.")
    )
    return gettext("Laat %(waar)s liever vrij: %(few)s %(who)s. %(cost)s", waar=waar, few=few, who=who, cost=cost)


def _are(others: int) -> str:
    return gettext("er is maar één andere") if others == 1 else gettext("er zijn maar %(others)s andere", others=others)
