/** Keeps the page's files, so that it works without a connection; never a photo: none is sent anywhere. */

const SITE = {version: '', shell: [], rest: []};
const CACHE = `faceattr-${SITE.version}`;
// What an error is called where there is no room: QuotaExceededError, or Firefox's own.
const FULL = /quota|no_device_space/i;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(SITE.shell))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const isOurs = new URL(event.request.url).origin === self.location.origin;
  if (event.request.method === 'GET' && isOurs) event.respondWith(answer(event.request));
});

async function answer(request) {
  const kept = await caches.match(request, {ignoreSearch: true});
  if (kept) return kept;
  const fresh = await fetch(request);
  if (fresh.ok) {
    const copy = fresh.clone();
    // Where there is no room it is fetched again next time.
    caches.open(CACHE).then((cache) => cache.put(request, copy)).catch(() => {});
  }
  return fresh;
}

// Asked by a page in use, which names the runtime that it has: keeps all that it may ask for yet, and tells
// whether there was room.
self.addEventListener('message', (event) => {
  event.waitUntil(
    keep(event.data.keep).then(
      () => event.source.postMessage({kept: true}),
      (error) => event.source.postMessage({kept: false, full: FULL.test(error.name)}),
    ),
  );
});

async function keep(runtime) {
  const cache = await caches.open(CACHE);
  for (const name of [...runtime, ...SITE.rest]) {
    if (!(await cache.match(name))) await cache.add(name);
  }
}
