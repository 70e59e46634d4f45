// Asks for an access token: at first in the page, and in a dialog when one has ended.

import { byId, element } from "../../gate/scripts/elements.js";
import { currentToken, endsAt, forgetToken, setToken } from "../../gate/scripts/session.js";

function tokenForm(problem, onToken) {
  const field = element("textarea", { id: "token", rows: 3, autocomplete: "off", spellcheck: false, required: true });
  const form = element(
    "form",
    { className: "setup" },
    element("p", { className: "problem", role: "alert", hidden: problem === "" }, problem),
    element(
      "div",
      { className: "field" },
      element("label", { htmlFor: "token" }, "Access token of the organizer"),
      field,
    ),
    element("button", { className: "big" }, "Sign in"),
    element("p", { className: "hint" }, "It stays in this tab, and is forgotten when you close it."),
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    if (field.value.trim() !== "") {
      setToken(field.value);
      showAccess();
      onToken();
    }
  };
  return form;
}

/** Shows the form in `place`, and returns when there is a token. */
export function signIn(place) {
  return new Promise((resolve) => {
    const form = tokenForm("", resolve);
    form.prepend(element("h1", {}, "Sign in"));
    place.replaceChildren(form);
    form.querySelector("textarea").focus();
  });
}

let asking = null;
let declined = false;

/** Somebody does something else, and is asked again if need be. */
export function forgetDeclined() {
  declined = false;
}

/**
 * Asks in a dialog, once for all calls that wait; returns false if nobody gave one. After that it
 * asks no more until somebody does something: numbers that stay fresh by themselves shall not.
 */
export async function askForToken(problem) {
  if (declined) {
    return false;
  }
  asking ??= new Promise((resolve) => {
    // Not the dialog of the page, in which somebody may be about to confirm something.
    const dialog = element("dialog", { ariaLabel: "Sign in again" });
    let given = false;
    dialog.append(
      element("h2", {}, "Sign in again"),
      tokenForm(problem, () => {
        given = true;
        dialog.close();
      }),
    );
    dialog.onclose = () => {
      dialog.remove();
      asking = null;
      declined = !given;
      resolve(given);
    };
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}

/** Says until when the token is good. */
export function showAccess() {
  const end = currentToken() && endsAt(currentToken());
  const time = end && new Date(end).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  byId("access").textContent = time ? `Access until ${time}` : "";
  byId("sign-out").hidden = currentToken() === null;
}

export function signOut() {
  forgetToken();
  location.assign(location.pathname);
}
