"""The letters by which the tables name the rollen."""

from service.db import Rol

S, C, A, V, K, B = (
    Rol.SCHAKELFUNCTIONARIS,
    Rol.CRISISDIENST,
    Rol.AANBIEDER,
    Rol.VERWIJZER,
    Rol.CONTRACTBEHEER,
    Rol.BEHEERDER,
)
