// Three pages: the events, and the two to which buyers return from the payment page.

import { type ReactNode, useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { type Event, Failed, answer, api } from "./api";

/** What the buyer sees of an answer. Only a ticket has a QR code. */
type Shown = { detail: string; qr_code_data?: string };

const Result = ({ detail, qr_code_data }: Shown) => (
  <p role="status">
    {detail} {qr_code_data && <img src={`data:image/png;base64,${qr_code_data}`} alt="QR code" />}
  </p>
);

function Shop() {
  const [page, setPage] = useState<{ events: Event[]; detail?: string }>({ events: [] });
  const failed = ({ detail }: Failed) => setPage((shown) => ({ ...shown, detail }));
  const load = () => answer(api.GET("/api/events/")).then(setPage, failed);
  useEffect(() => void load(), []);
  return (
    <>
      <h1>Events</h1>
      <Result detail={page.detail ?? ""} />
      {page.events.map((event) => <Offer key={event.event_id} event={event} reload={load} />)}
    </>
  );
}

function Offer({ event, reload }: { event: Event; reload: () => void }) {
  // Names the purchase: if an answer is lost, the next click repeats it and buys nothing more.
  const purchase = useRef(crypto.randomUUID());
  const [shown, setShown] = useState<Shown>({ detail: "" });

  async function buy(form: FormData): Promise<void> {
    const quantity = Number(form.get("quantity"));
    const order = await answer(
      api.POST("/api/payments/create-payment-intent/", {
        params: { header: { "Idempotency-Key": `${purchase.current}-${quantity}` } },
        body: { event_id: event.event_id, quantity },
      }),
    ).catch((failed: Failed) => failed);
    if ("checkout_url" in order) return location.assign(order.checkout_url);
    const closed = "code" in order && order.code === "order_closed";
    if (closed || "qr_code_data" in order) purchase.current = crypto.randomUUID();
    if (closed) return buy(form);
    setShown(order);
    reload();
  }

  return (
    <form action={buy} aria-label={event.name}>
      <h2>{event.name}</h2>
      <p>{price(event.price)}, {event.places_left} places left</p>
      <label>
        How many{" "}
        <input name="quantity" type="number" defaultValue={1} min={1} max={event.max_per_order} required />
      </label>
      <button disabled={!onSale(event)}>Buy</button>
      <Result {...shown} />
    </form>
  );
}

function onSale({ cancelled_at, opens_at, closes_at, places_left, server_now }: Event) {
  const now = Date.parse(server_now);
  const begun = opens_at === null || Date.parse(opens_at) <= now;
  const over = closes_at !== null && Date.parse(closes_at) <= now;
  return cancelled_at === null && begun && !over && places_left > 0;
}

function price({ amount_minor, currency }: Event["price"]) {
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  // Right for most currencies; Stripe gives a few, such as ISK, other decimals than browsers do.
  return format.format(amount_minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

function Returned({ title, ask }: { title: string; ask: () => Promise<Shown> }) {
  const [shown, setShown] = useState<Shown>({ detail: "One moment …" });
  useEffect(() => {
    let timer = 0;
    function attempt(number: number) {
      ask().then(setShown, (failed: Failed) => {
        setShown(failed);
        if (failed.again && number < 10) {
          timer = window.setTimeout(attempt, 1000 * failed.again, number + 1);
        }
      });
    }
    attempt(1);
    return () => clearTimeout(timer);
  }, []);
  return <><h1>{title}</h1><Result {...shown} /><a href="/">All events</a></>;
}

const asked = new URLSearchParams(location.search);
const session_id = asked.get("session_id") ?? "";
const ticket_id = asked.get("ticket_id") ?? "";
const verify = () => answer(api.POST("/api/payments/verify/", { body: { session_id, ticket_id } }));
const cancel = () =>
  answer(api.POST("/api/payments/cancel/", { body: { ticket_id } })).catch(past);

/** Says what has become of an order that is not open any more. */
async function past(failed: Failed): Promise<Shown> {
  if (failed.code !== "already_processed") throw failed;
  const path = { ticket_id: Number(ticket_id) };
  const { status } = await answer(api.GET("/api/tickets/{ticket_id}/", { params: { path } }));
  return { detail: `The ticket is ${status}.` };
}

const pages: Record<string, ReactNode> = {
  "/payment/success": <Returned title="Your ticket" ask={verify} />,
  "/payment/cancel": <Returned title="Back from the payment" ask={cancel} />,
};
createRoot(document.getElementById("root")!).render(pages[location.pathname] ?? <Shop />);
// A page that the browser kept ("Back") has old counts, and the keys of earlier purchases.
addEventListener("pageshow", (event) => event.persisted && location.reload());
