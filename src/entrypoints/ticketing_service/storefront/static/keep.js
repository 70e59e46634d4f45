// @ts-check
// What a buyer keeps of a ticket: a picture, a calendar entry, or what other programs take.
// PDF is left to the browser's print dialog: it has the fonts of every script.

import { save } from "../gate/scripts/elements.js";
import { element } from "./view.js";
import { isolated, t } from "./texts.js";

const WIDTH = 720;
const MARGIN = 40;
const QR = WIDTH - 2 * MARGIN;
const LINE = 34;

/** @param {"word" | "grapheme"} granularity */
const segments = (text, granularity) =>
  Array.from(new Intl.Segmenter(undefined, { granularity }).segment(text), ({ segment }) => segment);

/** Breaks a text into lines that fit: between words, and within one that is longer than a line. */
function wrapped(context, text) {
  const fits = (line) => context.measureText(line).width <= WIDTH - 2 * MARGIN;
  const parts = segments(text, "word").flatMap((word) => (fits(word) ? [word] : segments(word, "grapheme")));
  const lines = [];
  let line = "";
  for (const part of parts) {
    if (fits(line + part)) {
      line += part;
    } else {
      lines.push(line);
      line = part.trimStart();
    }
  }
  return [...lines, line].filter(Boolean);
}

async function pictureOf({ name, lines, qr }) {
  const code = element("img", { src: `data:image/png;base64,${qr}` });
  await code.decode();
  const canvas = element("canvas", { width: WIDTH });
  const context = canvas.getContext("2d");
  const fonts = ["bold 30px system-ui, sans-serif", "22px system-ui, sans-serif"];
  const texts = [name, ...lines.filter(Boolean)].flatMap((text, index) => {
    context.font = fonts[Math.min(index, 1)];
    return wrapped(context, text).map((line) => [fonts[Math.min(index, 1)], line]);
  });
  canvas.height = MARGIN + texts.length * LINE + QR + MARGIN;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  context.textAlign = "center";
  texts.forEach(([font, line], index) => {
    context.font = font;
    context.fillText(isolated(line), WIDTH / 2, MARGIN + LINE * (index + 0.7));
  });
  // Whole pixels for each module: blurred ones are harder to read.
  const size = code.naturalWidth * Math.max(1, Math.floor(QR / code.naturalWidth));
  context.imageSmoothingEnabled = size > QR;
  const shown = Math.min(size, QR);
  context.drawImage(code, (WIDTH - shown) / 2, MARGIN + texts.length * LINE + (QR - shown) / 2, shown, shown);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

export async function savePicture(about) {
  save(`${about.file}.png`, await pictureOf(about), "image/png");
}

/** Hands the picture to another program, or the text where pictures are not taken. */
export async function sharePicture(about) {
  const file = new File([await pictureOf(about)], `${about.file}.png`, { type: "image/png" });
  const text = [about.name, ...about.lines.slice(0, 2)].join("\n");
  const whole = { files: [file], title: about.name, text };
  return share(navigator.canShare?.(whole) ? whole : { title: about.name, text });
}

/** Shares, or copies the address where browsers cannot. Returns what to say about it, or null. */
export async function share(what) {
  try {
    if (typeof navigator.share === "function") {
      await navigator.share(what);
      return null;
    }
    await navigator.clipboard.writeText(what.url);
    return t("copied");
  } catch (error) {
    // The buyer may have closed the dialog.
    return error.name === "AbortError" ? null : t("notShared");
  }
}

const escaped = (text) => text.replace(/[\\;,]/g, "\\$&").replace(/\r\n?|\n/g, "\\n");
const stamp = (instant) => new Date(instant).toISOString().replace(/[-:]|\.\d+/g, "");

/** Lines have at most 75 octets (RFC 5545, 3.1), and none ends within a character. */
function folded(line) {
  const parts = [""];
  let octets = 0;
  for (const character of line) {
    const more = new TextEncoder().encode(character).length;
    if (octets + more > 75) {
      parts.push(" ");
      octets = 1;
    }
    parts[parts.length - 1] += character;
    octets += more;
  }
  return parts.join("\r\n");
}

export function calendarOf({ event, ticket, name }) {
  const address = new URL(`/tickets/${ticket.ticket_id}`, location.href).href;
  return [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Ticket Booth//Storefront//EN",
    "BEGIN:VEVENT",
    `UID:${ticket.ticket_code ?? ticket.ticket_id}@${location.hostname}`,
    `DTSTAMP:${stamp(Date.now())}`,
    `DTSTART:${stamp(event.starts_at)}`,
    event.ends_at && `DTEND:${stamp(event.ends_at)}`,
    `SUMMARY:${escaped(name)}`,
    event.venue && `LOCATION:${escaped(event.venue)}`,
    `DESCRIPTION:${escaped(`${t("calendarText", { id: String(ticket.ticket_id) })}\n${address}`)}`,
    `URL:${address}`,
    "END:VEVENT",
    "END:VCALENDAR",
  ].filter(Boolean).map((line) => `${folded(line)}\r\n`).join("");
}

export function saveCalendar(about) {
  save(`${about.file}.ics`, calendarOf(about), "text/calendar");
}
