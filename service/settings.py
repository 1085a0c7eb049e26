"""All settings in one frozen Struct, read once at start from variables named LOKET_….

docs/instellingen.md is written from this file (`loket instellingen --markdown`), and a test proves it current.
Values are checked together: whoever starts the program with three mistakes is told all three.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from service.adressen import are_networks, has_scheme, is_loopback, is_name_or_address, is_public_address

PREFIX = "LOKET_"

ROOT = Path(__file__).resolve().parents[1]
"""The clone."""


class SettingsError(ValueError):
    """Each line of the message is one variable with what is wrong and what it may be."""


class Settings(Struct, frozen=True, kw_only=True):
    """Field `data` is variable LOKET_DATA, and so on. Defaults are those of the demo."""

    data: Annotated[
        Path | None,
        Meta(
            description="Map waarin de meegeleverde PostgreSQL en Valkey hun gegevens bewaren. Leeg: `.loket/` naast de"
            " Makefile; als root onder een afgesloten map `/var/lib/loket/…`.",
            examples=["/home/sam/loket-gegevens"],
        ),
    ] = None
    database_url: Annotated[
        str | None,
        Meta(
            description="Bestaande PostgreSQL (15 of hoger) voor de dienst. Het loket start dan zelf niets. Moet samen"
            " met `LOKET_REDIS_URL`.",
            examples=["postgresql://loket_app@db.example/loket"],
        ),
    ] = None
    database_owner_url: Annotated[
        str | None,
        Meta(
            description="Dezelfde database voor wie het schema bezit: voor `loket migrate` en het laden van gegevens."
            " Leeg: `LOKET_DATABASE_URL`.",
            examples=["postgresql://loket_eigenaar@db.example/loket"],
        ),
    ] = None
    database_replica_url: Annotated[
        str | None,
        Meta(
            description="Kopie van dezelfde database (streaming replication), om te lezen: lijsten van het aanbod en"
            " cijfers, waar niets van een kind in staat. Mag het adres van meer kopieën zijn. Leeg: alles wordt van"
            " `LOKET_DATABASE_URL` gelezen.",
            examples=["postgresql://loket_app@db-lezen.example/loket"],
        ),
    ] = None
    replica_s: Annotated[
        float,
        Meta(
            ge=2,
            le=300,
            description="Seconden die wat van de kopie is gelezen, oud mag zijn. Loopt zij verder achter, dan leest"
            " het loket van `LOKET_DATABASE_URL`. Wie zelf iets veranderde, leest zo lang daar.",
        ),
    ] = 10.0
    redis_url: Annotated[
        str | None,
        Meta(
            description="Bestaande Valkey of Redis. Moet samen met `LOKET_DATABASE_URL`.",
            examples=["redis://valkey.example:6379/0"],
        ),
    ] = None
    host: Annotated[
        str,
        Meta(
            description="Adres waarop het loket luistert. Standaard alleen deze computer zelf. Een ander adres mag pas"
            " als `LOKET_ADRES` gezet is.",
            examples=["0.0.0.0"],  # nosec B104
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Poort waarop het loket luistert; 0: een vrije poort.")] = (
        8000
    )
    adres: Annotated[
        str | None,
        Meta(
            description="Waar mensen het loket vinden. Een verzoek voor een andere naam weigert het loket. Leeg: alleen"
            " deze computer zelf kan het loket gebruiken, en inloggen kan alleen in de demo.",
            examples=["https://loket.example"],
        ),
    ] = None
    kaart_tegels: Annotated[
        Annotated[str, Meta(pattern=r"^https://([a-z0-9.-]|\{s\}\.)+(:[0-9]+)?/[^\s;,'\"]*$")] | None,
        Meta(
            description="Adres van een kaartserver, voor de ondergrond van kaarten. De browser van wie een kaart ziet,"
            " haalt daar plaatjes op, dus die server ziet welk gebied iemand bekijkt. Leeg: kaarten zonder ondergrond.",
            examples=["https://tegels.example/{z}/{x}/{y}.png"],
        ),
    ] = None
    kaart_bron: Annotated[
        str | None,
        Meta(
            description="Naamsvermelding die de maker van de ondergrond vraagt.", examples=["© de makers van de kaart"]
        ),
    ] = None
    proxies: Annotated[
        str | None,
        Meta(
            description="Adressen van de proxy's voor het loket. Alleen van hen gelooft het loket `X-Forwarded-For`,"
            " en dus van welke computer een verzoek komt. Leeg: van niemand.",
            examples=["10.0.0.5, 10.1.0.0/16"],
        ),
    ] = None
    oidc_keys: Annotated[
        Path | None,
        Meta(
            description="Bestand met de geheime sleutels waarmee het loket zich bij identiteitsproviders bewijst (JWK"
            " Set). Maak het met `loket inlog sleutel`. Leeg: inloggen kan alleen in de demo.",
            examples=["/etc/loket/oidc.json"],
        ),
    ] = None
    oidc_timeout_s: Annotated[
        float,
        Meta(gt=0, le=60, description="Seconden dat het loket bij het inloggen op een identiteitsprovider wacht."),
    ] = 5.0
    demo_login: Annotated[
        bool | None,
        Meta(
            description="Links om zonder wachtwoord in te loggen, één per rol. Dat kan alleen met de meegeleverde"
            " database, op deze computer zelf; anders weigert het loket te starten. Leeg: alleen in `loket demo`, en"
            " alleen als het kan.",
        ),
    ] = None
    session_idle_min: Annotated[
        int, Meta(ge=5, le=480, description="Minuten waarna wie niets doet, opnieuw moet inloggen.")
    ] = 30
    session_max_min: Annotated[
        int, Meta(ge=15, le=1440, description="Minuten waarna iedereen opnieuw moet inloggen, ook wie bezig is.")
    ] = 600
    machine_token_min: Annotated[
        int,
        Meta(
            ge=1, le=60, description="Minuten waarna het systeem van een aanbieder een nieuw toegangsbewijs moet halen."
        ),
    ] = 15
    limit_person_min: Annotated[
        int,
        Meta(
            ge=30,
            le=100_000,
            description="Verzoeken per minuut die een gebruiker mag doen. Voor het systeem van een aanbieder staat dat"
            " bij de koppeling.",
        ),
    ] = 600
    limit_address_min: Annotated[
        int,
        Meta(
            ge=10,
            le=100_000,
            description="Verzoeken per minuut die één internetadres mag doen om in te loggen, mensen en systemen samen;"
            " en evenveel met een sessie of toegangsbewijs dat niet (meer) bestaat. Achter één adres kan een heel"
            " kantoor zitten.",
        ),
    ] = 300
    limit_at_once: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000,
            description="Verzoeken die één webproces tegelijk behandelt. Het heeft één processorkern en"
            " `LOKET_POOL_SIZE` verbindingen: wat erbij komt, wacht toch. Iets meer dan verbindingen, voor wie op iets"
            " anders wacht dan de database.",
        ),
    ] = 16
    limit_waiting: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000,
            description="Verzoeken die daarbij op hun beurt mogen wachten, hooguit 2 seconden. Wie dan nog komt, krijgt"
            " meteen 503 met `Retry-After`, en 429 wie zelf de helft van alle plaatsen heeft. 100 verzoeken van een"
            " paar milliseconden zijn een halve seconde wachten: langer wacht een mens niet graag.",
        ),
    ] = 100
    regio: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
            max_length=40,
            description="Code van de jeugdregio waarvoor de opdrachten en de demo werken. Wie inlogt, werkt voor de"
            " regio van zijn gebruiker.",
        ),
    ] = "gooi-en-vechtstreek"
    osrm_url: Annotated[
        str | None,
        Meta(
            description="OSRM-dienst voor reistijden. Leeg: een schatting uit afstand, omweg en snelheid.",
            examples=["http://127.0.0.1:5000"],
        ),
    ] = None
    osrm_timeout_s: Annotated[
        float,
        Meta(
            gt=0,
            le=60,
            description="Seconden dat het loket op OSRM wacht; daarna geldt de schatting, en dat staat erbij.",
        ),
    ] = 2.0
    detour_factor: Annotated[
        float,
        Meta(ge=1, le=3, description="Schatting van reistijd: weglengte gedeeld door de afstand in een rechte lijn."),
    ] = 1.3
    speed_kmh: Annotated[
        float, Meta(gt=0, le=130, description="Schatting van reistijd: gemiddelde snelheid in kilometer per uur.")
    ] = 45.0
    pool_size: Annotated[int, Meta(ge=1, le=200, description="Meeste verbindingen met de database per proces.")] = 10

    request_limit_s: Annotated[
        float,
        Meta(
            ge=1,
            le=600,
            description="Seconden waarna het loket een verzoek opgeeft, en de database een opdracht van de dienst.",
        ),
    ] = 60.0
    stroom_s: Annotated[
        float,
        Meta(
            ge=0,
            le=86_400,
            description="Seconden waarna het loket een live stroom van gebeurtenissen sluit. Wie volgt, verbindt"
            " opnieuw en mist niets. Kies minder dan wat de proxy's voor het loket toestaan.",
        ),
    ] = 900.0
    log_anker: Annotated[
        Path | None,
        Meta(
            description="Bestand buiten de database waarin elke `loket worker` bijhoudt tot waar het log is verzegeld;"
            " elke computer heeft zijn eigen. Leeg bij de meegeleverde database: naast de gegevensmap. Leeg bij een"
            " eigen database: geen, en dan is een afgekapt log niet te ontdekken.",
            examples=["/var/log/loket/anker"],
        ),
    ] = None
    metrics_port: Annotated[
        int,
        Meta(
            ge=0,
            le=65535,
            description="Poort waarop dit proces zijn meetwaarden geeft (`/metrics`, voor Prometheus) en zegt of het"
            " leeft (`/livez`). Er is geen inlog: houd hem binnen het eigen netwerk. 0: geen.",
            examples=["9100"],
        ),
    ] = 0
    metrics_host: Annotated[
        str,
        Meta(
            description="Adres waarop die poort luistert. Standaard alleen deze computer zelf.",
            examples=["0.0.0.0"],  # nosec B104
        ),
    ] = "127.0.0.1"
    log_vorm: Annotated[
        str,
        Meta(
            description="Hoe het programma schrijft wat er misgaat: `tekst` om te lezen, `json` (één object per regel)"
            " voor een logsysteem. In beide staat nooit iets van een kind."
        ),
    ] = "tekst"
    otlp_url: Annotated[
        str | None,
        Meta(
            description="Waar OpenTelemetry de sporen van verzoeken heen stuurt (OTLP over HTTP). In een spoor staat"
            " welke handeling het was, hoe lang die duurde en hoe die afliep. Leeg: nergens heen.",
            examples=["http://collector.example:4318/v1/traces"],
        ),
    ] = None
    worker_lease_s: Annotated[
        float,
        Meta(
            gt=0,
            le=600,
            description="Seconden waarna een ander `loket worker` een taak overneemt, als de eerste niets laat horen.",
        ),
    ] = 15.0
    worker_snel: Annotated[
        int,
        Meta(
            ge=1,
            le=50,
            description="Korte taken die één `loket worker` tegelijk doet, naast één plan: zoveel voor berichten"
            " klaarzetten en termijnen, en evenveel voor versturen.",
        ),
    ] = 3
    smtp_host: Annotated[
        str | None,
        Meta(
            description="Mailserver waarmee het loket mails verstuurt. Leeg: mails blijven wachten tot er een is. Moet"
            " samen met `LOKET_SMTP_VAN`.",
            examples=["smtp.example"],
        ),
    ] = None
    smtp_port: Annotated[int, Meta(ge=1, le=65535, description="Poort van de mailserver.")] = 587
    smtp_tls: Annotated[
        str,
        Meta(
            description="`starttls`: eerst beveiligen, dan pas praten (poort 587). `tls`: meteen beveiligd (poort 465)."
            " `geen` mag alleen op deze computer zelf."
        ),
    ] = "starttls"
    smtp_user: Annotated[
        str | None,
        Meta(
            description="Naam waarmee het loket bij de mailserver inlogt. Leeg: zonder inloggen. Moet samen met"
            " `LOKET_SMTP_WACHTWOORD`.",
            examples=["loket"],
        ),
    ] = None
    smtp_wachtwoord: Annotated[
        Path | None,
        Meta(
            description="Bestand met het wachtwoord bij die naam, op de eerste regel.",
            examples=["/etc/loket/smtp"],
        ),
    ] = None
    smtp_van: Annotated[
        str | None,
        Meta(description="Adres waar mails van het loket vandaan komen.", examples=["niet-beantwoorden@loket.example"]),
    ] = None
    smtp_timeout_s: Annotated[
        float, Meta(gt=0, le=120, description="Seconden dat het loket op de mailserver wacht; daarna later opnieuw.")
    ] = 20.0
    haak_bron: Annotated[
        str,
        Meta(
            description="Wie de gebeurtenissen voor andere systemen verstuurt (`source` van CloudEvents): het OIN van"
            " de organisatie en de naam van het systeem.",
            examples=["urn:nld:oin:00000001234567890000:systeem:een-loket"],
        ),
    ] = "urn:nld:systeem:een-loket"
    haak_timeout_s: Annotated[
        float, Meta(gt=0, le=60, description="Seconden dat het loket wacht op een systeem dat een gebeurtenis krijgt.")
    ] = 10.0
    haak_intern: Annotated[
        bool | None,
        Meta(
            description="Ja: gebeurtenissen mogen ook naar deze computer of een intern netwerk, en zonder https. Alleen"
            " voor proberen: wie een haak mag instellen, kan dan interne systemen laten aanroepen. Leeg: nee.",
        ),
    ] = None

    def __repr__(self) -> str:
        """Without what may hold a password."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        shown = {name: "(niet getoond)" if name.endswith("_url") and value else value for name, value in values.items()}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @property
    def embedded(self) -> bool:
        """True: start PostgreSQL and Valkey ourselves."""
        return self.database_url is None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Of the variables LOKET_…; SettingsError names every wrong one at once. An empty value is the default."""
        given = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value.strip()}
        wrong: list[str] = []
        values: dict[str, Any] = {}
        hints = get_type_hints(cls, include_extras=True)
        by_variable = {variable(field): field for field in hints}
        for name, text in given.items():
            if name not in by_variable:
                wrong.append(f"{name} bestaat niet.{nearest(name, by_variable)}")
                continue
            field = by_variable[name]
            try:
                values[field] = read(hints[field], CHECKS.get(field), text.strip())
            except (KeyError, ValueError):
                shown = "(niet getoond)" if field.endswith("_url") else repr(text)
                wrong.append(f"{name} is {shown}, maar moet {allowed(field, hints[field])} zijn.")
        if not wrong and (values.get("database_url") is None) != (values.get("redis_url") is None):
            present, absent = ("REDIS", "DATABASE") if "redis_url" in values else ("DATABASE", "REDIS")
            wrong.append(f"LOKET_{present}_URL is gezet, maar LOKET_{absent}_URL niet. Zet beide, of geen van beide.")
        if not wrong and "database_owner_url" in values and "database_url" not in values:
            wrong.append(
                "LOKET_DATABASE_OWNER_URL is gezet, maar LOKET_DATABASE_URL niet. Zet beide, of geen van beide."
            )
        if not wrong and "database_replica_url" in values and "database_url" not in values:
            wrong.append(
                "LOKET_DATABASE_REPLICA_URL is gezet, maar LOKET_DATABASE_URL niet. Zet beide, of geen van beide."
            )
        host = values.get("host", "127.0.0.1")
        if not wrong and not is_loopback(host) and "adres" not in values:
            wrong.append(
                f"LOKET_HOST is {host!r}, maar LOKET_ADRES is leeg. Zet in LOKET_ADRES waar mensen het loket vinden, of"
                " kies 127.0.0.1."
            )
        if not wrong:
            wrong += wrong_together(values)
        if wrong:
            raise SettingsError("\n".join(wrong))
        return cls(**values)


def wrong_together(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with the settings of the mail server beside each other."""
    wrong = []
    for one, other in (("smtp_host", "smtp_van"), ("smtp_user", "smtp_wachtwoord")):
        if (one in values) != (other in values):
            there, gone = (one, other) if one in values else (other, one)
            wrong.append(f"{variable(there)} is gezet, maar {variable(gone)} niet. Zet beide, of geen van beide.")
    if values.get("smtp_tls") == "geen" and not is_loopback(values.get("smtp_host", "localhost")):
        wrong.append("LOKET_SMTP_TLS is geen, maar LOKET_SMTP_HOST is een andere computer. Kies starttls of tls.")
    return wrong


