// Starts the page, and shows what the end of its address names.

import { button, byId, element, ignoreSecondTaps } from "../../gate/scripts/elements.js";
import { hasToken, takeFromAddress } from "../../gate/scripts/session.js";
import { cancelPage } from "./cancel.js";
import { alertOf } from "./dom.js";
import { editEvent, newEvent } from "./event_form.js";
import { eventList } from "./events.js";
import { eventHistory } from "./history.js";
import { mayLeave } from "./leaving.js";
import { overview } from "./overview.js";
import { forgetDeclined, showAccess, signIn, signOut } from "./sign_in.js";
import { ticketStory } from "./ticket.js";
import { ticketList } from "./tickets.js";
import { disputeList, refundList } from "./waiting.js";

/** What is in the navigation of an event: the end of its address, its name, and its view. */
const VIEWS = [
  ["", "Overview", overview],
  ["tickets", "Tickets", ticketList],
  ["refunds", "Refunds that wait", refundList],
  ["disputes", "Disputes", disputeList],
  ["edit", "Edit", editEvent],
  ["history", "History", eventHistory],
  ["cancel", "Cancel", cancelPage],
];

/** Returns what an address names: `{view, eventId, ticketId, query, name}`. */
function routeOf(hash) {
  const [path, rest = ""] = hash.replace(/^#/, "").split("?");
  const query = new URLSearchParams(rest);
  const [, kind, id, name = ""] = path.split("/");
  const found = VIEWS.find(([each]) => each === name);
  if (kind === "events" && /^[1-9][0-9]{0,15}$/.test(id ?? "") && found) {
    return { view: found[2], eventId: id, name, query };
  }
  if (kind === "tickets" && /^[1-9][0-9]{0,15}$/.test(id ?? "")) {
    return { view: ticketStory, ticketId: id, query };
  }
  return { view: kind === "new" ? newEvent : eventList, query };
}

function showNavigation({ eventId, name }) {
  const nav = byId("nav");
  nav.hidden = eventId === undefined;
  const links = VIEWS.map(([end, text]) => {
    const made = element("a", { href: `#/events/${eventId}${end && `/${end}`}` }, text);
    if (end === name) {
      made.ariaCurrent = "page";
    }
    return made;
  });
  nav.replaceChildren(...links);
  nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

let leaving = new AbortController();
let shown = location.hash;

/** Shows the view of the address. What the view before has still asked for is dropped. */
async function show() {
  leaving.abort();
  forgetDeclined();
  leaving = new AbortController();
  const { signal } = leaving;
  shown = location.hash;
  const { view, ...route } = routeOf(location.hash);
  const content = byId("content");
  showNavigation(route);
  content.ariaBusy = "true";
  let children;
  try {
    children = await view({ ...route, signal, reload: show });
  } catch (error) {
    children = [element("h1", {}, "Not shown"), alertOf(error.message), button("Try again", show)];
  }
  if (signal.aborted) {
    return;
  }
  content.ariaBusy = null;
  content.replaceChildren(...children);
  const title = content.querySelector("h1");
  document.title = `${title.textContent} · Organizer's board`;
  // Where people go on reading, also with a screen reader.
  title.tabIndex = -1;
  title.focus();
  scrollTo(0, 0);
}

async function goOn() {
  if (takeFromAddress()) {
    location.reload();
  } else if (await mayLeave()) {
    await show();
  } else if (location.hash !== shown) {
    history.pushState(null, "", shown);
  }
}

async function main() {
  takeFromAddress();
  ignoreSecondTaps();
  addEventListener("hashchange", goOn);
  byId("skip").onclick = (event) => {
    event.preventDefault();
    byId("content").focus();
  };
  byId("sign-out").onclick = signOut;
  showAccess();
  if (!hasToken()) {
    await signIn(byId("content"));
  }
  const wanted = Number(new URLSearchParams(location.search).get("event"));
  if (wanted && location.hash === "") {
    history.replaceState(null, "", `#/events/${wanted}`);
  }
  await show();
}

main().catch((error) => byId("content").replaceChildren(alertOf(`This page cannot start here: ${error.message}`)));
