"""Pages of a verwijzer: the aanvragen of the own organisatie."""

from service.web.pages.verwijzer.aanvraag import route_handlers as een
from service.web.pages.verwijzer.mijn import mijn
from service.web.pages.verwijzer.nieuw import route_handlers as nieuw

__all__ = ["route_handlers"]

route_handlers = [mijn, *nieuw, *een]
