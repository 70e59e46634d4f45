// The status line: whether the page is online, what is not synced, when the access expires.

import { button, byId, element } from "./elements.js";
import { currentToken, endsAt } from "./session.js";
import { clock, inWords } from "./words.js";

/** How long before its end the page warns about the token. */
const SOON_MS = 10 * 60 * 1000;

function chip(kind, text) {
  return element("span", { className: `chip ${kind}` }, text);
}

function accessChip(now) {
  const token = currentToken();
  if (token === null) {
    return chip("mark", "No access");
  }
  const end = endsAt(token);
  if (end === null) {
    return chip("quiet", "Access");
  }
  if (end <= now) {
    return chip("mark", "Access ended");
  }
  return chip(end - now < SOON_MS ? "mark" : "quiet", `Access until ${clock(end)}`);
}

function listBanner(door) {
  const age = door.listAge;
  if (age === null) {
    return null;
  }
  const what = Number.isFinite(age) ? `The list is ${inWords(age)} old.` : "This device has no list yet.";
  return [what, "Refunds and people at other gates since then are not known here."].join(" ");
}

function accessBanner(door) {
  if (currentToken() === null) {
    return "Without an access token this device decides by itself and cannot sync.";
  }
  return door.refused && `The service refuses this device: ${door.refused.message}`;
}

/**
 * Shows the children in an element, and does not touch those that are there already. Otherwise a
 * button would lose its focus each time, and a screen reader would read everything again.
 */
function say(place, children) {
  for (const [index, child] of children.entries()) {
    const old = place.children[index];
    if (old?.outerHTML !== child.outerHTML) {
      old ? old.replaceWith(child) : place.append(child);
    }
  }
  while (place.children.length > children.length) {
    place.lastElementChild.remove();
  }
}

/** Shows the status. `onToken` is called if staff want to enter another access token. */
export function showStatus(door, { onToken }) {
  const now = Date.now();
  say(byId("chips"), [
    door.online ? chip("yes", "Online") : chip("mark", "Offline"),
    ...(door.unsynced > 0 ? [chip("mark", `${door.unsynced} not synced`)] : []),
    accessChip(now),
  ]);
  const access = accessBanner(door);
  const banners = [
    access && element("p", { className: "banner mark" }, access, " ", button("Give a token", onToken)),
    listBanner(door) && element("p", { className: "banner mark" }, listBanner(door)),
    door.notAccepted > 0 &&
      element("p", { className: "banner bad" }, `The service did not accept ${door.notAccepted} of the ` +
        "people let in here as guests with a genuine ticket. Export the journal for who is in charge."),
  ];
  say(byId("banners"), banners.filter(Boolean));
}
