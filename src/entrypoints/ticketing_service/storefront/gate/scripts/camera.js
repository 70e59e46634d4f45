// The camera, and the codes in view.

/** A code that stays in view is read once, and again only after it was away for so long. */
const SAME_LOOK_MS = 3000;
/** The pause between two pictures. The battery of a phone must last an evening. */
const PAUSE_MS = 120;

const REASONS = {
  NotAllowedError:
    "The camera is blocked. Allow it for this page in the browser's settings, then start it again.",
  NotFoundError: "This device has no camera. Use a scanner that types, or type the ticket's number.",
  NotReadableError: "Another program uses the camera. Close it, then start the camera again.",
  OverconstrainedError: "No camera of this device fits. Use a scanner that types, or type.",
  AbortError: "The camera was interrupted. Start it again.",
  SecurityError: "This browser or its owner forbids cameras. Use a scanner that types, or type.",
};

/** Why there is no camera, in a sentence that says what to do. */
export function reason(error) {
  if (!globalThis.isSecureContext) {
    return (
      "Browsers lend the camera to secure pages only. Open this page with https://, or on this " +
      "machine as http://localhost. Until then: a scanner that types, a photo, or typing."
    );
  }
  if (!navigator.mediaDevices?.getUserMedia) {
    return "This browser has no access to cameras. Use another one, a scanner that types, or type.";
  }
  return REASONS[error?.name] ?? `The camera does not start (${error?.name ?? "unknown"}).`;
}

/** Tells new codes from codes that stay in view. Friends may hold up two at a time. */
export class Looks {
  #seenAt = new Map();

  /** Whether this code is new in view. While the page is `busy`, no new one starts. */
  isNew(text, now, busy) {
    const isOld = now - (this.#seenAt.get(text) ?? -Infinity) < SAME_LOOK_MS;
    if (isOld || !busy) {
      this.#seenAt.set(text, now);
    }
    return !isOld && !busy;
  }
}

export class Camera {
  #stream = null;
  #looks = new Looks();

  /**
   * `onCode` is called once for each new code, `onEnd` with the reason if the camera stops. While
   * `isBusy` returns true, only codes that were in view before are followed.
   */
  constructor({ video, decode, isBusy, onCode, onEnd }) {
    Object.assign(this, { video, decode, isBusy, onCode, onEnd });
  }

  /** Starts the camera on the back of a phone, or throws. */
  async start() {
    const video = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } };
    this.#stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    const [track] = this.#stream.getVideoTracks();
    track.onended = () => this.onEnd({ name: "AbortError" });
    this.video.srcObject = this.#stream;
    await this.video.play();
    this.#read();
  }

  stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.video.srcObject = null;
  }

  async #read() {
    while (this.#stream !== null) {
      const { videoWidth, videoHeight } = this.video;
      if (videoWidth > 0 && !document.hidden) {
        const texts = await this.decode(this.video, videoWidth, videoHeight).catch(() => []);
        for (const text of texts) {
          // The first of two codes makes the page busy. The other one waits for the next picture.
          if (this.#looks.isNew(text, performance.now(), this.isBusy())) {
            this.onCode(text);
          }
        }
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
