// What was typed and not saved is lost only after a question.

import { confirmed } from "./dom.js";

let unsaved = () => [];
let asking = null;

/** Of the view that is shown: `labels` returns what would be lost now; `signal` ends with the view. */
export function guard(labels, signal) {
  // The view was left before its form was there.
  if (signal.aborted) {
    return;
  }
  unsaved = labels;
  signal.addEventListener("abort", () => {
    unsaved = () => [];
  });
}

/** Whether the view may be left. It asks once, however often Back is pressed. */
export async function mayLeave() {
  const labels = unsaved();
  asking ??= labels.length === 0 || confirmed({
    title: "Leave without saving?",
    rows: [["Not saved", labels.join(", ")]],
    text: "What you typed is lost.",
    yes: "Leave",
    no: "Stay here",
  });
  try {
    return await asking;
  } finally {
    asking = null;
  }
}

// The tab is closed or loaded anew: browsers ask in words of their own.
addEventListener("beforeunload", (event) => {
  if (unsaved().length > 0) {
    event.preventDefault();
  }
});
