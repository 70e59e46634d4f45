// @ts-check
// Cancelling an event: close the sale, see what would go back, type the name, and watch it.

import { button, element } from "../../gate/scripts/elements.js";
import * as api from "./api.js";
import { alertOf, busy, confirmed, facts, link, named, say, section } from "./dom.js";
import { money } from "./money.js";
import { keepAsking } from "./refresh.js";
import { age, count, isClosed, when } from "./words.js";

const total = ({ amount_minor, currency }) => money(amount_minor, currency);

/** What people type is compared as they see it: without blanks at the ends, however composed. */
const plain = (text) => text.normalize("NFC").replaceAll(/\s+/g, " ").trim();

/** @param {import("ticketing-api").Event} event */
function closeStep(event, { act }) {
  if (isClosed(event)) {
    return section("1. Close the sale", element("p", {}, `The sale is closed since ${when(event.closes_at, event.time_zone)}.`));
  }
  const close = button("Close the sale", () =>
    busy(close, () =>
      act(async () => {
        const sure = await confirmed({
          title: "Close the sale?",
          rows: [["Event", named(event.name)]],
          text: "Nothing is sold from now on. You can open it again: change when the sale closes.",
          yes: "Close the sale",
          no: "Go on selling",
          danger: false,
        });
        if (sure) {
          await api.closeSale(event.event_id, event.version);
        }
        return sure && "The sale is closed.";
      }),
    ),
  );
  close.id = "close-sale";
  const why = "So the sum does not grow while you look at it. This alone can be undone.";
  return section("1. Close the sale", element("p", {}, why), close);
}

/**
 * @param {import("ticketing-api").Event} event
 * @param {Awaited<ReturnType<typeof api.cancellation>>} preview
 */
function confirmStep(event, preview, { act, onStale }) {
  const field = element("input", { id: "typed-name", autocomplete: "off", dir: "auto", disabled: !isClosed(event) });
  const submit = element("button", { className: "danger big", disabled: !isClosed(event) }, "Cancel the event");
  const problem = element("p", { id: "name-problem", className: "problem", role: "alert" });
  field.setAttribute("aria-describedby", "name-problem");
  const form = element(
    "form",
    { className: "stack", noValidate: true },
    element(
      "div",
      { className: "field" },
      element("label", { htmlFor: "typed-name" }, "Type the name of the event: ", named(event.name, "strong")),
      field,
      problem,
    ),
    submit,
  );
  form.onsubmit = (submitted) => {
    submitted.preventDefault();
    if (plain(field.value) !== plain(event.name)) {
      problem.textContent = "This is not the name of the event.";
      field.focus();
      return;
    }
    problem.textContent = "";
    busy(submit, () =>
      act(async () => {
        try {
          await api.cancelEvent(event.event_id, preview);
        } catch (error) {
          if (error.code !== "stale_version") {
            throw error;
          }
          await onStale(field.value);
          return null;
        }
        return "The event is cancelled.";
      }),
    );
  };
  const first = isClosed(event) ? [] : [element("p", { className: "hint" }, "Close the sale first.")];
  return section(
    "2. Cancel the event",
    facts([
      ["Valid tickets", preview.tickets.toLocaleString("en")],
      ["Goes back to buyers", total(preview.refund_total)],
    ]),
    element("p", {}, "All tickets become void, and nothing is sold ever again. This cannot be undone."),
    ...first,
    form,
  );
}

async function askUnwinding(eventId) {
  const [event, left, report, waiting] = await Promise.all([
    api.event(eventId),
    api.cancellation(eventId),
    api.report(eventId),
    api.refunds(eventId, { limit: 100 }),
  ]);
  return { event, left, report, waiting };
}

async function unwinding({ eventId, signal }) {
  const state = element("p", { id: "unwinding", role: "status" });
  const numbers = element("div", {});
  const old = element("p", { className: "banner mark", hidden: true });
  const show = (/** @type {Awaited<ReturnType<typeof askUnwinding>>} */ { event, left, report, waiting }) => {
    const { sums, currency } = report;
    const stuck = waiting.refunds.filter((each) => each.waits_for_person).length;
    const number = `${waiting.next === null ? "" : "At least "}${count(stuck, "refund")}`;
    const said = event.unwound_at === null
      ? "Tickets are being made void …"
      : sums.owed > 0
        ? "All tickets are void. Money is on its way back …"
        : "Done: all tickets are void, and no money is owed.";
    // Only what is new is read out.
    if (state.textContent !== said) {
      state.textContent = said;
    }
    const rows = [
      ["Cancelled", when(event.cancelled_at, event.time_zone)],
      ["Tickets still valid", left.tickets.toLocaleString("en")],
      ["Refunded", money(sums.refunded, currency)],
      ["Charged back", money(sums.charged_back, currency)],
      ["Owed to buyers", money(sums.owed, currency)],
      ...(stuck > 0 ? [["Wait for you", link(number, `#/events/${eventId}/refunds`)]] : []),
    ];
    const made = facts(rows);
    if (numbers.firstChild?.outerHTML !== made.outerHTML) {
      numbers.replaceChildren(made);
    }
  };
  const onAge = (milliseconds, error) => {
    old.hidden = error === null;
    old.textContent = error === null ? "" : `${error.message} These numbers are ${age(milliseconds)} old.`;
  };
  const first = await askUnwinding(eventId);
  show(first);
  keepAsking({ ask: () => askUnwinding(eventId), show, onAge, signal });
  return [
    element("h1", {}, "Cancelled: ", named(first.event.name)),
    old,
    section("What goes back", state, numbers),
    element("p", { className: "actions" }, link("Refunds that wait", `#/events/${eventId}/refunds`, "button plain")),
  ];
}

export async function cancelPage({ eventId, signal, reload }) {
  const event = await api.event(eventId);
  if (event.cancelled_at !== null) {
    return unwinding({ eventId, signal });
  }
  const problem = element("div", {});
  const steps = element("div", { className: "steps" });
  const act = async (work) => {
    problem.replaceChildren();
    try {
      const said = await work();
      if (said) {
        await reload();
        say(said);
      }
    } catch (error) {
      const stale = error.code === "stale_version";
      problem.replaceChildren(alertOf(stale ? "Somebody else has changed the event meanwhile. Look at it, and try again." : error.message));
      if (stale) {
        await draw(await api.event(eventId));
      }
    }
  };
  async function draw(current, typed = "") {
    const preview = await api.cancellation(eventId);
    const onStale = async (text) => {
      await draw(await api.event(eventId), text);
      const said = "Something has changed meanwhile. Look at the new numbers, and confirm once more.";
      problem.replaceChildren(alertOf(said));
      steps.querySelector("#typed-name").focus();
    };
    steps.replaceChildren(closeStep(current, { act }), confirmStep(current, preview, { act, onStale }));
    steps.querySelector("#typed-name").value = typed;
  }
  await draw(event);
  return [element("h1", {}, "Cancel ", named(event.name)), problem, steps];
}
