// SHA-512 (FIPS 180-4), for pages without a secure context, where browsers do not offer it.

const WORD = (1n << 64n) - 1n;

function primes(count) {
  const found = [];
  for (let each = 2n; found.length < count; each += 1n) {
    if (found.every((prime) => each % prime !== 0n)) {
      found.push(each);
    }
  }
  return found;
}

/** The first 64 bits of the fraction of a root. */
function fraction(number, degree) {
  const power = BigInt(degree);
  const scaled = number << (64n * power);
  let root = 0n;
  for (let bit = 1n << 68n; bit > 0n; bit >>= 1n) {
    if ((root + bit) ** power <= scaled) {
      root += bit;
    }
  }
  return root & WORD;
}

const ROUNDS = primes(80).map((prime) => fraction(prime, 3));
const START = primes(8).map((prime) => fraction(prime, 2));

const turned = (word, by) => ((word >> by) | (word << (64n - by))) & WORD;

function padded(bytes) {
  const length = Math.ceil((bytes.length + 17) / 128) * 128;
  const all = new Uint8Array(length);
  all.set(bytes);
  all[bytes.length] = 0x80;
  const view = new DataView(all.buffer);
  view.setBigUint64(length - 8, BigInt(bytes.length) * 8n);
  return view;
}

function schedule(view, start) {
  const words = [];
  for (let t = 0; t < 80; t += 1) {
    if (t < 16) {
      words.push(view.getBigUint64(start + t * 8));
      continue;
    }
    const [a, b] = [words[t - 15], words[t - 2]];
    const early = turned(a, 1n) ^ turned(a, 8n) ^ (a >> 7n);
    const late = turned(b, 19n) ^ turned(b, 61n) ^ (b >> 6n);
    words.push((words[t - 16] + early + words[t - 7] + late) & WORD);
  }
  return words;
}

export function sha512(bytes) {
  const view = padded(bytes);
  let state = START;
  for (let start = 0; start < view.byteLength; start += 128) {
    const words = schedule(view, start);
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 80; t += 1) {
      const mixed = turned(e, 14n) ^ turned(e, 18n) ^ turned(e, 41n);
      const first = h + mixed + ((e & f) ^ (~e & WORD & g)) + ROUNDS[t] + words[t];
      const other = turned(a, 28n) ^ turned(a, 34n) ^ turned(a, 39n);
      const second = other + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) & WORD, c, b, a, (first + second) & WORD];
    }
    state = [a, b, c, d, e, f, g, h].map((word, index) => (word + state[index]) & WORD);
  }
  const hash = new DataView(new ArrayBuffer(64));
  state.forEach((word, index) => hash.setBigUint64(index * 8, word));
  return new Uint8Array(hash.buffer);
}
