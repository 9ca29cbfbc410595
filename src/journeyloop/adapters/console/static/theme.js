// The chosen theme, before the first paint. Without a choice the system's is followed. Classic script: modules run too late.
(() => {
  const KEY = "console.theme";
  const root = document.documentElement;
  if (localStorage[KEY]) root.dataset.theme = localStorage[KEY];
  addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("#theme");
    const dark = () => getComputedStyle(root).colorScheme === "dark"
      || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    const name = () => { button.textContent = dark() ? "Light" : "Dark"; };
    button.addEventListener("click", () => {
      localStorage[KEY] = root.dataset.theme = dark() ? "light" : "dark";
      name();
    });
    name();
  });
})();
