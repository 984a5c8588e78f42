"""The fingerprint of a route's mapping: what tells whether two relay.toml map a webhook alike."""

import hashlib
import json

from relay.config.model import Config
from relay.config.route import Route

LENGTH = 16


def mapping_fingerprint(route: Route, config: Config) -> str:
    """Return 16 hexadecimal digits that differ if what a webhook of this route becomes may differ."""
    templates = {key: template.text for key, template in route.templates().items() if template}
    limits = [config.limits.entry, config.limits.entries]
    regions = () if route.customer else config.regions  # a customer's destination says in which Region it is
    others = [config.partner, regions, limits, route.path, route.body_format, route.bus, route.on_oversize]
    content = json.dumps([templates, others], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:LENGTH]
