/** Keeps the page for use without a connection. */

const worker = () => navigator.serviceWorker;

/** Begins to keep the page itself. */
export async function begin() {
  // Browsers have it over HTTPS and on this machine alone.
  if (!worker()) return;
  await worker().register(new URL('../../sw.js', import.meta.url), {updateViaCache: 'none'}).catch(() => {});
}

/** Keeps all that may be asked for yet, once the page is in use; `tell` is given a sentence. */
export async function keep(tell) {
  if (!worker() || navigator.connection?.saveData) return;
  const {active} = await worker().ready;
  worker().addEventListener('message', ({data}) => {
    if (data.kept) tell('This page now works without a connection.');
    else if (data.full) tell('This device has no room left to keep the page for use without a connection.');
  });
  const loaded = performance.getEntriesByType('resource').map(({name}) => name);
  active.postMessage({keep: loaded.filter((name) => name.includes('/litert/wasm/'))});
}
