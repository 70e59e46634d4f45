// @ts-check
// Building blocks of the pages. All texts are set as text: a name from the server is never HTML.

import { money } from "../board/scripts/money.js";

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function link(text, href, className = "button") {
  return element("a", { href, className }, text);
}

export function button(text, onclick, className = "button") {
  return element("button", { type: "button", className, onclick }, text);
}

/** Shows a message in `place`; `kind` is "", "busy", "good" or "bad". */
export function notice(place, text, kind = "") {
  place.textContent = text;
  place.className = `notice ${kind}`;
  place.hidden = text === "";
}

export function price({ amount_minor, currency }) {
  return amount_minor === 0 ? "Free" : money(amount_minor, currency);
}

export function places(number) {
  return number === 1 ? "1 place" : `${number} places`;
}

/** An issued ticket: the QR code that opens the gate, and its names. */
export function ticketStub({ qr_code_data, ticket_id, ticket_code, event_id }) {
  const source = `data:image/png;base64,${qr_code_data}`;
  const save = link("Save the QR code", source, "button quiet");
  save.download = `ticket-${ticket_id}.png`;
  // In the demo the buyer is the staff, too.
  const gate = link("Open the gate", `/staff?event=${event_id}`, "button quiet");
  gate.target = "_blank";
  return element(
    "article",
    { className: "stub" },
    element("img", { id: "qr", src: source, alt: `QR code of ticket ${ticket_id}` }),
    element(
      "div",
      {},
      element("p", { className: "label" }, `Ticket ${ticket_id}`),
      element("p", { id: "ticket-code", className: "code" }, ticket_code),
      element("p", {}, "Show this QR code at the gate. It admits everybody on the ticket."),
      element("p", { className: "actions" }, save, gate),
      element(
        "p",
        { className: "left" },
        "In this demo you let people in, too: open the gate, and let it read the picture that you " +
          "saved. Show the same picture again, and nobody gets in.",
      ),
    ),
  );
}
