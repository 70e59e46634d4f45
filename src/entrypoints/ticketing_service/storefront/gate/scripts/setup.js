// @ts-check
// Before the first guest: whose token, which event, which gate.

import { byId, element } from "./elements.js";
import { hasToken, setToken } from "./session.js";

const GATE = "gate_name";
/** Characters that the service does not accept in a name, which has to be one line. */
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+/g;

export function chosenEvent() {
  return Number(new URLSearchParams(location.search).get("event")) || null;
}

function problem(text) {
  byId("setup-problem").textContent = text;
  byId("setup-problem").hidden = text === "";
}

/** When people are let in, as a number; infinite if the event does not say. */
function doors({ doors_at, starts_at }) {
  const at = doors_at ?? starts_at;
  return at ? Date.parse(at) : Infinity;
}

/** Those that take place, with the one whose doors are nearest to now first. */
function nearestFirst(events) {
  const away = (event) => Math.abs(doors(event) - Date.now());
  return events
    .filter(({ cancelled_at }) => !cancelled_at)
    .sort((one, other) => away(one) - away(other) || 0);
}

function option(event) {
  const at = doors(event);
  const when = new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  // The text is the name alone, which the gate shows from then on.
  const shown = Number.isFinite(at) ? `${event.name}, ${when}` : event.name;
  return element("option", { value: event.event_id, label: shown }, event.name);
}

/**
 * The events to choose from: those of the service, or offline the ones known here.
 * @param {import("./service.js").Service} service
 */
async function fillEvents(service, store) {
  const wanted = chosenEvent();
  let events = (await store.kept("events")) ?? [];
  try {
    events = wanted ? [await service.event(wanted)] : await service.events();
    const known = events.map(({ event_id, name, doors_at, starts_at, cancelled_at }) => ({
      ...{ event_id, name, doors_at, starts_at, cancelled_at },
    }));
    await store.keep("events", known);
  } catch (error) {
    if (wanted && !events.some(({ event_id }) => event_id === wanted)) {
      events = [{ event_id: wanted, name: `Event ${wanted}` }];
    }
    if (error.status === 404) {
      problem(error.message);
    }
  }
  const options = (wanted ? events : nearestFirst(events)).map(option);
  byId("event").replaceChildren(...options);
  byId("event").value = wanted ?? options[0]?.value;
  if (options.length === 0) {
    problem("There is no event to choose. Open this page once while online.");
  }
}

/** Shows the form, and returns what was chosen: `{eventId, eventName, gate}`. */
export async function setUp(service, store) {
  const form = byId("setup");
  byId("token-place").hidden = hasToken();
  byId("gate").value = localStorage.getItem(GATE) || "Main gate";
  form.hidden = false;
  byId(hasToken() ? "gate" : "token").focus();
  return submitted(form, fillEvents(service, store));
}

function submitted(form, filled) {
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      // If somebody is faster than the list of events, wait for it.
      await filled;
      const pasted = byId("token").value;
      if (pasted.trim() !== "") {
        setToken(pasted);
        byId("token").value = "";
      }
      const [chosen] = byId("event").selectedOptions;
      const gate = byId("gate").value.replaceAll(CONTROLS, " ").trim();
      byId("gate").value = gate;
      if (!chosen || !byId("gate").reportValidity()) {
        return;
      }
      localStorage.setItem(GATE, gate);
      form.hidden = true;
      resolve({ eventId: Number(chosen.value), eventName: chosen.textContent, gate });
    };
  });
}
