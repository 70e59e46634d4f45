"""What happens at the gates: devices ask the service or decide by themselves, and people go in.

A crash ends both the device and the process that answers it; the journal stays. If only the process
died, the device would get no answer, which is another mishap.
"""

from collections.abc import Iterator, Sequence
from uuid import NAMESPACE_OID, uuid5

from attrs import evolve, frozen

from ticketing_core.admission import AdmissionClaims
from ticketing_core.errors import StoreUnavailable
from ticketing_core.gate import Gate
from ticketing_core.scan import Admitted, ScanAnswer
from ticketing_core.testing.admission import PlainSigner
from ticketing_core.testing.simulation.calls import Call
from ticketing_core.testing.simulation.gate_facts import Device, Look, Party
from ticketing_core.testing.simulation.outside import Outside
from ticketing_core.ticket import Ticket
from ticketing_core.use_cases.sync import JournalEntry


@frozen(kw_only=True)
class AtTheGates(Outside):
    """The moves at the gates. A scan is about the buyer's newest ticket; without one, none is made.

    Devices have names, and stay the same from one move to the next.
    """

    _gate: Gate

    @property
    def gate(self) -> Gate:
        """The gate, over scheduled ports, in a new process. See `Simulation.office`."""
        self.begin_process()
        return self._gate

    def begin_process(self) -> None:
        """Let the next calls come from a new process of the service.

        Raises:
            StoreUnavailable: The store has gone back, and the operator has not yet begun to restore
                it: nothing is served.
        """
        if self.facts.is_down:
            raise StoreUnavailable("nothing is served until the restore has begun")
        self.scheduler.begin_process()

    # --- a device that asks -------------------------------------------------------------------

    def scan(self, device: str, buyer: str, *, people: int = 1, tries: int = 1) -> None:
        """Ask whether people may go in; without an answer, decide without the service.

        It decides with the same scan id, since the service may have counted them already.
        """
        for look in self.look(device, buyer, people):
            answer = self._ask(look, tries=tries)
            if answer is None:
                self._decide(device, look, may_be_counted=True)
            else:
                if isinstance(answer.outcome, Admitted):
                    self.let_in(look, asked=True)
                self._finish(look)

    def mis_scan(self, device: str, buyer: str, *, people: int = 1) -> None:
        """Scan the wrong ticket, and take it back, also if there was no answer."""
        for look in self.look(device, buyer, people):
            answer = self._ask(look, tries=1)
            if answer is not None and not isinstance(answer.outcome, Admitted):
                self._finish(look)
                return
            if answer is not None:
                self.let_in(look, asked=True)
            self.take_back(device)

    def send_again(self, device: str) -> None:
        """A copy of the device's last request arrives. Nobody waits for its answer."""
        sent = self._device(device).sent
        if sent is not None:
            self._check_in(sent)

    def take_back(self, device: str) -> None:
        """Take the device's last scan back: after its people are out, the service is called."""
        look = self._device(device).last
        if look is not None:
            # A device that dies now leaves people counted who are out.
            self.facts.gate.unfinished.add(look.noted.scan_id)
            self.let_out(look)
            self.note(device, look, undo=True)
            self._finish(look)
            self.sync(device)

    # --- a device that is offline -------------------------------------------------------------

    def fetch_gate_list(self, device: str) -> None:
        """Fetch the list by which the device decides while it is offline."""
        fetched = self.gate.gate_list(self.facts.event_id)
        kept = self._device(device)
        kept.gate_list = fetched
        kept.let_in.clear()

    def scan_offline(self, device: str, buyer: str, *, people: int = 1) -> None:
        """Decide without the service, by the list and what the device itself has done since."""
        for look in self.look(device, buyer, people):
            self._decide(device, look)

    def sync(self, device: str) -> None:
        """Send the journal. What is answered leaves it."""
        journal = self._device(device).journal
        sent = list(journal)
        match sent:
            case []:
                return
            case [JournalEntry(undo=True) as noted]:
                # The service knows the scan itself.
                self.gate.undo(
                    event_id=self.facts.event_id,
                    shown=noted.token,
                    scan_id=noted.scan_id,
                    gate=noted.gate,
                    by=device,
                )
            case _:
                now = self.world.clock.now()
                self.gate.sync(sent, event_id=self.facts.event_id, sent_at=now, by=device)
        del journal[: len(sent)]

    def sync_all(self) -> None:
        """All devices are back, and send what they have noted."""
        for device in self.facts.gate.devices:
            self.sync(device)

    # --- the steps of a device ----------------------------------------------------------------

    def look(self, device: str, buyer: str, people: int) -> Iterator[Look]:
        """Read the code of the buyer's newest ticket."""
        kept = self._device(device)
        for ticket in self._newest(buyer):
            kept.scans += 1
            noted = JournalEntry(
                scan_id=uuid5(NAMESPACE_OID, f"{device} {kept.scans}"),
                token=PlainSigner().sign(AdmissionClaims.of(ticket)),
                people=people,
                at=self.world.clock.now(),
                gate=device,
            )
            kept.last = Look(noted=noted, ticket_id=ticket.ticket_id, quantity=ticket.quantity)
            self.facts.gate.unfinished.add(noted.scan_id)
            yield kept.last

    def note(self, device: str, look: Look, *, undo: bool = False) -> None:
        """Write into the device's journal. It survives the end of the device."""
        noted = evolve(look.noted, undo=undo)

        def effect() -> None:
            self._device(device).journal.append(noted)
            self.facts.gate.noted.add(noted.scan_id)

        self.scheduler.perform(Call("door", "note", (noted,)), effect)

    def let_in(self, look: Look, *, asked: bool) -> None:
        """The device shows green, and people go in."""
        people = look.noted.people

        def effect() -> None:
            party = Party(ticket_id=look.ticket_id, people=people, asked=asked)
            self.facts.gate.inside[look.noted.scan_id] = party
            if not asked:
                self._device(look.noted.gate).let_in[look.ticket_id] += people

        call = Call("door", "let_in", (look.noted,), {"asked": asked})
        self.scheduler.perform(call, effect)

    def let_out(self, look: Look) -> None:
        """The people of a scan come out again, if they went in."""

        def effect() -> None:
            party = self.facts.gate.inside.pop(look.noted.scan_id, None)
            if party is not None and not party.asked:
                self._device(look.noted.gate).let_in[look.ticket_id] -= party.people

        self.scheduler.perform(Call("door", "let_out", (look.noted,)), effect)

    # --- inside a device ----------------------------------------------------------------------

    # The service may have counted people and the device turn them away: then staff has to undo it.
    def _decide(self, device: str, look: Look, *, may_be_counted: bool = False) -> None:
        is_good = self._is_good(device, look)
        if is_good:
            self.note(device, look)
            self.let_in(look, asked=False)
        if is_good or not may_be_counted:
            self._finish(look)

    def _is_good(self, device: str, look: Look) -> bool:
        kept = self._device(device)
        inside = kept.let_in[look.ticket_id] + look.noted.people
        if kept.gate_list is not None:
            if look.ticket_id in kept.gate_list.void:
                return False
            inside += dict(kept.gate_list.inside).get(look.ticket_id, 0)
        return inside <= look.quantity

    def _ask(self, look: Look, *, tries: int) -> ScanAnswer | None:
        self._device(look.noted.gate).sent = look
        for _ in range(tries):
            try:
                return self._check_in(look)
            except StoreUnavailable:
                pass
        return None

    def _check_in(self, look: Look) -> ScanAnswer:
        return self.gate.check_in(
            event_id=self.facts.event_id,
            shown=look.noted.token,
            people=look.noted.people,
            scan_id=look.noted.scan_id,
            gate=look.noted.gate,
            by=look.noted.gate,
        )

    def _finish(self, look: Look) -> None:
        self.facts.gate.unfinished.discard(look.noted.scan_id)

    def _device(self, name: str) -> Device:
        return self.facts.gate.devices.setdefault(name, Device())

    def _newest(self, buyer: str) -> Sequence[Ticket]:
        return self.world.tickets.of_buyer(buyer, before=None, limit=1)
