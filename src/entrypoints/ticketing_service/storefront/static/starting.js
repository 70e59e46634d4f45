// Says so if the scripts of the page do not start. It is no module: what it waits for may be lost
// with the modules.

(() => {
  const PATIENCE_MS = 10_000;

  function giveUp() {
    // They are gone once main.js has begun; from then on it shows errors itself.
    const failed = document.getElementById("not-started");
    if (failed !== null) {
      failed.hidden = false;
      document.getElementById("starting").hidden = true;
    }
  }
  function failed() {
    if (document.readyState === "loading") {
      addEventListener("DOMContentLoaded", giveUp);
    } else {
      giveUp();
    }
  }
  // A file that does not load tells only listeners that capture.
  addEventListener("error", failed, true);
  addEventListener("unhandledrejection", failed);
  setTimeout(failed, PATIENCE_MS);
})();
