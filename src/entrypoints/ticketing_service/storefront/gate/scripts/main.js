// Starts the page, and connects its parts.

import { Camera, reason } from "./camera.js";
import { loadDecoder } from "./decoder.js";
import { Desk } from "./desk.js";
import { Door } from "./door.js";
import { byId, ignoreSecondTaps } from "./elements.js";
import { Keyboard } from "./keyboard.js";
import { giveToken, openMenu } from "./menu.js";
import { keepOnDevice } from "./renewal.js";
import { Service } from "./service.js";
import { currentToken, takeFromAddress } from "./session.js";
import { setUp } from "./setup.js";
import { wake } from "./sound.js";
import { showStatus } from "./status.js";
import { openStore } from "./store.js";

/** How often the page checks whether it has something to send, or is online again. */
const TICK_MS = 5000;
/** How often the list is fetched: before its `ttl` of 60 seconds is over. */
const RENEW_MS = 45_000;

function connectKeyboard(desk) {
  const keyboard = new Keyboard({
    onScan: (text) => {
      // Its Enter must not choose in an open dialog, and its text must not stay in a field.
      byId("dialog").close("");
      byId("typed").value = "";
      desk.take(text);
    },
    onKey: (key) => desk.key(key),
  });
  const listen = (event) => {
    const inField = event.target.matches("input:not([type=file]), textarea, select");
    if (keyboard.press(event, inField)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  // Before any element gets the key.
  addEventListener("keydown", listen, { capture: true });
}

function connectTyping(desk) {
  byId("typing").onsubmit = (event) => {
    event.preventDefault();
    const text = byId("typed").value;
    byId("typed").value = "";
    if (text.trim() !== "") {
      desk.typed(text);
    }
  };
}

async function readPicture(file, decode, desk) {
  const picture = await createImageBitmap(file).catch(() => null);
  const texts = picture ? await decode(picture, picture.width, picture.height).catch(() => []) : [];
  if (texts.length === 1) {
    desk.take(texts[0]);
  } else {
    desk.noCode(texts.length);
  }
}

/** Handles pictures of codes: from a file, from a phone's own camera, or pasted. */
function connectPictures(decode, desk) {
  byId("picture").onchange = async ({ target }) => {
    const [file] = target.files;
    target.value = "";
    await readPicture(file, decode, desk);
  };
  addEventListener("paste", async ({ clipboardData }) => {
    const [file] = clipboardData.files;
    if (file) {
      await readPicture(file, decode, desk);
    }
  });
}

/** If the camera does not start, the page says why and offers to try again. */
async function connectCamera(decode, desk) {
  const off = (error) => {
    camera.stop();
    byId("camera-reason").textContent = reason(error);
    byId("camera-start").hidden = !isSecureContext;
    // Without a picture no space is needed for it.
    [byId("video").hidden, byId("camera-off").hidden] = [true, false];
  };
  const camera = new Camera({
    video: byId("video"),
    decode,
    // An answer behind a dialog would not be seen.
    isBusy: () => desk.busy || byId("dialog").open,
    onCode: (text) => desk.take(text),
    onEnd: off,
  });
  const start = async () => {
    [byId("video").hidden, byId("camera-off").hidden] = [false, true];
    await camera.start().catch(off);
  };
  byId("camera-start").onclick = start;
  await start();
}

async function keepAwake() {
  if (!document.hidden) {
    // Otherwise the screen of a phone goes dark between two guests.
    await navigator.wakeLock?.request("screen").catch(() => {});
  }
}

/** Refreshes list, journal and status as long as the page is open. */
function keepFresh(door, show) {
  let refreshing = false;
  let renewedAt = -Infinity;
  const tick = async () => {
    show();
    const due = !door.online || door.unsynced > 0 || door.now() - renewedAt > RENEW_MS;
    if (refreshing || !due || currentToken() === null) {
      return;
    }
    refreshing = true;
    try {
      await door.refresh();
      renewedAt = door.online ? door.now() : renewedAt;
    } catch {
      // The next attempt may succeed. The status shows how old the list is.
    } finally {
      refreshing = false;
    }
  };
  setInterval(tick, TICK_MS);
  addEventListener("online", tick);
  addEventListener("offline", () => {
    door.online = false;
    show();
  });
  return tick();
}

async function main() {
  takeFromAddress();
  ignoreSecondTaps();
  addEventListener("pointerdown", wake, { capture: true });
  addEventListener("keydown", wake, { capture: true });
  // A link with a token that is opened in this tab changes no more than the end of its address.
  addEventListener("hashchange", () => takeFromAddress() && location.reload());
  keepOnDevice().catch(() => {});
  const store = await openStore();
  const service = new Service({ url: new URL(document.body.dataset.apiUrl, location), accessToken: currentToken });
  const { eventId, eventName, gate } = await setUp(service, store);
  // Otherwise the browser may delete the journal when the disk is full.
  navigator.storage?.persist?.();
  byId("event-name").textContent = eventName;
  byId("gate-name").textContent = gate;
  byId("work").hidden = false;
  byId("menu").hidden = false;

  const show = () => showStatus(door, { onToken: () => giveToken(door) });
  const door = new Door({ eventId, gate, store, service, onChange: () => show() });
  await door.open();
  byId("menu").onclick = () => openMenu(door);
  const desk = new Desk(door);
  await desk.open();
  connectKeyboard(desk);
  connectTyping(desk);
  const decode = await loadDecoder();
  connectPictures(decode, desk);
  keepFresh(door, show);
  document.addEventListener("visibilitychange", keepAwake);
  keepAwake();
  await connectCamera(decode, desk);
}

main().catch((error) => {
  byId("banners").textContent = `This page cannot start here: ${error.message}`;
  byId("banners").className = "banner bad";
});
