"""What an aanbieder does: its plekken, the voorstellen to it, who lives there, questions and its own figures."""

from service.web.pages.aanbieder import cijfers, plaatsingen, plek, plekken, voorstellen, vragen

handlers = [
    plekken.plekken,
    plekken.alles,
    plekken.bevestig,
    plekken.bewoning,
    plekken.voeg_toe,
    plek.plek,
    plek.wijzig,
    plek.stop,
    plek.verander_stop,
    voorstellen.lijst,
    voorstellen.een,
    voorstellen.stap,
    plaatsingen.lijst,
    plaatsingen.een,
    plaatsingen.stap,
    vragen.lijst,
    vragen.een,
    vragen.antwoord,
    cijfers.eigen,
]
