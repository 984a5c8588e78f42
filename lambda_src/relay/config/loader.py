"""relay.toml, read and proved: what the function and the stack may rely on. All mistakes are reported at once."""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from relay.auth import certificate, handshake, json_web_token, redaction, shared_secret, signature
from relay.auth.handshake import Handshake
from relay.config import auth as scheme_config
from relay.config import event as event_config
from relay.config import presets, route_rules
from relay.config.line_numbers import line_of
from relay.config.presets import Presets
from relay.config.regions import region_problem
from relay.config.route import CLAIM_CHECK, REJECT, Route
from relay.config.table import INVALID_TEMPLATE, Problem, Table, Validator, similar
from relay.entry import MAX_ENTRY_BYTES
from relay.errors import ConfigError
from relay.http import body_formats
from relay.http.routing import path_problem, shape

SCHEMES = (
    "standard-webhooks",
    json_web_token.KIND,
    shared_secret.NONE,
    *certificate.KINDS,
    *signature.KINDS,
    *shared_secret.KINDS,
)
SECRET_PREFIX = "RELAY_SECRET_PREFIX"  # noqa: S105  # the name of a variable
"""The environment variable that says how the names of the stage's secrets begin."""
DIRECT, BOTO3 = "direct", "boto3"
TRANSPORTS = (DIRECT, BOTO3)

# Lambda takes an event of 6 MiB, in which each quote of a JSON body is escaped: about 5.1 MB of ordinary JSON.
_LAMBDA_BODY = "5 MB"
# The delivered event is larger than its entry, and customers' targets take 1 MiB at most: Shopify stops there too.
_ENTRY = "1 MB"
# "Less than 256 KB": https://docs.aws.amazon.com/eventbridge/latest/onboarding/onboarding_tasks.html
_REQUEST = "262143 B"
# Whose answer fits a row of the table of delivery ids (see response.py); one that does not is not remembered.
_ENTRIES_OF_A_ROW = 5000
_PARTNER = r"aws\.partner/[.\-_A-Za-z0-9]+"
_EXPECTED_URL = 'expected a URL such as "https://hooks.acme.example", without a slash at its end'
_BUS = r"[.\-_A-Za-z0-9]{1,256}|arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[.\-_A-Za-z0-9]{1,256}"
_ROUTE_NAME = r"[A-Za-z][A-Za-z0-9-]{0,63}"


@dataclass(frozen=True, slots=True)
class Limits:
    """`[limits]`: the most bytes of a body, an entry and a request, and the most entries of one webhook."""

    body: int = 1024 * 1024
    entry: int = 1_000_000
    request: int = 256 * 1024 - 1
    entries: int = 5000


@dataclass(frozen=True, slots=True)
class Config:
    """relay.toml. The first of `regions` is the default; `claim_check_ttl` is in seconds.

    `public_url` is the base of the URLs the senders use, without a slash at its end.
    """

    partner: str
    regions: tuple[str, ...]
    routes: tuple[Route, ...]
    limits: Limits
    public_url: str = ""
    claim_check_ttl: int = 3600
    transport: str = DIRECT

    def with_secret_prefix(self, prefix: str) -> "Config":
        """Return this configuration with every secret named as the stage of this prefix (`dev/`) keeps it."""
        return (
            replace(self, routes=tuple(route.with_secret_prefix(prefix) for route in self.routes)) if prefix else self
        )

    def warnings(self) -> list[str]:
        """What `cdk synth` says about each route that authenticates less than its body."""
        return [f'route "{route.name}": {weak}' for route in self.routes for weak in route.weak]


def path() -> Path:
    """Where the function finds relay.toml: beside its package, unless RELAY_CONFIG says otherwise."""
    return Path(os.environ.get("RELAY_CONFIG", Path(__file__).parents[2] / "relay.toml"))


