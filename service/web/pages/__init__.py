"""The pages: what a browser gets. service/app.py takes `route_handlers`, and `on_error` for all that goes wrong."""

from service.web.pages.assets import asset, favicon, manifest
from service.web.pages.bericht import bericht
from service.web.pages.bevestigen import bevestigd, bevestigen
from service.web.pages.errors import on_error
from service.web.pages.schakel.aanvraag import aanvraag, houd
from service.web.pages.schakel.aanvragen import aanvragen
from service.web.pages.sessies import beeindig, beeindig_andere, eigen_sessies
from service.web.pages.start import start
from service.web.pages.vervanging import neem_waar, vervang, vervanging

__all__ = ["manifest", "on_error", "route_handlers"]

route_handlers = [
    aanvragen,
    aanvraag,
    houd,
    bericht,
    bevestigen,
    bevestigd,
    start,
    vervanging,
    vervang,
    neem_waar,
    eigen_sessies,
    beeindig,
    beeindig_andere,
    asset,
    favicon,
]
