// Three steps to an order: contact, shipping, payment. Stopping at the third is what the demo is about.
import * as cart from "./cart.js";
import { CURRENCY } from "./catalogue.js";
import { element, money } from "./page.js";
import { customerNumber, identify, track } from "./tracking.js";

const forms = () => [...document.querySelectorAll("form[data-step]")];
const common = () => ({ checkout_id: cart.checkout().checkout_id, currency: CURRENCY, value: cart.total() });

function start() {
  const known = cart.checkout();
  if (known) return known.step;
  const order_id = cart.identifier("order");
  cart.keepCheckout({ checkout_id: cart.identifier("checkout"), order_id, step: 1 });
  track("Checkout Started", { order_id, ...common(), revenue: cart.total(), products: cart.lines() });
  return 1;
}

function goTo(step) {
  cart.keepCheckout({ step });
  forms().forEach((form) => { form.hidden = Number(form.dataset.step) !== step; });
  document.querySelectorAll("#steps li").forEach((item, index) => {
    if (index + 1 === step) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
    item.classList.toggle("done", index + 1 < step);
  });
  forms()[step - 1].querySelector("h2").focus();
  track("Checkout Step Viewed", { ...common(), step });
}

const leave = {
  1({ email, first_name }) {
    cart.keepCheckout({ contact: { first_name } });
    identify(customerNumber(email), { email, first_name });
  },
  2: ({ shipping_method }) => cart.keepCheckout({ shipping_method }),
  3() {
    const { order_id, shipping_method } = cart.checkout();
    track("Payment Info Entered", { ...common(), order_id, step: 3, shipping_method, payment_method: "card" });
    track("Order Completed", cart.complete());
    location.href = "/demo/shop/thanks";
  },
};

function submit(event) {
  event.preventDefault();
  const step = Number(event.target.dataset.step);
  const fields = Object.fromEntries(new FormData(event.target));
  if (step < 3) track("Checkout Step Completed", { ...common(), step });
  leave[step](fields);
  if (step < 3) goTo(step + 1);
}

export function openCheckout() {
  if (cart.lines().length === 0) {
    location.replace("/demo/shop/cart");
    return;
  }
  document.querySelector("#summary").replaceChildren(...cart.lines().map((line) => element("li", { class: "row apart" },
    element("span", {}, `${line.quantity} × ${line.name}`), element("span", {}, money(line.price * line.quantity)))));
  document.querySelectorAll(".total").forEach((place) => { place.textContent = money(cart.total()); });
  forms().forEach((form) => form.addEventListener("submit", submit));
  document.querySelectorAll("[data-back]").forEach((back) => back.addEventListener("click", () => goTo(Number(back.dataset.back))));
  goTo(start());
}
