// Caches the page on the device, so that it opens offline. The server fills in the names of the files.
// Each version has its own cache, so old and new files never mix.

const VERSION = "%VERSION%";
const FILES = %FILES%;

addEventListener("install", (event) => {
  const all = FILES.map((file) => new Request(new URL(file, location), { cache: "reload" }));
  event.waitUntil(caches.open(VERSION).then((cache) => cache.addAll(all)));
});

addEventListener("message", (event) => {
  const renew = async () => {
    // Another tab may still load one of the old files.
    const pages = await clients.matchAll({ includeUncontrolled: true });
    if (pages.length <= 1) {
      await skipWaiting();
    }
  };
  if (event.data === "renew") {
    event.waitUntil(renew());
  }
});

addEventListener("activate", (event) => {
  const old = async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith("gate-"));
    await Promise.all(names.filter((name) => name !== VERSION).map((name) => caches.delete(name)));
  };
  event.waitUntil(old());
});

addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const ours = FILES.some((file) => new URL(file, location).pathname === pathname);
  if (event.request.method !== "GET" || origin !== location.origin || !ours) {
    return;
  }
  const kept = caches.open(VERSION).then((cache) => cache.match(pathname));
  event.respondWith(kept.then((found) => found ?? fetch(event.request)));
});
