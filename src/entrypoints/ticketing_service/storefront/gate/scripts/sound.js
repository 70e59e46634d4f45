// Sounds for staff who do not look at the screen. Browsers allow them after the first tap or key.

/** Hertz and seconds of each tone: rising for yes, low and long for no, twice the same for a mark. */
const TONES = {
  yes: [[660, 0.09], [990, 0.16]],
  mark: [[740, 0.1], [740, 0.18]],
  no: [[196, 0.5]],
};
const SHAKES = { yes: [80], mark: [80, 60, 80], no: [400] };

let context = null;

export function wake() {
  context ??= new AudioContext();
  context.resume();
}

export function play(kind) {
  // For a phone in a pocket or a loud hall: it vibrates as well, if it can.
  navigator.vibrate?.(SHAKES[kind]);
  if (context === null) {
    return;
  }
  let start = context.currentTime;
  for (const [frequency, seconds] of TONES[kind]) {
    const tone = new OscillatorNode(context, {
      type: kind === "no" ? "sawtooth" : "square",
      frequency,
    });
    // Square waves carry far, but are loud.
    tone.connect(new GainNode(context, { gain: 0.25 })).connect(context.destination);
    tone.start(start);
    tone.stop(start + seconds);
    start += seconds;
  }
}
