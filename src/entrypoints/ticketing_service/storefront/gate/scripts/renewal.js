// Stores the page on the device, and updates it before the first guest.

import { byId } from "./elements.js";

/** Milliseconds. */
const ASK_EVERY = 1000;

/**
 * The browser fetches another version in the background. It must not replace this one while guests
 * are here, or while the page is open in another tab. Without this function it would wait until all
 * tabs were closed: a reload is not enough, and an installed app may be open for weeks.
 */
export async function keepOnDevice() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) {
    return;
  }
  const beforeFirstGuest = () => byId("work").hidden;
  serviceWorker.addEventListener("controllerchange", () => beforeFirstGuest() && location.reload());
  const kept = await serviceWorker.register("service_worker.js");
  const makeWay = () => beforeFirstGuest() && kept.waiting?.postMessage("renew");
  kept.addEventListener("updatefound", () => kept.installing.addEventListener("statechange", makeWay));
  makeWay();
  // A page that was just left counts as another tab for a moment, so ask until guests come.
  const asking = setInterval(() => (beforeFirstGuest() ? makeWay() : clearInterval(asking)), ASK_EVERY);
}
