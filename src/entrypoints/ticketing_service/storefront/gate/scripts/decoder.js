// Reads QR codes from pictures: with the browser's own decoder, or with a library in a worker.

/** The largest picture. Decoding is slow, and larger ones show no more of a code. */
const WIDEST = 800;

async function platformDetector() {
  // It may exist and support no format at all.
  const formats = (await globalThis.BarcodeDetector?.getSupportedFormats?.().catch(() => [])) ?? [];
  return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
}

/** The part to decode: the square in the middle of a video, or a whole picture. */
function pixels(source, fullWidth, fullHeight) {
  const film = source instanceof HTMLVideoElement;
  const width = film ? Math.min(fullWidth, fullHeight) : fullWidth;
  const height = film ? width : fullHeight;
  const [left, top] = [(fullWidth - width) / 2, (fullHeight - height) / 2];
  const scale = Math.min(1, WIDEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const all = [0, 0, canvas.width, canvas.height];
  context.drawImage(source, left, top, width, height, ...all);
  return context.getImageData(...all);
}

/** The library in its worker: decoding must not delay keys and taps. */
class Library {
  #worker = new Worker(new URL("decoder_worker.js", import.meta.url));
  #last = Promise.resolve();

  /** Decodes a picture, after earlier ones. */
  decode(image) {
    this.#last = this.#last.catch(() => {}).then(() => this.#ask(image));
    return this.#last;
  }

  #ask(image) {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = () => reject(new Error("The decoder cannot be loaded."));
      this.#worker.postMessage(image, [image.data.buffer]);
    });
  }
}

/** Returns a function that reads the codes in a picture of this width and height. */
export async function loadDecoder() {
  const detector = await platformDetector();
  if (detector !== null) {
    return async (source) => (await detector.detect(source)).map(({ rawValue }) => rawValue);
  }
  const library = new Library();
  return (source, width, height) => library.decode(pixels(source, width, height));
}