def variable(field: str) -> str:
    return PREFIX + field.upper()


def nearest(name: str, known: Mapping[str, str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f" Bedoelt u {close[0]}?" if close else " De namen staan in docs/instellingen.md."


def read(hint: Any, check: Callable[[str], bool] | None, text: str) -> Any:
    """The text as the type of the field; ValueError (msgspec's is one) when it cannot be."""
    if check is not None and not check(text):
        raise ValueError(text)
    if Path in get_args(get_args(hint)[0]):
        try:
            return Path(text).expanduser()
        except RuntimeError as error:  # ~somebody who does not exist
            raise ValueError(text) from error
    if bool in get_args(get_args(hint)[0]):
        return YES_NO[text.lower()]
    value = msgspec.convert(text, hint, strict=False)
    if isinstance(value, float) and math.isnan(value):
        raise ValueError(text)
    return value


def allowed(field: str, hint: Any) -> str:
    """What a field may be, in Dutch."""
    if field in ALLOWED:
        return ALLOWED[field]
    kind, meta = get_args(hint)[0], get_args(hint)[1]
    if bool in get_args(kind):
        return "ja of nee"
    whole = "een heel getal" if kind is int else "een getal"
    low = f" van {meta.ge}" if meta.ge is not None else f" groter dan {meta.gt}"
    high = f" tot en met {meta.le}"
    return whole + low + high


MAIL = re.compile(r"[!-?A-~]{1,64}@[a-z0-9.-]{1,190}", re.IGNORECASE)

URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,30}:[a-z0-9()+,.:=@;$_!*'%/-]{1,200}", re.IGNORECASE)

YES_NO = {"ja": True, "nee": False}


CHECKS: dict[str, Callable[[str], bool]] = {
    "host": is_name_or_address,
    "adres": is_public_address,
    "proxies": are_networks,
    "database_url": has_scheme("postgresql", "postgres"),
    "database_owner_url": has_scheme("postgresql", "postgres"),
    "database_replica_url": has_scheme("postgresql", "postgres"),
    "redis_url": has_scheme("redis", "rediss", "unix"),
    "osrm_url": has_scheme("http", "https"),
    "metrics_host": is_name_or_address,
    "log_vorm": lambda text: text in ("tekst", "json"),
    "otlp_url": has_scheme("http", "https"),
    "smtp_host": is_name_or_address,
    "smtp_tls": lambda text: text in ("starttls", "tls", "geen"),
    "smtp_van": lambda text: MAIL.fullmatch(text) is not None,
    "haak_bron": lambda text: URN.fullmatch(text) is not None,
}
"""What msgspec cannot check of a text."""

ALLOWED: dict[str, str] = {
    "data": "een map",
    "log_anker": "een bestand",
    "host": "de naam of het IP-adres van deze computer",
    "adres": "een adres als https://loket.example, zonder iets erachter",
    "proxies": "IP-adressen of netwerken met komma's ertussen, zoals 10.0.0.5, 10.1.0.0/16",
    "oidc_keys": "een bestand",
    "database_url": "een adres als postgresql://gebruiker@computer/database",
    "database_owner_url": "een adres als postgresql://gebruiker@computer/database",
    "database_replica_url": "een adres als postgresql://gebruiker@computer/database",
    "redis_url": "een adres als redis://computer:6379/0 of unix:///pad/naar/socket",
    "osrm_url": "een adres als http://computer:5000",
    "metrics_host": "de naam of het IP-adres van deze computer",
    "log_vorm": "tekst of json",
    "otlp_url": "een adres als http://computer:4318/v1/traces",
    "smtp_host": "de naam of het IP-adres van een computer",
    "smtp_tls": "starttls, tls of geen",
    "smtp_user": "een naam",
    "smtp_wachtwoord": "een bestand",
    "smtp_van": "een e-mailadres",
    "haak_bron": "een URN, zoals urn:nld:oin:00000001234567890000:systeem:een-loket",
    "kaart_tegels": "een adres als https://tegels.example/{z}/{x}/{y}.png",
    "kaart_bron": "een korte tekst",
    "regio": "een code van kleine letters, cijfers en streepjes, zoals gooi-en-vechtstreek",
}


def as_markdown() -> str:
    """The table of docs/instellingen.md."""
    lines = [
        "# Instellingen",
        "",
        "Gemaakt uit `service/settings.py` met `loket instellingen --markdown`; een test bewaakt dat dit klopt.",
        "Het loket leest deze variabelen bij het starten. Een verkeerde waarde of een onbekende naam met `LOKET_`"
        " ervoor weigert het.",
        "",
        "| variabele | standaard | mag zijn | betekenis |",
        "|---|---|---|---|",
    ]
    defaults = {field.name: field.default for field in msgspec.structs.fields(Settings)}
    for field, name, may_be, meaning in descriptions():
        default = "(leeg)" if defaults[field] is None else f"`{defaults[field]}`"
        lines.append(f"| `{name}` | {default} | {may_be} | {meaning} |")
    return "\n".join(lines) + "\n"


def descriptions() -> list[tuple[str, str, str, str]]:
    """Per setting its field, its variable, what it may be and what it means."""
    found = []
    for field, hint in get_type_hints(Settings, include_extras=True).items():
        meta = get_args(hint)[1]
        example = f" Voorbeeld: `{meta.examples[0]}`." if meta.examples else ""
        found.append((field, variable(field), allowed(field, hint), f"{meta.description}{example}"))
    return found
