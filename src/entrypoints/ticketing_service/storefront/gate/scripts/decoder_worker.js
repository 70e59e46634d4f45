// Runs jsQR beside the page. A classic worker: the library is no module.

importScripts("../vendor/jsqr/jsQR.js");

onmessage = ({ data: { data, width, height } }) => {
  // Tickets are dark on light, also in dark mode: looking for the opposite would take twice as long.
  const found = jsQR(data, width, height, { inversionAttempts: "dontInvert" });
  postMessage(found?.data ? [found.data] : []);
};