def load(path: Path) -> Config:
    """Return the configuration of this stage: RELAY_SECRET_PREFIX begins the names of its secrets.

    Raises ConfigError with one sentence for every mistake: its line, what was expected, what was found.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError([f"{path.name}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path.name}: is not TOML: {error}"]) from error
    return parse(text, path.name).with_secret_prefix(os.environ.get(SECRET_PREFIX, ""))


def parse(text: str, name: str) -> Config:
    """The same, of a text that is not in its file yet."""
    problems: list[Problem] = []
    try:
        data = tomllib.loads(text)
    except ValueError as error:
        raise ConfigError([f"{name}: is not TOML: {error}"]) from error
    config = _config(Table(data, problems))
    if problems:
        lines = [(line_of(text, one.place), one.sentence) for one in problems]
        raise ConfigError([f"{name}:{line}: {sentence}" for line, sentence in sorted(lines)])
    return config


def _config(table: Table) -> Config:
    partner = table.text("partner", check=_pattern(_PARTNER, 'expected "aws.partner/" and your domain'))
    regions = table.texts("regions", check=region_problem)
    known = presets.load()
    tables = table.tables("route")
    routes = tuple(_route(one, known, partner, regions) for one in tables)
    _note_duplicates(tables, routes)
    for index, problem in route_rules.shares_secrets(routes):
        tables[index].problem("auth.secret", problem)
    routes = tuple(_never_signed_for_anybody(route, routes) for route in routes)
    public_url = table.text("public_url", "", check=_pattern(r"https?://[^/?#]+(/[^?#]*[^/?#])?", _EXPECTED_URL))
    for one, route in zip(tables, routes, strict=True):
        if route.auth.signs_url and not public_url:
            one.problem("auth", "the sender signs its URL; expected public_url at the top of the file")
    config = Config(
        partner,
        regions,
        routes,
        limits=_limits(table.table("limits", {})),
        public_url=public_url,
        claim_check_ttl=table.duration("claim_check_ttl", "1 h", maximum="12 h"),
        transport=table.choice("transport", TRANSPORTS),
    )
    if config.limits.entries > _ENTRIES_OF_A_ROW and any(route.dedupe for route in routes):
        table.problem(
            "limits.entries", f"expected at most {_ENTRIES_OF_A_ROW}: a route with dedupe remembers its answers"
        )
    table.end()
    return config


def _limits(table: Table) -> Limits:
    largest_entry = f"{MAX_ENTRY_BYTES} B"
    limits = Limits(
        body=table.size("body", "1 MiB", maximum=_LAMBDA_BODY),
        entry=table.size("entry", _ENTRY, maximum=largest_entry),
        request=table.size("request", _REQUEST, maximum=largest_entry),
        entries=table.number("entries", 5000, maximum=10_000),
    )
    table.end()
    return limits


def _never_signed_for_anybody(route: Route, routes: Sequence[Route]) -> Route:
    patterns = route_rules.signed_for_anybody(route, routes)
    return replace(route, auth=route.auth.refuse_contents(patterns)) if patterns else route


def _note_duplicates(tables: Sequence[Table], routes: Sequence[Route]) -> None:
    taken: dict[tuple[str, str], str] = {}
    for table, route in zip(tables, routes, strict=True):
        # The stack's outputs are named after the routes, without hyphens.
        for key, value in (("name", route.name.replace("-", "").lower()), ("path", shape(route.path))):
            if value and (key, value) in taken:
                table.problem(key, f'route "{taken[key, value]}" already has this {key}')
            taken.setdefault((key, value), route.name)


def _route(table: Table, known: Presets, partner: str, regions: Sequence[str]) -> Route:
    preset = _preset(table, known)
    bus = table.text("bus", "", check=_pattern(_BUS, "expected the name or the ARN of an event bus"))
    body_format = table.choice("body_format", body_formats.FORMATS, preset.get("body_format", ""))
    handshakes = tuple(_handshake(one, body_format) for one in table.tables("handshake", preset.get("handshake", [])))
    has_token = any(one.token for one in handshakes)
    route = Route(
        name=table.text("name", check=_pattern(_ROUTE_NAME, "expected a letter, then letters, digits or -")),
        path=table.text("path", check=path_problem),
        auth=scheme_config.read(table.table("auth", preset.get("auth", {})), _one_of(SCHEMES)),
        delivery_id=table.template(
            "delivery_id",
            [name for name in event_config.NAMES if name != "delivery_id"],
            preset.get("delivery_id", ""),
        ),
        event=event_config.read(table.table("event", preset.get("event", {})), bus, partner, regions),
        body_format=body_format,
        allow_forgeable_source=table.flag("allow_forgeable_source", default=False),
        retry_for=table.duration("retry_for", "2 s", minimum="0 s", maximum="20 s"),
        dedupe=table.flag("dedupe", default=False),
        # What a preset says of its id, it does not say of the route's own.
        unique_delivery_id=table.flag(
            "unique_delivery_id",
            default=not table.get("delivery_id") and preset.get("unique_delivery_id", False),
        ),
        bus=bus,
        on_oversize=table.choice("on_oversize", (REJECT, CLAIM_CHECK)),
        response_body=table.text("response_body", preset.get("response_body", "")),
        handshakes=handshakes,
        verify_token=scheme_config.read_secret(table, "verify_token") if has_token else None,
        enroll=table.flag("enroll", default=False) if any(one.enroll for one in handshakes) else False,
        origins=table.texts("origins", required=False) if any(one.origin for one in handshakes) else (),
    )
    secret = route.auth.secret
    if route.enroll and secret and (secret.is_parameter or not secret.is_fixed):
        table.problem("enroll", "expected the secret to be one in Secrets Manager, where it can be stored")
    if bus.startswith("arn:") and bus.split(":")[3] not in regions:
        table.problem("bus", f'expected its Region to be one of regions, got "{bus}"')
    if route.dedupe and not route.delivery_id:
        table.problem("dedupe", "expected delivery_id: what tells one webhook from another")
    if route.event.claim_check_detail and route.on_oversize != CLAIM_CHECK:
        table.problem("event.claim_check_detail", f'expected on_oversize = "{CLAIM_CHECK}" on the route')
    for key, problem in redaction.reads_redacted(route.auth, route.templates()):
        table.problem(key, problem)
    table.end()
    for key, problem in route_rules.problems(route):
        table.problem(key, problem)
    return replace(route, weak=tuple(route_rules.warnings(route, verified=preset.get("verified", True))))


def _handshake(table: Table, body_format: str) -> Handshake:
    made = Handshake(
        method=table.choice("method", ("POST", "GET", "HEAD", "OPTIONS")),
        when=table.template("when", handshake.NAMES, None) or INVALID_TEMPLATE,
        authenticate=table.flag("authenticate", default=True),
        status=table.number("status", 200, maximum=299),
        pattern=table.text("pattern", handshake.DEFAULT_PATTERN),
        text=table.template("text", handshake.NAMES),
        json=table.templates("json", handshake.NAMES),
        headers=table.templates("headers", handshake.NAMES),
        token=table.template("token", handshake.NAMES),
        origin=table.template("origin", handshake.NAMES),
        sign=table.template("sign", handshake.NAMES),
        enroll=table.template("enroll", handshake.NAMES),
        body_format=body_format,
    )
    table.end()
    return made


def _preset(table: Table, known: Presets) -> Mapping[str, Any]:
    """What the route's preset brings; `extends` in it names another preset whose authentication and id are the same."""
    given = table.get("auth")
    scheme = given.get("scheme") if isinstance(given, dict) else None
    name = table.text("preset", "")
    if name and name not in known:
        close = similar(name, known)
        hint = f'did you mean "{close[0]}"?' if close else "`relayctl presets` lists them"
        table.problem("preset", f'there is no "{name}"; {hint}')
        name = close[0] if close else "standard-webhooks"  # so that the rest of the route can be read
    # A scheme with a name of its own is the authentication, and the delivery id, of the preset of that name.
    own = known.get(str(scheme), {}) if scheme in SCHEMES else {}
    preset = known.get(name, {})
    base = own or known.get(preset.get("extends", ""), {})
    inherited = presets.inherit(preset, base)
    return inherited | {"auth": own.get("auth", {})} if own else inherited


def _pattern(pattern: str, expected: str) -> Validator:
    return lambda value: None if re.fullmatch(pattern, value) else expected


def _one_of(names: Iterable[str]) -> Validator:
    return lambda value: None if value in names else f"expected one of {', '.join(sorted(names))}"
