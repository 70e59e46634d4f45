"""A subscriber that mails their tickets to buyers by SMTP. Copy it into your program."""

import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime

from attrs import frozen

from ticketing_core import Message, MessageKind
from ticketing_core.ports.outbox import Delivered, DeliveryOutcome, Refused, Unanswered

NOT_THIS_MAIL = range(500, 600)
"""What a server answers for good (RFC 5321, 4.2.1)."""


@frozen(kw_only=True)
class MailSubscriber:
    """Writes to the buyer when a ticket is issued.

    Attributes:
        connect: Returns a connection to the mail server, logged in if it asks for that. Give it
            a time-out of some seconds.
        sender: The address that the mail is from.
        address_of: Returns where the buyer of a ticket gets mail; None for nowhere.
        ticket_url: Where the shop shows a ticket; its id is put behind.
    """

    connect: Callable[[], smtplib.SMTP]
    sender: str
    address_of: Callable[[int], str | None]
    ticket_url: str

    def deliver(self, message: Message) -> DeliveryOutcome:
        """See `Subscriber.deliver`."""
        if message.kind is not MessageKind.TICKET_ISSUED:
            return Delivered()
        address = self.address_of(message.data["ticket_id"])
        if address is None:
            return Delivered()
        try:
            with self.connect() as server:
                try:
                    server.send_message(self.mail(message, address))
                except smtplib.SMTPNotSupportedError:  # A name outside ASCII.
                    return Refused(retryable=False)
        except smtplib.SMTPRecipientsRefused as refused:
            statuses = [status for status, _ in refused.recipients.values()]
            return Refused(retryable=any(each not in NOT_THIS_MAIL for each in statuses))
        except smtplib.SMTPDataError as refused:
            return Refused(retryable=refused.smtp_code not in NOT_THIS_MAIL)
        except OSError:  # Those of smtplib, too: a wrong password is no fault of this mail.
            return Unanswered()
        return Delivered()

    def mail(self, message: Message, address: str) -> EmailMessage:
        """Return the mail: the same whenever the message comes.

        So a mail server or a mail program that gets it twice may show one of them.
        """
        mail = EmailMessage()
        mail["Message-ID"] = f"<{message.message_id}@{self.sender.rpartition('@')[2]}>"
        mail["Date"] = format_datetime(message.at)
        mail["From"] = self.sender
        mail["To"] = address
        mail["Subject"] = "Your ticket"
        mail.set_content(
            f"Thank you. Here is your ticket, for {message.data['quantity']}:\n\n"
            f"{self.ticket_url}{message.data['ticket_id']}\n"
        )
        return mail
