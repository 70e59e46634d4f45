"""Notifications of the payment provider: odd bodies, signatures and headers."""

from attrs import frozen
from hypothesis import strategies as st

from tests.fuzz.inputs import encoded, mutated, scalars, texts, values
from tests.fuzz.judging import Attack, Check, Tally
from tests.fuzz.requests import bodies
from tests.fuzz.site import SECRET, WEBHOOK_SECRET, Sent, Site, stripe_signature
from ticketing_adapters.sql import installation_id

OURS = "THIS_INSTALLATION"
"""Stands for the id of the installation, which is another one in each database."""

TOLERANCE = 300
"""Seconds. Older signatures are refused (docs.stripe.com/webhooks#replay-attacks)."""

KINDS = [
    "checkout.session.completed", "checkout.session.expired", "refund.created", "charge.refunded",
    "charge.dispute.created", "radar.early_fraud_warning.created", "charge.refund.updated", "",
]  # fmt: skip

_metadata = st.dictionaries(
    st.sampled_from(["installation", "ticket_code"]), st.just(OURS) | values, max_size=2
)
_subjects = values | st.fixed_dictionaries(
    {
        "id": st.sampled_from(["cs_1", "re_1"]) | scalars,
        "object": st.sampled_from(["refund", "dispute", "charge"]) | scalars,
        "metadata": st.just({"installation": OURS}) | _metadata | values,
    },
    optional={"payment_intent": st.just("pi_1") | values, "amount": scalars, "status": texts},
)
_events = st.builds(
    lambda kind, subject, more: {"type": kind, "data": {"object": subject}} | more,
    st.sampled_from(KINDS) | texts,
    _subjects,
    st.dictionaries(st.sampled_from(["type", "data", "object", "api_version"]), values, max_size=1),
)

HEADERS = [
    "{right}", "{right},v1=00,v0=11", "{old_scheme}", "{right}" * 900, "{time}", "{mac}", "",
    "t=,v1=", "t=-1,{mac}", "t=1e400,{mac}", "t=99999999999999999999999,{mac}", "t=0x1,{mac}",
    "{time},v1=\xff",    "{time},{time},{mac}", "{mac},{time}", "{time};{mac}", "\xe9", ",=,=",
]  # fmt: skip


@frozen
class Notice:
    """A notification to be signed.

    Attributes:
        signed: What the signature is made for.
        body: What is sent.
        header: How the signature is written; None for no header.
        secret: What it is signed with.
        age: How many seconds ago.
    """

    signed: bytes
    body: bytes
    header: str | None
    secret: str
    age: int


@st.composite
def notices(draw: st.DrawFn) -> Notice:
    """Return a notification: half of them are genuine, with odd bodies."""
    signed = draw(_events.map(encoded) | mutated(_events.map(encoded)) | bodies)
    if draw(st.booleans()):
        return Notice(signed, signed, "{right}", WEBHOOK_SECRET, 0)
    return Notice(
        signed=signed,
        body=draw(mutated(st.just(signed))),
        header=draw(st.none() | st.sampled_from(HEADERS)),
        secret=draw(st.sampled_from([WEBHOOK_SECRET, "whsec_other", "", SECRET])),
        age=draw(st.sampled_from([0, 10**4, -(10**4)])),
    )


def webhook(name: str, site: Site, tally: Tally) -> Check:
    """Send each notification."""
    ours = str(installation_id(site.service.store.engine))

    def check(notice: Notice) -> None:
        signed, body = (
            each.replace(OURS.encode(), ours.encode()) for each in (notice.signed, notice.body)
        )
        right = stripe_signature(signed, secret=notice.secret, age=notice.age)
        time, _, mac = right.partition(",")
        found = []
        if notice.header is not None:
            old = right.replace("v1=", "v0=")
            header = notice.header.format(right=right, time=time, mac=mac, old_scheme=old)
            found = [("Stripe-Signature", header)]
        is_known = body == signed and notice.secret == WEBHOOK_SECRET and notice.age <= TOLERANCE
        sent = Sent("POST", "/api/payments/webhook/", headers=found, body=body)
        tally.judge(name, site, sent, forged=not is_known)

    return check


ATTACKS = {"webhooks": Attack(notices(), webhook)}
