// Three pages: the events, and the two to which buyers return from the payment page.

import { type ReactNode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { type Event, Failed, answer, api } from "./api";

/** What the buyer sees of an answer. Only a ticket has a QR code. */
type Shown = { detail: string; qr_code_data?: string };

function Result({ detail, qr_code_data }: Shown) {
  return (
    <div role="status">
      <p>{detail}</p>
      {qr_code_data && <img src={`data:image/png;base64,${qr_code_data}`} alt="QR code" />}
    </div>
  );
}

function Shop() {
  const [events, setEvents] = useState<Event[]>([]);
  const [shown, setShown] = useState<Shown>({ detail: "" });
  useEffect(() => {
    answer(api.GET("/api/events/")).then(
      (page) => setEvents(page.events),
      (failed: Failed) => setShown({ detail: failed.message }),
    );
  }, []);
  return (
    <>
      <h1>Events</h1>
      <Result {...shown} />
      {events.map((event) => <Offer key={event.event_id} event={event} />)}
    </>
  );
}

function Offer({ event }: { event: Event }) {
  // Names the purchase: if an answer is lost, the next click repeats it and buys nothing more.
  const [purchase, setPurchase] = useState(() => crypto.randomUUID());
  const [shown, setShown] = useState<Shown>({ detail: "" });

  async function buy(form: FormData) {
    const quantity = Number(form.get("quantity"));
    try {
      const order = await answer(
        api.POST("/api/payments/create-payment-intent/", {
          params: { header: { "Idempotency-Key": `${purchase}-${quantity}` } },
          body: { event_id: event.event_id, quantity },
        }),
      );
      if ("checkout_url" in order) {
        location.assign(order.checkout_url);
      } else {
        setShown(order);
        setPurchase(crypto.randomUUID());
      }
    } catch (failed) {
      setShown({ detail: (failed as Failed).message });
    }
  }

  return (
    <form action={buy} aria-label={event.name}>
      <h2>{event.name}</h2>
      <p>{price(event.price)}, {event.places_left} places left</p>
      <label>
        How many{" "}
        <input name="quantity" type="number" defaultValue={1} min={1} max={event.max_per_order} required />
      </label>
      <button>Buy</button>
      <Result {...shown} />
    </form>
  );
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
        setShown({ detail: failed.message });
        if (failed.again !== null && number < 10) {
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
const cancel = () => answer(api.POST("/api/payments/cancel/", { body: { ticket_id } }));

const pages: Record<string, ReactNode> = {
  "/payment/success": <Returned title="Your ticket" ask={verify} />,
  "/payment/cancel": <Returned title="Back from the payment" ask={cancel} />,
};
createRoot(document.getElementById("root")!).render(pages[location.pathname] ?? <Shop />);
