// The menu: export, sounds, another access token, log out.

import { byId, choose, save } from "./elements.js";
import { exported } from "./journal.js";
import { forgetToken, setToken } from "./session.js";
import { play, wake } from "./sound.js";

/** Saves the journal, in one file for each event, as `ticketing gate sync` needs it. */
async function exportJournal(door) {
  const entries = await door.store.entries();
  for (const eventId of new Set(entries.map(({ event_id }) => event_id))) {
    const ofEvent = entries.filter(({ event_id }) => event_id === eventId);
    save(`gate-journal-event-${eventId}.jsonl`, exported(ofEvent));
  }
}

/** Asks for another token, and tries it. */
export async function giveToken(door) {
  const field = Object.assign(document.createElement("textarea"), { rows: 4, autocomplete: "off" });
  field.ariaLabel = "Access token";
  const choice = choose("Access token of the staff", "", [["Use it", true], ["Close", false]]);
  byId("dialog").querySelector("h2").after(field);
  field.focus();
  if ((await choice) && field.value.trim() !== "") {
    setToken(field.value);
    await door.refresh();
  }
}

/** Logs out, after a confirmation if entries are not synced. */
async function logOut(door) {
  if (door.unsynced > 0) {
    await door.sync();
  }
  if (door.unsynced > 0) {
    const choice = await choose(
      `${door.unsynced} not synced`,
      "The service does not know of these scans yet. They stay on this device, and are sent once somebody " +
        "opens this page online and logs in. If the device may get lost, export them first.",
      [["Stay", "stay"], ["Export the journal", "export"], ["Log out all the same", "leave"]],
    );
    if (choice === "export") {
      await exportJournal(door);
    }
    if (choice !== "leave") {
      return;
    }
  }
  forgetToken();
  location.assign(location.pathname);
}

export async function openMenu(door) {
  const actions = {
    export: () => exportJournal(door),
    sound: () => {
      wake();
      play("yes");
      setTimeout(() => play("no"), 900);
    },
    token: () => giveToken(door),
    leave: () => logOut(door),
  };
  const choice = await choose("Menu", "", [
    ["Back to the gate", null],
    ["Export the journal", "export"],
    ["Try the sounds: yes, then no", "sound"],
    ["Give another access token", "token"],
    ["Log out", "leave"],
  ]);
  await actions[choice]?.();
}
