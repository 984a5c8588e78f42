"""Partner Event Relay as an AWS CDK construct, for one relay.toml.

    from partner_event_relay import PartnerEventRelay

`construct.py` is what users see, `prepare.py` reads relay.toml and packages the code, `relay.py` composes.
"""

from partner_event_relay.construct import PartnerEventRelay
from partner_event_relay.errors import RelayError
from partner_event_relay.stages import Stage, from_context

__all__ = ["PartnerEventRelay", "RelayError", "Stage", "from_context"]
