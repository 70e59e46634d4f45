"""The half of the box office for what was sold: settling, news, reconciling."""

from collections.abc import Callable, Container, Iterator
from datetime import datetime

from attrs import frozen

from ticketing_core.payment import ListedCheckout, News
from ticketing_core.ports import (
    Clock,
    Installation,
    PaymentGateway,
    StrayRepository,
)
from ticketing_core.records import Records
from ticketing_core.ticket import Ticket
from ticketing_core.use_cases.forgotten_restore import notice_restore
from ticketing_core.use_cases.news import NewsRead, read_news, settle_news
from ticketing_core.use_cases.reconcile import Compared, Finding, reconcile
from ticketing_core.use_cases.refund import refund
from ticketing_core.use_cases.restore import Restoring, restore
from ticketing_core.use_cases.settle import Settlement, settle_ticket
from ticketing_core.use_cases.settle_due import Run, Tally, settle_due


@frozen(kw_only=True)
class BackOffice(Records):
    """Keeps tickets in line with the payment gateway.

    Every method may be called from several threads and processes at once, and may be repeated.
    Besides the errors it lists, each may raise `StoreUnavailable`: the outcome is unknown, and
    repeating the call finds it out. All errors are in `ticketing_core.errors`.

    Nothing settles by itself: call `settle_due` every few seconds and `read_news` every hour, or
    start the loop that does both (`ticketing_adapters.shop.Shop.settling`).

    Attributes:
        strays: Keeps checkouts that no ticket has stored.
        installation: Keeps what is true of the installation as a whole.
        gateway: Takes and refunds the money.
        clock: Knows the time.
    """

    strays: StrayRepository
    installation: Installation
    gateway: PaymentGateway
    clock: Clock

    def refund(
        self,
        *,
        ticket_id: int,
        by: str,
        again: bool = False,
        paid_back: str | None = None,
        scope: Container[int] | None = None,
    ) -> Ticket:
        """Void a ticket, free its places, and refund what was paid for it.

        The debt is stored before the gateway is called, so a crash leaves a void ticket and a
        refund that settling finishes. A refund that the bank has returned twice, or money that came
        back through an appeal, waits for a person, who ends it with ``again`` or ``paid_back``.

        Args:
            ticket_id: The ticket.
            by: Who decided it, for the history.
            again: Try a refund that is stuck once more.
            paid_back: The buyer has the money by other means; how, in at most 200 characters.
            scope: The ids of the events that ``by`` may act on; None for all.

        Returns:
            The ticket: REFUNDED, or REFUNDING while the money is still owed; ``refund_problem``
            says why.

        Raises:
            TicketNotFound: No ticket has this id.
            NotYourEvent: Its event is not in the scope.
            NotIssued: It is not issued yet, or was given up.
            RefundNotStuck: ``paid_back`` was given, and the refund does not wait for a person.
            GatewayUnavailable: ``paid_back`` was given, and the gateway did not answer.
        """
        return refund(
            ticket_id=ticket_id,
            by=by,
            again=again,
            paid_back=paid_back,
            scope=scope,
            tickets=self.tickets,
            gateway=self.gateway,
            clock=self.clock,
        )

    def settle_due(self, *, limit: int, by: str, run: Run = map) -> Tally:
        """Settle at most ``limit`` tickets that are due, the longest waiting first.

        Issues what was paid, expires what was not, makes the refunds that are owed, and looks at
        the payments that `read_news` has noted. If the gateway does not answer, a ticket stays as
        it is and is tried again ever more rarely, so hopeless ones starve nobody. One ticket that
        fails does not stop the others.

        Args:
            limit: The most tickets of this pass.
            by: Who settles, for the history.
            run: How to go through the tickets, such as the ``map`` of a thread pool.

        Returns:
            What became of them, and whether there may be ``more``.
        """
        return settle_due(
            limit=limit,
            by=by,
            tickets=self.tickets,
            gateway=self.gateway,
            clock=self.clock,
            run=run,
        )

    def settle(self, ticket: Ticket, *, by: str) -> Settlement:
        """Bring one ticket in line with the gateway: issue, expire or refund it, or leave it.

        A checkout that is still open is closed only after the ticket's hold is over, and its places
        are freed only after the gateway has confirmed that it is closed.

        Args:
            ticket: The ticket as last read.
            by: Who settles, for the history.
        """
        return settle_ticket(
            ticket, by=by, tickets=self.tickets, gateway=self.gateway, clock=self.clock
        )

    def settle_news(self, news: News, *, by: str) -> Settlement | None:
        """Settle the ticket that a notification was about.

        The notification is not trusted; the gateway is asked, unless the news is a refund that the
        ticket shows already. If the store has lost the checkout, the reference in the payment leads
        to the ticket. A payment that no ticket has is noted as a stray, for `reconcile`. If the
        store has lost its ticket, sales and settling stop until `restore` has run.

        Args:
            news: A checkout or a payment to which something has happened.
            by: Who settles, for the history.

        Returns:
            None if it belongs to no ticket. The ticket of a fraud warning has that in its history.

        Raises:
            GatewayUnavailable: Whether it belongs to one could not be found out now.
        """
        return settle_news(
            news,
            by=by,
            tickets=self.tickets,
            strays=self.strays,
            installation=self.installation,
            gateway=self.gateway,
            clock=self.clock,
        )

    def read_news(self, *, checkouts_since: datetime) -> NewsRead:
        """Read what has happened to payments since the last call, also without a notification.

        Settles nothing: it notes which tickets `settle_due` has to look at, and payments that no
        ticket has. A call that ends early loses nothing; the next one begins where it began. Two
        calls at once do no harm.

        Args:
            checkouts_since: If it is the first call, or the last one is too long ago, refunds and
                disputes are listed instead, and all checkouts since then are compared. Two days ago
                is enough, or 32 days if slow payment methods are accepted.

        Returns:
            What was found.

        Raises:
            GatewayUnavailable: The gateway did not answer all that was asked.
        """
        return read_news(
            checkouts_since=checkouts_since,
            tickets=self.tickets,
            strays=self.strays,
            installation=self.installation,
            gateway=self.gateway,
            clock=self.clock,
        )

    def reconcile(
        self, *, since: datetime, dry_run: bool = False, refund_unknown: bool = False
    ) -> Iterator[Finding | Compared]:
        """Compare gateway and store both ways, and heal what differs.

        Strays that are not settled, and refunds that wait for a person, are among the findings
        however old they are.

        Args:
            since: Compare checkouts and tickets made at or after this instant.
            dry_run: Change nothing, only report.
            refund_unknown: Refund what was paid for checkouts that no ticket knows. Without it they
                are only reported, since a better backup may bring the ticket back.

        Yields:
            A `Finding` for each difference, and `Compared` for each checkout or ticket compared.

        Raises:
            GatewayUnavailable: The gateway did not list its checkouts.
        """
        return reconcile(
            since=since,
            dry_run=dry_run,
            refund_unknown=refund_unknown,
            tickets=self.tickets,
            strays=self.strays,
            installation=self.installation,
            gateway=self.gateway,
            clock=self.clock,
        )

    def notice_restore(self) -> ListedCheckout | None:
        """Stop sales and settling if the store has lost a ticket that the gateway knows.

        Then it was restored from a backup, or is a copy that is used beside the real one. Only the
        newest checkouts are read; `reconcile` reads more. Call it before the first `settle_due`.

        Returns:
            The checkout that proves it, or None.

        Raises:
            GatewayUnavailable: The gateway did not list its checkouts.
        """
        return notice_restore(
            tickets=self.tickets,
            strays=self.strays,
            installation=self.installation,
            gateway=self.gateway,
            clock=self.clock,
        )

    def restore(
        self,
        *,
        since: datetime,
        may_close: Callable[[int], bool],
        refund_unknown: bool = False,
    ) -> Iterator[Restoring]:
        """Bring the store and the gateway together after a restore from a backup.

        Sales stop until the iteration has reached its end, and nothing else may settle meanwhile.
        If it ends early, begin again: everything may be repeated.

        Args:
            since: When the backup was made, or earlier. An older backup is noticed if a ticket was
                lost in the two days before.
            may_close: Called with the number of checkouts that can still be paid and that no ticket
                knows. They are closed if it returns True. Otherwise the restore stays unfinished:
                the store may be a copy, and the checkouts those of buyers of the real one.
            refund_unknown: Refund what was paid for checkouts that no ticket knows.

        Yields:
            A `StepDone` after each step, what `reconcile` yields, `AnotherAccount` or `LeftOpen` if
            the restore stays unfinished, and `LeftForPerson` before its end.

        Raises:
            GatewayUnavailable: The gateway did not answer; the restore is not finished.
        """
        return restore(
            since=since,
            may_close=may_close,
            refund_unknown=refund_unknown,
            tickets=self.tickets,
            strays=self.strays,
            installation=self.installation,
            gateway=self.gateway,
            clock=self.clock,
        )
