// Building blocks. All texts are inserted as text: nothing from a code or the service is HTML.

/** @type {(id: string) => any} */
export const byId = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function button(text, onclick, className = "") {
  return element("button", { type: "button", className, onclick }, text);
}

/** Ignores the second half of a double tap if a button has just appeared under the finger. */
export function ignoreSecondTaps() {
  let pressed = null;
  const listen = (event) => {
    // The browser counts taps at one place, whatever element is there.
    if (event.detail > 1 && event.target !== pressed) {
      event.preventDefault();
      event.stopPropagation();
    }
    pressed = event.target;
  };
  addEventListener("click", listen, { capture: true });
}

/** Asks in a dialog. `choices` are pairs of a text and a value; Escape gives null. */
export function choose(title, text, choices) {
  const dialog = byId("dialog");
  return new Promise((resolve) => {
    // Escape gives the empty text, and so does a scan in between: both choose nothing.
    dialog.onclose = () => resolve(new Map(choices).get(dialog.returnValue) ?? null);
    const buttons = choices.map(([label], index) =>
      button(label, () => dialog.close(label), index === 0 ? "big" : ""),
    );
    const stack = element("div", { className: "stack" }, ...buttons);
    dialog.replaceChildren(element("h2", { id: "dialog-title" }, title), element("p", {}, text), stack);
    dialog.returnValue = "";
    dialog.showModal();
  });
}

/** Saves a text as a file. */
export function save(name, text, type = "application/jsonl") {
  const href = URL.createObjectURL(new Blob([text], { type }));
  const link = element("a", { href, download: name });
  link.click();
  // Not at once: the browser has to read it first.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
