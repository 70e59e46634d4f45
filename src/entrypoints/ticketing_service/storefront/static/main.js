// @ts-check
// The frame of all pages: navigation, buyers, languages, what is said on every page, and the view.

import { Refused, playBuyer, session } from "./api.js";
import { LANGUAGES, choose, language, t } from "./texts.js";
import { element, link, main, notice, showFailure } from "./view.js";

/** Each path, and the module and function of its view. */
const ROUTES = [
  [/^\/$/, () => import("./events.js"), "showAll"],
  [/^\/events\/([^/]+)$/, () => import("./events.js"), "showOne"],
  [/^\/tickets$/, () => import("./orders.js"), "showOrders"],
  [/^\/tickets\/([^/]+)$/, () => import("./ticket.js"), "showTicket"],
  [/^\/payment\/success$/, () => import("./success.js"), "showPayment"],
  [/^\/payment\/cancel$/, () => import("./cancel.js"), "showCancelling"],
];

function picker(label, options, chosen, onchange) {
  const made = element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));
  made.value = chosen;
  made.onchange = () => onchange(made.value);
  made.ariaLabel = label;
  return made;
}

function header({ buyers = [], buyer = "" }) {
  const icon = element("img", { src: "/static/icon.svg", alt: "", width: 28, height: 28 });
  const brand = element("a", { className: "brand", href: "/" }, icon, element("span", {}, "Ticket Booth"));
  const pages = element("nav", {}, ...[["/", "events"], ["/tickets", "myTickets"]].map(([path, name]) => {
    const made = link(t(name), path, "");
    if (location.pathname === path) {
      made.ariaCurrent = "page";
    }
    return made;
  }));
  pages.ariaLabel = t("navigation");
  const pickers = element("div", { className: "pickers" });
  if (buyers.length > 1) {
    pickers.append(picker(t("buyer"), buyers.map((name) => [name, `${t("buyer")}: ${name}`]), buyer, playBuyer));
  }
  pickers.append(picker(t("language"), Object.entries(LANGUAGES), language, choose));
  const skip = link(t("skip"), "#main", "skip");
  skip.onclick = (event) => {
    // The address stays: another one would be another view.
    event.preventDefault();
    main.focus();
  };
  const place = document.querySelector(".top");
  place.replaceChildren(skip, brand, pages, pickers, element("span", { className: "badge" }, t("demo")));
}

const said = document.getElementById("said");
const says = new Map();

function say(name, on) {
  on ? says.set(name, t(name)) : says.delete(name);
  said.replaceChildren(...[...says.values()].map((text) => element("p", { className: "notice" }, text)));
}

addEventListener("slow", (event) => say("slow", /** @type {CustomEvent} */ (event).detail));
addEventListener("otherVersion", () => says.has("otherVersion") || say("otherVersion", true));

// The back button may restore this page from the cache as it was, with all its buttons off.
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("popstate", () => location.reload());

async function begin() {
  document.documentElement.lang = language;
  main.replaceChildren(notice(t("loading"), "busy"));
  // Without an answer the views say so themselves.
  header(await session().catch(() => ({})));
  for (const [path, load, name] of /** @type {any[]} */ (ROUTES)) {
    const found = path.exec(location.pathname);
    if (found) {
      const view = await load();
      return view[name](...found.slice(1));
    }
  }
  throw new Refused(404, /** @type {any} */ ({ code: "not_found" }), null);
}

begin().catch((error) => showFailure("Ticket Booth", error, () => location.reload()));
