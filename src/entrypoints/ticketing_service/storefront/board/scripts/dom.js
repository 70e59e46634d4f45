// Building blocks of the board, on top of those of the gate page. All texts are set as text.

import { byId, element } from "../../gate/scripts/elements.js";
import { forgetDeclined } from "./sign_in.js";

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A text that others have chosen, in any script: its direction is its own. */
export function named(text, tag = "bdi") {
  return element(tag, { dir: "auto" }, text);
}

export function link(text, href, className = "") {
  return element("a", { href, className }, text);
}

/** @param {string[]} what a text, and its colour */
export function chip(what) {
  const [text, kind] = what;
  return element("span", { className: `chip ${kind}` }, text);
}

export function section(title, ...children) {
  return element("section", { className: "panel" }, element("h2", {}, title), ...children);
}

/** Names and their values, one below the other. */
export function facts(pairs) {
  const parts = pairs.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  return element("dl", { className: "facts" }, ...parts);
}

/**
 * A table of rows of texts and elements. On a phone each row becomes a card, in which a cell has
 * the name of its column; the roles keep it a table for screen readers.
 */
export function table(caption, columns, rows) {
  const heads = columns.map((name) => {
    const head = element("th", { scope: "col", role: "columnheader" }, name);
    return head;
  });
  const bodies = rows.map((cells) => {
    const made = cells.map((cell, index) => {
      const one = element(index === 0 ? "th" : "td", { role: index === 0 ? "rowheader" : "cell" }, cell);
      if (index === 0) {
        one.scope = "row";
      }
      one.dataset.column = columns[index];
      return one;
    });
    return element("tr", { role: "row" }, ...made);
  });
  return element(
    "table",
    { role: "table", className: "cards" },
    element("caption", {}, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...heads)),
    element("tbody", { role: "rowgroup" }, ...bodies),
  );
}

/** Says something to screen readers that is seen anyway. */
export function say(text) {
  byId("said").textContent = text;
}

export function alertOf(text) {
  return element("p", { className: "banner bad", role: "alert" }, text);
}

/**
 * Keeps a button from being pressed twice while its work is under way. Who presses it is asked for
 * a token again, if need be.
 */
export async function busy(button, work) {
  if (button.ariaDisabled === "true") {
    return;
  }
  button.ariaDisabled = "true";
  forgetDeclined();
  try {
    await work();
  } finally {
    button.ariaDisabled = null;
  }
}

/**
 * Asks for a confirmation; `rows` say of what. The safe answer has the focus at first, and is
 * that of Escape. Returns whether it was confirmed.
 */
export function confirmed({ title, text, rows, yes, no, danger = true }) {
  const dialog = byId("dialog");
  return new Promise((resolve) => {
    const keep = element("button", { type: "button", className: "big plain", autofocus: true }, no);
    const act = element("button", { type: "button", className: danger ? "big danger" : "big" }, yes);
    keep.onclick = () => dialog.close("");
    act.onclick = () => dialog.close("yes");
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
    dialog.returnValue = "";
    dialog.replaceChildren(
      element("h2", { id: "dialog-title" }, title),
      facts(rows),
      element("p", {}, text),
      element("div", { className: "stack" }, keep, act),
    );
    dialog.showModal();
    keep.focus();
  });
}
