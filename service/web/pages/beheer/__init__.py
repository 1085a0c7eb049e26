"""Contractbeheer and the beheerder: the figures of the region, and what could not be delivered."""

from service.web.pages.beheer.cijfers import bestand, cijfers
from service.web.pages.beheer.mislukt import mislukt, opnieuw

handlers = [cijfers, bestand, mislukt, opnieuw]
