// The shop's only tie to journeyloop: loads loop.js with the write key and passes words on to it.

const script = document.createElement("script");
script.src = "/loop.js";
script.dataset.writeKey = window.JOURNEYLOOP_KEY;
await new Promise((resolve) => { // the page comes to life after it, so that no step goes unheard; blocked, the shop works without
  script.onload = resolve;
  script.onerror = resolve;
  document.head.append(script);
});

const tell = (method) => (...words) => void window.journeyloop?.[method](...words);

export const track = tell("track");
export const page = tell("page");
export const identify = tell("identify");
export const consent = tell("consent");

/** What to show at a place of the page, or null for what is there anyway: also where loop.js is blocked. */
export const ask = async (place) => (await window.journeyloop?.ask(place)) ?? null;

/** The shop's own customer number for an e-mail address: stable, and not the address (64-bit FNV-1a). */
export function customerNumber(email) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(email.trim().toLowerCase())) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return `customer-${hash.toString(16).padStart(16, "0")}`;
}
