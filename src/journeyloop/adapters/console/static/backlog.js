// What happened faster than anybody can read: groups notes until the feed asks for its next row. Pure.

const PLAIN = new Set(["event", "merge"]);
const DECIDED = (row) => row.note.kind !== "audience";
const alike = (a, b) => a.kind === b.kind && a.moment === b.moment && a.reason === b.reason && a.text === b.text;

/** Holds notes. Decisions are grouped by what was decided and why, events by counting all but the newest. */
export class Backlog {
  #decisions = [];
  #event;
  #others = new Map();
  #events = 0;
  #turn = 0;

  push(note) {
    if (PLAIN.has(note.kind)) this.#count(note);
    else this.#group(note);
  }

  #count(note) {
    if (this.#event) this.#others.set(this.#event.text, (this.#others.get(this.#event.text) ?? 0) + 1);
    this.#event = note;
    this.#events += 1;
  }

  #group(note) {
    const known = this.#decisions.find((row) => alike(row.note, note));
    if (!known) {
      this.#decisions.push({ note, count: 1 });
      return;
    }
    known.note = note;
    known.count += 1;
  }

  /** How many notes wait. */
  get size() {
    return this.#events + this.#decisions.reduce((sum, { count }) => sum + count, 0);
  }

  /** The next row {note, count, others: [[text, count]]}, or undefined. Events yield to decisions, but get every fourth turn. */
  take(decisionsOnly) {
    if (decisionsOnly) this.#drop();
    this.#turn += 1;
    if (this.#decisions.length && (this.#turn % 4 || !this.#event)) return this.#decisions.shift();
    return this.#event && this.#takeEvents();
  }

  #drop() {
    this.#takeEvents();
    this.#decisions = this.#decisions.filter(DECIDED);
  }

  #takeEvents() {
    const row = { note: this.#event, count: this.#events, others: [...this.#others].sort(([, a], [, b]) => b - a) };
    this.#event = undefined;
    this.#events = 0;
    this.#others = new Map();
    return row;
  }
}
