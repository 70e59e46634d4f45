// Controls: calls that must not compile. Each line that does compile is an error by itself.

import { get, post } from "../../src/entrypoints/ticketing_service/storefront/static/api.js";
import { cancel, create } from "../../src/entrypoints/ticketing_service/storefront/static/payment.js";
import { Service } from "../../src/entrypoints/ticketing_service/storefront/gate/scripts/service.js";

import * as board from "../../src/entrypoints/ticketing_service/storefront/board/scripts/api.js";

declare const gate: Service;

// @ts-expect-error The member is called event_id.
post("/api/payments/create-payment-intent/", { event: 1, quantity: 1 });
// @ts-expect-error A quantity is missing.
post("/api/payments/create-payment-intent/", { event_id: 1 });
// @ts-expect-error A ticket is a number, or its digits.
post("/api/payments/cancel/", { ticket_id: true });
// @ts-expect-error There is no such path.
post("/api/payments/create/", { event_id: 1, quantity: 1 });
// @ts-expect-error This path takes no POST.
post("/api/events/1/", {});
// @ts-expect-error This one takes no GET.
get("/api/payments/verify/");
// @ts-expect-error The list is called events.
(await get("/api/events/")).list;
// @ts-expect-error A free ticket has no payment page.
(await create(1, 1)).checkout_url;
// @ts-expect-error The answer says it in its detail.
(await cancel(1)).message;
// @ts-expect-error The member is called admit.
gate.checkIn({ event_id: 1, token: "t", people: 1 });
// @ts-expect-error Entries have a gate and a time.
gate.sync({ event_id: 1, sent_at: "2030-06-01T12:00:00Z", scans: [{ people: 1 }] });
// @ts-expect-error An event has places_left.
(await gate.event(1)).places;
// @ts-expect-error The list is called changes.
(await board.eventHistory(1, {})).tickets;
// @ts-expect-error A cursor of this list is called before.
board.tickets(1, { after: 7 });
// @ts-expect-error A change names the version that was read.
board.changeEvent(1, { name: "Concert" });
// @ts-expect-error There is no such file.
board.csvOf(1, "refunds", {});
// @ts-expect-error It is called owed_minor.
(await board.refunds(1, {})).refunds[0].owed;
