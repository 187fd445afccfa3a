// The conversation as this device knows it. No DOM here: it keeps what was said, sends what was not sent yet, and finds its way back.

import * as keep from "./keep";
import type { BotMessage, Button, Outgoing, Told } from "./messages";
import { Away, Refused, Transport, type Live } from "./transport";

export interface Entry {
  id: string;
  from: "user" | "bot";
  text: string;
  message?: BotMessage;
  /** Not yet confirmed by the server. */
  waiting?: boolean;
  /** Refused by the server for good. */
  failed?: boolean;
  /** Place among the messages of its turn, for the order of appearance. */
  place: number;
  /** Came just now, not from the history. */
  fresh: boolean;
}

/** `gone`: cleared by the person; nothing begins until they say so. */
export type Link = "starting" | "good" | "lost" | "offline" | "gone";

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 15_000;
const POLL = 5_000;

export class Conversation implements Live {
  entries: Entry[] = [];
  link: Link = "starting";
  /** Turns that are being worked on, here or in another tab. */
  busy = new Set<string>();
  /** A sentence of the server about what could not be done. */
  trouble = "";
  readonly transport: Transport;
  private unsent: Outgoing[] = [];
  private known = new Set<string>();
  private last = 0;
  private sending = false;
  private pause = FIRST_PAUSE;
  private timer = 0;
  private poll = 0;
  private hopeless = 0;

  constructor(
    server: string,
    private readonly changed: () => void,
    /** Words that could not be sent go back to where they were written. */
    private readonly giveBack: (text: string) => void,
  ) {
    this.transport = new Transport(server);
  }

  /** The buttons that count now: those of the last turn. */
  get offered(): Button[] {
    const last = this.entries[this.entries.length - 1];
    return (last?.from === "bot" && last.message?.buttons) || [];
  }

  get working(): boolean {
    return this.busy.size > 0;
  }

  async start(): Promise<void> {
    window.addEventListener("online", this.online);
    window.addEventListener("offline", this.offline);
    this.transport.token = keep.get("token");
    this.unsent = readUnsent();
    await this.begin();
  }

  stop(): void {
    window.removeEventListener("online", this.online);
    window.removeEventListener("offline", this.offline);
    window.clearTimeout(this.timer);
    window.clearInterval(this.poll);
    this.transport.close();
  }

  /** Shows what was said before, or begins anew. Tried again until it works. */
  private async begin(): Promise<void> {
    try {
      if (this.transport.token) {
        try {
          await this.catchUp(false);
        } catch (e) {
          if (!(e instanceof Refused) || e.status !== 401) throw e;
          this.transport.token = "";
        }
      }
      if (!this.transport.token || !this.entries.length) await this.fresh();
    } catch (e) {
      this.away(e, () => void this.begin());
      return;
    }
    this.well();
    for (const o of this.unsent) this.show(o);
    this.changed();
    void this.pump();
    const connect = () => void this.transport.open(this).catch(() => undefined);
    // The page can be used first; the live connection may come a moment later.
    if ("requestIdleCallback" in window) requestIdleCallback(connect, { timeout: 3_000 });
    else setTimeout(connect, 1_000);
    window.clearInterval(this.poll);
    this.poll = window.setInterval(() => {
      if (!this.transport.live && !document.hidden && this.link === "good" && !this.sending) void this.catchUp(true).catch(() => undefined);
    }, POLL);
  }

  private async fresh(): Promise<void> {
    const session = await this.transport.session();
    this.transport.token = session.token;
    keep.put("token", session.token);
    this.known.add("session");
    this.add("session", session.messages, true);
  }

  /** Begins a new conversation; the old one stays at the server until it is filed or forgotten there. */
  async anew(): Promise<void> {
    keep.forget();
    await this.follow("");
  }

  /** Goes over to the conversation of this token, or to a new one. */
  async follow(token: string): Promise<void> {
    this.drop();
    this.transport.token = token;
    this.link = "starting";
    this.changed();
    await this.begin();
    this.transport.reopen();
  }

  /** Leaves nothing of the conversation on this device. */
  forget(): void {
    keep.forget();
    this.drop();
    this.transport.close();
    this.link = "gone";
    this.changed();
  }

  private drop(): void {
    window.clearTimeout(this.timer);
    window.clearInterval(this.poll);
    this.entries = [];
    this.unsent = [];
    this.known.clear();
    this.busy.clear();
    this.last = 0;
    this.trouble = "";
    this.transport.token = "";
  }

  say(text: string, attachments: string[] = [], shown = text): void {
    this.put({ id: newId(), text, shown, ...(attachments.length ? { attachments } : {}) });
  }

  press(button: Button): void {
    this.put({ id: newId(), payload: button.payload, shown: button.title });
  }

  /** Tries now what waits. */
  again = (): void => {
    window.clearTimeout(this.timer);
    this.trouble = "";
    this.hopeless = 0;
    if (this.transport.token) void this.pump();
    else void this.begin();
  };

  private put(o: Outgoing): void {
    this.trouble = "";
    this.hopeless = 0;
    this.unsent.push(o);
    this.keepUnsent();
    this.show(o);
    this.changed();
    void this.pump();
  }

  private show(o: Outgoing): void {
    if (!this.entries.some((e) => e.id === o.id && e.from === "user"))
      this.entries = [...this.entries, { id: o.id, from: "user", text: o.shown, waiting: true, place: 0, fresh: true }];
  }

