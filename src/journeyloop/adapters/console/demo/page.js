// What every page of the shop shares: making elements, the cart's count, the consent question.
import { answer, count, keepAnswer } from "./cart.js";
import { consent } from "./tracking.js";

/** A new element. Children are elements or text; text is only ever set as text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export const money = (amount) => new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" }).format(amount);

export const button = (label, testid, click, kind = "primary") =>
  element("button", { type: "button", class: kind, "data-testid": testid, click }, label);

export function showCount() {
  const badge = document.querySelector("#cart-count");
  badge.textContent = count();
  badge.hidden = count() === 0;
}

function decide(choice) {
  keepAnswer(choice);
  consent(choice === "all" ? { marketing: true, analytics: true } : false);
  document.querySelector(".consent")?.remove();
}

function ask() {
  document.querySelector(".consent")?.remove();
  document.body.append(element("section", { class: "consent", "aria-label": "Your privacy" },
    element("p", {}, "May we follow your visit, to help when you get stuck? Without your yes we keep only your cart, here in your browser."),
    element("div", { class: "row" },
      button("Accept", "accept-consent", () => decide("all")),
      button("Only necessary", "refuse-consent", () => decide("necessary"), "quiet"))));
}

/** Count, consent question (asked once), and the link that lets a visitor change their mind. */
export function dress() {
  showCount();
  document.querySelector("#privacy").addEventListener("click", ask);
  if (!answer()) ask();
}
