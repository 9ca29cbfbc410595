// The search field of every screen, by its key; and what somebody may mean who types a name into it.

const HEX = /^[0-9a-f]{32}$/;
const PAIR = /^([A-Za-z_]\w*):(.+)$/;

/** The queries to try for what was typed, the likeliest first. */
export function guesses(text) {
  const typed = text.trim();
  const ids = [{ user_id: typed }, { anonymous_id: typed }];
  const pair = PAIR.exec(typed);
  if (typed.includes("@")) return [{ email: typed }, ...ids];
  if (typed.startsWith("+")) return [{ phone: typed }, ...ids];
  if (HEX.test(typed)) return [{ person: typed }, ...ids.reverse()];
  return pair ? [{ type: pair[1], value: pair[2] }, ...ids] : ids;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input")) return;
  event.preventDefault();
  document.querySelector("input[type=search]").focus();
});