  /** Sends one after the other. The same id is sent again after a failure, so nothing is done twice. */
  private async pump(): Promise<void> {
    if (this.sending || !this.transport.token) return;
    this.sending = true;
    window.clearTimeout(this.timer);
    try {
      for (let o = this.unsent[0]; o; o = this.unsent[0]) {
        const { shown: _, ...body } = o;
        this.busy.add(o.id);
        this.changed();
        try {
          const { messages } = await this.transport.message(body);
          this.settle(o.id, messages);
          this.trouble = "";
          this.well();
        } finally {
          this.busy.delete(o.id);
        }
      }
    } catch (e) {
      this.sending = false;
      if (e instanceof Refused) await this.refused(e);
      else this.away(e, () => void this.pump());
    }
    this.sending = false;
    this.changed();
  }

  private async refused(e: Refused): Promise<void> {
    const o = this.unsent[0];
    this.trouble = e.message;
    if (e.status === 401) {
      // The conversation ran out; what was written goes back into the box.
      const words = this.unsent.map((u) => (u.payload === undefined ? u.shown : "")).filter(Boolean).join("\n");
      await this.anew();
      this.trouble = e.message;
      this.giveBack(words);
    } else if ((e.status === 429 || e.status === 503) && this.hopeless < 5) {
      this.hopeless++;
      this.timer = window.setTimeout(() => void this.pump(), Math.max(1, e.retryAfter || 2 ** this.hopeless) * 1_000);
    } else if (o && e.status !== 429 && e.status !== 503) {
      this.unsent.shift();
      this.keepUnsent();
      this.entries = this.entries.filter((x) => x.id !== o.id);
      if (o.payload === undefined) this.giveBack(o.shown);
      if (this.unsent.length) this.timer = window.setTimeout(() => void this.pump(), 100);
    }
  }

  /** The answer to a message: from this call, from another tab or from the history, whichever came first. */
  private settle(id: string, messages: BotMessage[], said?: string): void {
    const mine = this.unsent.some((o) => o.id === id);
    if (mine) {
      this.unsent = this.unsent.filter((o) => o.id !== id);
      this.keepUnsent();
    }
    if (this.known.has(id)) return;
    this.known.add(id);
    if (this.entries.some((e) => e.id === id)) {
      this.entries = this.entries.map((e) => (e.id === id ? { ...e, waiting: false } : e));
    } else if (said) {
      this.entries = [...this.entries, { id, from: "user", text: said, place: 0, fresh: true }];
    }
    this.add(id, messages, true);
  }

  private add(id: string, messages: BotMessage[], fresh: boolean): void {
    const bot = messages.map((message, place): Entry => ({ id, from: "bot", text: message.text, message, place, fresh }));
    // What waits stays below what was answered.
    const waiting = this.entries.filter((e) => e.waiting);
    this.entries = [...this.entries.filter((e) => !e.waiting), ...bot, ...waiting];
  }

  private async catchUp(fresh: boolean): Promise<void> {
    const { messages } = await this.transport.history(this.last);
    const turns = new Map<string, Told[]>();
    for (const m of messages) {
      this.last = Math.max(this.last, m.n);
      turns.set(m.id, [...(turns.get(m.id) ?? []), m]);
    }
    for (const [id, told] of turns) {
      const bot = told.filter((m) => m.from === "bot");
      const said = told.find((m) => m.from === "user")?.text;
      if (fresh || this.unsent.some((o) => o.id === id)) this.settle(id, bot, said);
      else if (!this.known.has(id)) {
        this.known.add(id);
        if (said) this.entries = [...this.entries, { id, from: "user", text: said, place: 0, fresh: false }];
        this.add(id, bot, false);
      }
    }
    if (turns.size) this.changed();
  }

  private well(): void {
    this.link = "good";
    this.pause = FIRST_PAUSE;
    this.hopeless = 0;
  }

  private away(e: unknown, again: () => void): void {
    if (e instanceof Refused) this.trouble = e.message;
    else if (!(e instanceof Away)) throw e;
    this.link = navigator.onLine ? "lost" : "offline";
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(again, this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    this.changed();
  }

  private keepUnsent(): void {
    keep.put("unsent", this.unsent.length ? JSON.stringify(this.unsent) : "");
  }

  private online = (): void => this.again();

  private offline = (): void => {
    this.link = "offline";
    this.changed();
  };

  // -- what the live connection tells ---------------------------------------------------------------------------------

  connected(): void {
    void this.catchUp(true)
      .then(() => {
        this.well();
        this.changed();
        return this.pump();
      })
      .catch(() => undefined);
  }

  lost(): void {
    this.link = navigator.onLine ? "lost" : "offline";
    this.changed();
    this.timer = window.setTimeout(() => void this.probe(), FIRST_PAUSE);
  }

  /** Sockets may be blocked where HTTP still works. */
  private async probe(): Promise<void> {
    if (this.transport.live) return;
    try {
      await this.catchUp(true);
      this.well();
      this.changed();
      void this.pump();
    } catch (e) {
      if (!(e instanceof Refused)) this.away(e, () => void this.probe());
    }
  }

  typing(on: boolean, id: string): void {
    if (on && !this.known.has(id)) this.busy.add(id);
    else this.busy.delete(id);
    this.changed();
  }

  turn(turn: { id: string; text?: string; payload?: string; messages: BotMessage[] }): void {
    this.busy.delete(turn.id);
    const pressed = this.offered.find((b) => b.payload === turn.payload)?.title;
    this.settle(turn.id, turn.messages, turn.text ?? pressed);
    this.changed();
  }

  expired(): void {
    if (this.unsent.length) void this.pump();
  }
}

function readUnsent(): Outgoing[] {
  try {
    const kept: unknown = JSON.parse(keep.get("unsent") || "[]");
    return Array.isArray(kept) ? kept.filter((o): o is Outgoing => typeof o?.id === "string" && typeof o?.shown === "string") : [];
  } catch {
    return [];
  }
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
}
