"""Wires the gate: for the service and for commands, and for an offline gate."""

import json
from collections.abc import Callable, Mapping

from attrs import frozen

from ticketing_adapters.gate_list import VerifiedGateList, read_gate_list
from ticketing_adapters.jws_admission import JwsAdmission, SigningKey
from ticketing_adapters.store import Store
from ticketing_core import AdmissionClaims
from ticketing_core.gate import Gate
from ticketing_core.ports import AdmissionSigner, Clock, PaymentGateway
from ticketing_core.signature import Forged, UnknownKey
from ticketing_service.composition.payments import call_pace, gateway
from ticketing_service.observing.gate import ObservedGate
from ticketing_service.observing.metrics import Metrics
from ticketing_service.settings import Settings


def gate_of(
    store: Store,
    *,
    signer: AdmissionSigner,
    gateway: PaymentGateway,
    clock: Clock,
    metrics: Metrics | None = None,
) -> Gate:
    """Return the gate over a store."""
    return ObservedGate(
        events=store.events,
        tickets=store.tickets,
        admissions=store.admissions,
        signer=signer,
        gateway=gateway,
        clock=clock,
        metrics=metrics,
    )


def gate_for_commands(settings: Settings, *, store: Store) -> Gate:
    """Return the gate over a store. It cannot sign."""
    pace = call_pace(settings, store=store)
    return gate_of(
        store,
        signer=_reader(store.public_keys.recent),
        gateway=gateway(settings, store=store, pace=pace),
        clock=store.clock,
    )


@frozen
class OfflineGate:
    """A gate without a network.

    Attributes:
        newest: Its newest gate list.
    """

    _reader: JwsAdmission
    newest: VerifiedGateList

    def read(self, token: str) -> AdmissionClaims | Forged | UnknownKey:
        """See `AdmissionSigner.read`."""
        return self._reader.read(token)


def offline_gate(key_set: str, gate_list: str) -> OfflineGate:
    """Return a gate with this key set (RFC 7517) and this gate list.

    Raises:
        ValueError: The key set or the list cannot be used; the text says why.
    """
    keys = _keys(key_set)
    match read_gate_list(gate_list.strip(), public_key=keys.get):
        case Forged(reason):
            raise ValueError(f"the gate list is not genuine: {reason}")
        case UnknownKey(kid):
            raise ValueError(f"the gate list is signed with the key {kid}, not in the key set")
        case VerifiedGateList() as newest:
            return OfflineGate(_reader(keys.get), newest)


def _keys(key_set: str) -> Mapping[str, Mapping[str, str]]:
    try:
        return {str(jwk["kid"]): jwk for jwk in json.loads(key_set)["keys"]}
    except (LookupError, RecursionError, TypeError, ValueError):
        raise ValueError("the key set is not one as /.well-known/jwks.json has it") from None


def _reader(public_key: Callable[[str], Mapping[str, str] | None]) -> JwsAdmission:
    # A new key, because the signer needs one. Nothing is signed with it.
    return JwsAdmission(key=SigningKey.generate(), public_key=public_key)
