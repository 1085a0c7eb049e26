"""The pages: what a browser gets. service/app.py takes `route_handlers`, and `on_error` for all that goes wrong."""

from service.web.pages import aanbieder, beheer, crisis, dossier
from service.web.pages.assets import asset, favicon, manifest
from service.web.pages.bericht import bericht
from service.web.pages.bevestigen import bevestigd, bevestigen
from service.web.pages.errors import on_error
from service.web.pages.mails import kies_mails, mails
from service.web.pages.rondleiding import rondleiding
from service.web.pages.schakel import doen, plan, plannen, planregel
from service.web.pages.schakel.aanvraag import aanvraag
from service.web.pages.schakel.aanvragen import aanvragen
from service.web.pages.schakel.kinderen import kinderen
from service.web.pages.sessies import beeindig, beeindig_andere, eigen_sessies
from service.web.pages.start import start
from service.web.pages.taalkeuze import kies_taal
from service.web.pages.vervanging import neem_waar, vervang, vervanging
from service.web.pages.verwijzer import route_handlers as verwijzer

__all__ = ["manifest", "on_error", "route_handlers"]

route_handlers = [
    *verwijzer,
    *aanbieder.handlers,
    *beheer.handlers,
    *crisis.handlers,
    *dossier.handlers,
    aanvragen,
    aanvraag,
    doen.houd,
    doen.optie,
    doen.stel_voor,
    doen.voorstel,
    doen.stap,
    doen.schaal_op,
    doen.vraag,
    doen.route,
    kinderen,
    plannen.lijst,
    plannen.begin,
    plan.plan,
    plan.stop,
    plan.zet_klaar,
    plan.besluit,
    planregel.regel,
    planregel.wijzig,
    planregel.zet_klaar,
    planregel.voorstel,
    planregel.opnieuw,
    bericht,
    bevestigen,
    bevestigd,
    start,
    rondleiding,
    mails,
    kies_mails,
    kies_taal,
    vervanging,
    vervang,
    neem_waar,
    eigen_sessies,
    beeindig,
    beeindig_andere,
    asset,
    favicon,
]
