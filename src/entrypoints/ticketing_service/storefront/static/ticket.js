// @ts-check
// One ticket or order: what, when, where, how many, how much, and what to do with it.

import { qrCode } from "./api.js";
import { follow, seen } from "./follow.js";
import * as payment from "./payment.js";
import { price, t, when } from "./texts.js";
import {
  button, element, explained, facts, heading, link, named, nameOf, notice, renew, show, showFailure, stateOfOrder,
  venueOf, whenOf,
} from "./view.js";

/**
 * Shows the ticket. `answer` is that of a purchase or a check that has just issued it: its QR code
 * is shown even if nothing else of the ticket can be.
 */
export async function showTicket(ticketId, { answer = null, title = null } = {}) {
  const ask = async () => ({ orders: [await seen(await payment.ticket(ticketId))] });
  const put = async (found, showing, of = {}) => {
    const [made, ...nodes] = await nodesOf(found.orders[0], of);
    showing(made, ...nodes, back());
    follow({ found, ask, show: (newer) => put(newer, renew) });
  };
  try {
    await put(await ask(), show, { answer, title });
  } catch (error) {
    if (answer === null) {
      showFailure(t("ticket", { id: String(ticketId) }), error, () => showTicket(ticketId));
      return;
    }
    show(heading(title), notice(explained(error), "bad"), ...(await issued({ ticket: answer, event: null, answer })), back());
    follow({ found: { orders: [] }, ask, show: (newer) => put(newer, renew) });
  }
}

async function nodesOf({ ticket, event, state }, { answer = null, title = null }) {
  if (answer !== null || state === "issued") {
    return [heading(title ?? t("yourTicket")), ...(await issued({ ticket, event, answer }))];
  }
  return [heading(t("yourOrder")), order({ ticket, event, state })];
}

const back = () =>
  element("p", { className: "actions" }, link(t("myTickets"), "/tickets", "button quiet"), link(t("allEvents"), "/", "button quiet"));

function factsOf(ticket, event) {
  return facts([
    [t("when"), whenOf(event)],
    [t("doors"), event?.doors_at ? whenOf({ ...event, starts_at: event.doors_at }) : null],
    [t("where"), named(venueOf(event))],
    [t("people"), ticket.quantity ? t("places", { n: ticket.quantity }) : null],
    [t("total"), ticket.total && price(ticket.total)],
    [t("bought"), ticket.created_at && when(ticket.created_at)],
    [t("number"), String(ticket.ticket_id)],
    [t("code"), ticket.ticket_code && element("span", { id: "ticket-code", className: "code" }, ticket.ticket_code)],
  ]);
}

const titleOf = (event, ticket) => named(nameOf(event, ticket.event_id ?? ticket.ticket_id), "h2");

async function issued({ ticket, event, answer }) {
  let qr = answer?.qr_code_data ?? null;
  let picture;
  try {
    qr ??= await qrCode(ticket.ticket_id);
    const alt = t("qr", { id: String(ticket.ticket_id) });
    picture = element("img", { id: "qr", src: `data:image/png;base64,${qr}`, width: 260, height: 260, alt });
  } catch (error) {
    picture = notice([element("p", {}, t("qrMissing")), explained(error)], "bad");
  }
  const { chip, sentence } = ticket === answer
    ? { chip: "", sentence: element("p", {}, t("gate")) }
    : stateOfOrder("issued", ticket, event);
  const text = element("div", {}, titleOf(event, ticket), chip, factsOf(ticket, event), sentence);
  const actions = element("p", { className: "actions" });
  if (qr !== null) {
    actions.append(...ways({ ticket, event, qr }));
  }
  if (ticket.event_id) {
    // In the demo the buyer is the staff, too.
    const gate = link(t("openGate"), `/staff?event=${ticket.event_id}`, "button quiet");
    gate.target = "_blank";
    actions.append(gate);
  }
  const hint = element("p", { className: "soft demo" }, t("gateHint"));
  return [element("article", { className: "stub" }, picture, text), actions, hint];
}

/** What to do with a valid ticket. The module that does it is loaded when it is asked for. */
function ways({ ticket, event, qr }) {
  const lines = [
    whenOf(event),
    venueOf(event),
    [ticket.quantity && t("places", { n: ticket.quantity }), ticket.total && price(ticket.total)].filter(Boolean).join(" · "),
    t("ticket", { id: String(ticket.ticket_id) }),
    ticket.ticket_code,
  ];
  const name = nameOf(event, ticket.event_id ?? ticket.ticket_id);
  const about = { name, lines, qr, file: `ticket-${ticket.ticket_id}` };
  const after = (work) => async () => work(await import("./keep.js"));
  const made = [
    button(t("save"), after((keep) => keep.savePicture(about))),
    button(t("print"), () => print(), "button quiet"),
  ];
  if (event?.starts_at) {
    made.push(button(t("calendar"), after((keep) => keep.saveCalendar({ event, ticket, name, file: about.file })), "button quiet"));
  }
  if (typeof navigator.share === "function") {
    const go = button(t("share"), after(async (keep) => {
      go.textContent = (await keep.sharePicture(about)) ?? t("share");
    }), "button quiet");
    made.push(go);
  }
  return made;
}

/** What the buyer of an order can do next. */
export function steps(state, ticket) {
  const { ticket_id, checkout_url } = ticket;
  const made = element("p", { className: "actions" });
  if (state === "issued") {
    made.append(link(t("showTicket"), payment.ticketPage(ticket_id)));
  }
  if (state === "paying" && checkout_url) {
    made.append(link(t("pay"), checkout_url));
  }
  if (state === "paying" || state === "reserved") {
    made.append(link(t("cancel"), payment.cancelPage(ticket_id), "button quiet"));
  }
  return made;
}

function order({ ticket, event, state }) {
  const { chip, sentence } = stateOfOrder(state, ticket, event);
  const text = element("div", {}, titleOf(event, ticket), chip, factsOf(ticket, event), sentence, steps(state, ticket));
  return element("article", { className: "stub order-only" }, text);
}
