"""Contractbeheer and the beheerder: figures of the region, its settings, who may come in, what was not delivered."""

from service.web.pages.beheer import gebruikers, koppelingen
from service.web.pages.beheer.cijfers import bestand, cijfers
from service.web.pages.beheer.instellingen import groep, instellingen, proef, terug, wijzig
from service.web.pages.beheer.mislukt import mislukt, opnieuw

handlers = [
    cijfers,
    bestand,
    instellingen,
    groep,
    proef,
    wijzig,
    terug,
    gebruikers.lijst,
    gebruikers.een,
    gebruikers.voeg_toe,
    gebruikers.organisatie,
    gebruikers.wijzig,
    gebruikers.zet,
    koppelingen.lijst,
    koppelingen.een,
    koppelingen.voeg_toe,
    koppelingen.wijzig,
    koppelingen.zet,
    koppelingen.sleutel,
    koppelingen.einde,
    mislukt,
    opnieuw,
]
