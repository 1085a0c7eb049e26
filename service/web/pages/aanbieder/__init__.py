"""What an aanbieder does: its plekken, the voorstellen to it, who lives there, questions and its own figures."""

from service.web.pages.aanbieder.plek import plek, stop, verander_stop, wijzig
from service.web.pages.aanbieder.plekken import alles, bevestig, bewoning, plekken, voeg_toe

handlers = [plekken, alles, bevestig, bewoning, voeg_toe, plek, wijzig, stop, verander_stop]
