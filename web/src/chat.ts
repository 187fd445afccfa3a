// <sufang-chat>: the whole page on our own site, a window or a block on a foreign one.

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { Aloud, speaks } from "./aloud";
import { bar, danger, side, state } from "./around";
import { card, type Host } from "./cards";
import { Conversation, type Entry } from "./conversation";
import { icons } from "./icons";
import * as keep from "./keep";
import { Look, readable } from "./look";
import { Scroll } from "./scroll";
import { spoken, Words, words } from "./words";

const MAX = 5_000;
/** How long an announcement stays, in milliseconds; a screen reader has taken it long before. */
const SAID = 5_000;
const PERSONAL = ["name", "phone", "address", "id_number"];
type Part = "pickers" | "receipt" | "rating" | "files" | "voice" | "dialogs";

/** Parts that come when they are needed. Each defines its element and is then there for good. */
const parts: Record<Part, () => Promise<unknown>> = {
  pickers: () => import("./lazy/pickers"),
  receipt: () => import("./lazy/receipt"),
  rating: () => import("./lazy/rating"),
  files: () => import("./lazy/files"),
  voice: () => import("./lazy/voice"),
  dialogs: () => import("./lazy/dialogs"),
};

export class SufangChat extends LitElement implements Host {
  static override properties = {
    server: {},
    heading: {},
    office: {},
    contact: {},
    color: {},
    size: { type: Number },
    start: {},
    theme: {},
    lang: {},
    display: {},
    open_: { attribute: "open", type: Boolean },
    words: { state: true },
    editing: { state: true },
    earlier: { state: true },
    typed: { state: true },
  };

  declare server: string;
  declare heading: string;
  declare office: string;
  declare contact: string;
  declare color: string;
  declare size: number;
  declare start: string;
  declare theme: string;
  declare display: "" | "page" | "frame" | "block";
  declare open_: boolean;
  declare words: Words;
  declare editing: number;
  declare earlier: boolean;
  declare typed: number;

  /** The look, for a root of its own; our own page links it instead. */
  static sheet = "";
  /** The server that is spoken to when none is named; "" is the page's own. */
  static home = "";

  private loaded = new Set<Part>();
  private talk: Conversation | null = null;
  private seen = 0;
  private focusNext: "box" | "news" | "" = "";
  private toStart = "";
  private clearing = 0;
  private scroll_ = new Scroll(() => this.renderRoot);
  private aloud = new Aloud(() => this.requestUpdate(), () => (this.look.elder ? 0.85 : 1));
  readonly look = new Look(() => this.requestUpdate());

  constructor() {
    super();
    this.server = this.heading = this.office = this.contact = this.color = this.start = this.theme = "";
    this.display = "";
    this.size = 0;
    this.open_ = false;
    this.words = new Words();
    this.editing = 0;
    this.earlier = false;
    this.typed = 0;
  }

  /** On our own page everything is in the open, so that every tool of the browser reaches it; elsewhere nothing leaks in or out. */
  protected override createRenderRoot(): HTMLElement | DocumentFragment {
    if (this.own) return this;
    const root = this.attachShadow({ mode: "open", delegatesFocus: false });
    if ("adoptedStyleSheets" in root) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(SufangChat.sheet);
      root.adoptedStyleSheets = [sheet];
    } else {
      const style = document.createElement("style");
      style.textContent = SufangChat.sheet;
      (root as DocumentFragment).append(style);
    }
    return root;
  }

  get own(): boolean {
    return this.getAttribute("display") === "page" || this.getAttribute("display") === "frame";
  }

  get window_(): boolean {
    return !this.own && this.display !== "block";
  }

  // -- life ---------------------------------------------------------------------------------------------------------------

  override connectedCallback(): void {
    // The page came with a still picture of itself; what was typed into it meanwhile is taken over.
    const still = this.own ? this.querySelector("textarea") : null;
    const early = still?.value ?? "";
    const focused = still !== null && document.activeElement === still;
    if (this.own) this.replaceChildren();
    super.connectedCallback();
    if (early) keep.put("draft", early);
    if (focused) this.focusNext = "box";
    this.server = (this.server || SufangChat.home).replace(/\/$/, "");
    if (this.server === location.origin) this.server = "";
    this.toStart = this.start;
    this.look.start();
    window.addEventListener("storage", this.elsewhere);
    window.addEventListener("hashchange", this.asked);
    void this.speak(keep.get("lang") || this.lang);
    if (!this.window_ || this.open_) this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.look.stop();
    this.aloud.stop();
    window.removeEventListener("storage", this.elsewhere);
    window.removeEventListener("hashchange", this.asked);
    this.talk?.stop();
    this.talk = null;
  }

  private begin(): void {
    if (this.talk) return;
    this.talk = new Conversation(this.server, this.redraw, this.giveBack);
    void this.talk.start().then(this.asked);
    this.requestUpdate();
  }

  /** Another language of the page. */
  async speak(lang: string): Promise<void> {
    if (lang && lang !== this.words.lang) this.words = await words(lang);
  }

  private redraw = (): void => {
    if (this.toStart && this.talk?.entries.length && this.talk.link === "good") {
      // Said once, and only into a conversation that has not begun.
      const text = this.toStart;
      this.toStart = "";
      if (!this.talk.entries.some((e) => e.from === "user")) this.talk.say(text);
    }
    this.requestUpdate();
  };

  /** A QR code of a receipt leads here with number and code behind the #, where no server sees them. */
  private asked = (): void => {
    if (this.own && /^#q=\d+,\d+$/.test(location.hash)) this.open("progress");
  };

  /** Another tab began anew or cleared what is kept on this device. */
  private elsewhere = (e: StorageEvent): void => {
    if (e.key !== "sufang-token" || !this.talk || (e.newValue ?? "") === this.talk.transport.token) return;
    this.seen = 0;
    if (e.newValue) void this.talk.follow(e.newValue);
    else this.talk.forget();
  };

  private giveBack = (text: string): void => {
    const box = this.box;
    if (!box || !text) return;
    box.value = box.value ? text + "\n" + box.value : text;
    this.typing();
  };

  // -- what cards may ask -------------------------------------------------------------------------------------------------

  say(text: string): void {
    this.talk?.say(text);
    this.focusNext = this.focusNext || "news";
  }

  edit(line: number): void {
    this.editing = line;
    if (line)
      void this.updateComplete.then(() => {
        const area = this.renderRoot.querySelector<HTMLTextAreaElement>(".edit textarea");
        area?.focus();
        area?.select();
        area?.form?.scrollIntoView?.({ block: "nearest" });
      });
    else this.focusNext = "box";
  }

  open(dialog: string): void {
    void this.load("dialogs").then(() => this.updateComplete).then(() => this.renderRoot.querySelector<HTMLElement & { show(n: string): void }>("sf-dialogs")?.show(dialog));
  }

  has(part: Part): boolean {
    if (!this.loaded.has(part)) void this.load(part);
    return this.loaded.has(part);
  }

  private async load(part: Part): Promise<void> {
    if (this.loaded.has(part)) return;
    try {
      await parts[part]();
    } catch {
      return; // no network: everything can also be said in words
    }
    this.loaded.add(part);
    this.requestUpdate();
  }

  // -- the box ------------------------------------------------------------------------------------------------------------

  private get box(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector<HTMLTextAreaElement>(".say textarea");
  }

  private typing = (): void => {
    const box = this.box!;
    keep.put("draft", box.value);
    this.typed = box.value.length;
    // The box grows with the words, up to a third of the height.
    box.style.height = "auto";
    box.style.height = Math.min(box.scrollHeight + 2, Math.max(96, window.innerHeight / 3)) + "px";
  };

  private submit = (e?: Event): void => {
    e?.preventDefault();
    const box = this.box!;
    const text = box.value.trim();
    const tray = this.renderRoot.querySelector<HTMLElement & { ready: { id: string; name: string }[]; clear(): void; uploading: boolean }>("sf-files");
    if (tray?.uploading || box.value.length > MAX) return;
    const files = tray?.ready ?? [];
    if (!text && !files.length) {
      box.focus();
      return;
    }
    const said = text || spoken.files;
    const names = files.map((f) => f.name).join("、");
    this.talk?.say(said, files.map((f) => f.id), names ? said + this.words.t("with_files", { names }) : said);
    tray?.clear();
    box.value = "";
    this.typing();
    this.focusNext = "box";
  };

  private key = (e: KeyboardEvent): void => {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing && e.keyCode !== 229) {
      e.preventDefault();
      this.submit();
    }
  };

  // -- drawing ------------------------------------------------------------------------------------------------------------

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("lang") && this.hasUpdated) void this.speak(this.lang);
    if (changed.has("open_") && this.open_ && this.isConnected) this.begin();
  }

  protected override render(): TemplateResult {
    const t = this.words.t;
    const entries = this.talk?.entries ?? [];
    const { elder, step } = this.look;
    // Large letters on a narrow screen need another layout, whoever asked for them.
    const shell = `sf ${this.display || "window"} ${elder ? "elder" : ""} ${elder || step ? "big" : ""} ${entries.length > 1 ? "" : "new"}`;
    const theme = this.look.theme(this.theme);
    if (this.window_ && !this.open_)
      return html`<div class=${shell} data-theme=${theme} data-type=${step} lang=${this.words.lang}>
        <button type="button" class="launch" aria-haspopup="dialog" @click=${this.unfold}>${icons.mark}<span>${this.heading || t("title")}</span></button>
      </div>`;
    return html`<div class=${shell} data-theme=${theme} data-type=${step} lang=${this.words.lang} role=${this.window_ ? "dialog" : nothing} aria-label=${this.window_ ? this.heading || t("title") : nothing} @keydown=${this.escape}>
      ${this.own ? html`<a class="skip" href="#words" @click=${this.toBox}>${t("skip")}</a>` : nothing}
      ${bar(this, (text) => this.talk?.say(text), this.fold)} ${this.display === "page" ? side(this) : nothing}
      ${this.own ? html`<main class="middle">${this.middle(entries)}</main>` : html`<div class="middle">${this.middle(entries)}</div>`}
      ${this.form()}
      ${this.loaded.has("dialogs") ? html`<sf-dialogs .words=${this.words} .host=${this}></sf-dialogs>` : nothing}
    </div>`;
  }

  private middle(entries: Entry[]): TemplateResult {
    return html`${danger(this.words)} ${this.log(entries)} ${state(this.words, this.talk)}
      ${this.docked ? html`<div class="dock">${this.choices()}</div>` : nothing}
      <div id="news" class="who" role="log" aria-live="polite" aria-label=${this.words.t("news")}></div>`;
  }

  private log(entries: Entry[]): TemplateResult {
    const t = this.words.t;
    const lastTurn = [...entries].reverse().find((e) => !e.waiting)?.id ?? "";
    const now = (e: Entry) => e.waiting || e.id === lastTurn;
    // 长辈版: one question a screen; what was said before is one press away.
    const hides = this.look.elder && !this.earlier && entries.some((e) => !now(e));
    const shown = hides ? entries.filter(now) : entries;
    const noticeAt = this.noticeAt(entries);
    const waiting = entries.some((e) => e.waiting);
    // Neither live nor a log itself: a screen reader would say a card as a whole and then piece by piece, in any order. See announce.
    return html`<div id="log" class="log" role="region" aria-label=${t("log")} tabindex="0" @wheel=${this.scroll_.byHand} @touchmove=${this.scroll_.byHand} @keyup=${this.scroll_.byHand}>
      <div class="inner">
        ${this.look.elder && entries.some((e) => !now(e))
          ? html`<p class="earlier"><button type="button" aria-expanded=${!hides} @click=${() => (this.earlier = !this.earlier)}>${t(hides ? "earlier" : "earlier_hide")}</button></p>`
          : nothing}
        ${repeat(
          shown,
          (e) => `${e.id}/${e.from}/${e.place}`,
          (e) => (e.from === "user" ? this.mine(e) : this.bubble(e, !waiting && e.id === lastTurn, e === noticeAt)),
        )}
        ${waiting || this.docked ? nothing : this.choices()}
        ${this.talk?.working ? html`<div class="dots" aria-hidden="true"><i></i><i></i><i></i></div>` : nothing}
        ${!entries.length && this.talk?.link === "gone" ? html`<p class="center"><button type="button" class="main" @click=${() => void this.talk?.anew()}>${t("again")}</button></p>` : nothing}
      </div>
    </div>`;
  }

  /** The first question for personal data, where the law wants the person told what it is for. */
  private noticeAt(entries: Entry[]): Entry | undefined {
    return entries.find((e) => e.message?.custom?.kind === "ask" && PERSONAL.includes(e.message.custom.field));
  }

  private mine(e: Entry): TemplateResult {
    const t = this.words.t;
    return html`<div class="turn mine ${e.waiting ? "waiting" : ""}" data-from="user" data-id=${e.id}><span class="who">${t("you")}：</span><p>${e.text}</p></div>`;
  }

  private bubble(e: Entry, current: boolean, notice: boolean): TemplateResult {
    const t = this.words.t;
    const m = e.message!;
    const c = m.custom;
    const key = `${e.id}/${e.place}`;
    const aloud = this.aloud.at === key;
    return html`<article
      class="turn bot ${e.fresh ? "fresh" : ""} p${Math.min(e.place, 4)} ${aloud ? "aloud" : ""}"
      data-from="bot"
      data-id=${e.id}
      data-kind=${c?.kind ?? "text"}
      data-field=${c?.kind === "ask" ? c.field : nothing}
      tabindex="-1"
    >
      <span class="who">${t("bot")}：</span>
      ${card(m, this, current, notice)}
      ${speaks && (aloud || this.look.elder || this.look.get("reading"))
        ? html`<p class="aside"><button type="button" class="link read" @click=${() => this.aloud.toggle(key, m.text)}>${icons.sound}${t(aloud ? "read_stop" : "read")}</button></p>`
        : nothing}
    </article>`;
  }

  /** An advice is long: its two buttons stay in sight, where letters leave room for that. What confirms stands at the end of what is confirmed. */
  private get docked(): boolean {
    const last = this.talk?.entries[this.talk.entries.length - 1];
    return !this.look.elder && this.look.step < 2 && last?.message?.custom?.kind === "advice";
  }

  private choices(): TemplateResult | typeof nothing {
    const offered = this.talk?.offered ?? [];
    if (!offered.length) return nothing;
    const kind = this.talk!.entries[this.talk!.entries.length - 1]!.message?.custom?.kind;
    const lead = kind === "advice" || kind === "summary";
    return html`<div class="choices" role="group" aria-label=${this.words.t("choices")}>
      ${offered.map((b, i) => html`<button type="button" class=${lead && i === 0 ? "main" : ""} @click=${() => this.press(b)}>${b.title}</button>`)}
    </div>`;
  }

  private press(b: { title: string; payload: string }): void {
    this.focusNext = window.matchMedia?.("(pointer: fine)").matches ? "box" : "news";
    this.talk?.press(b);
  }

  private form(): TemplateResult {
    const t = this.words.t;
    const left = MAX - this.typed;
    const listens = "SpeechRecognition" in window || "webkitSpeechRecognition" in window;
    return html`<form class="say" autocomplete="off" aria-label=${t("send")} @submit=${this.submit}>
      ${this.loaded.has("files") ? html`<sf-files .words=${this.words} .transport=${this.talk?.transport} @change=${() => this.requestUpdate()}></sf-files>` : nothing}
      ${left < 500 ? html`<p class="count ${left < 0 ? "bad" : ""}" role="status">${left < 0 ? t("over", { over: -left }) : t("too_long", { left })}</p>` : nothing}
      <div class="line">
        <button type="button" class="round" aria-label=${t("attach")} @click=${this.attach}>${icons.clip}</button>
        <label class="who" for="words">${t("input")}</label>
        <textarea id="words" rows="1" enterkeyhint="send" placeholder=${t("placeholder")} @input=${this.typing} @keydown=${this.key}></textarea>
        ${listens && this.loaded.has("voice")
          ? html`<sf-voice .words=${this.words} @heard=${(e: CustomEvent<string>) => this.heard(e.detail)}></sf-voice>`
          : listens
            ? html`<button type="button" class="round" aria-label=${t("speak")} @click=${this.listen}>${icons.mic}</button>`
            : nothing}
        <button type="submit" class="main send">${t("send")}</button>
      </div>
    </form>`;
  }

  protected override firstUpdated(): void {
    this.drawColours();
    const box = this.box;
    const draft = keep.get("draft");
    if (box && draft) {
      box.value = draft;
      this.typing();
    }
  }

  protected override updated(): void {
    this.drawColours();
    this.scroll_.watch();
    if (this.own) {
      const page = document.documentElement;
      page.lang = this.words.lang;
      page.dataset.theme = this.look.theme(this.theme);
      page.classList.toggle("pointer", this.look.pointer);
      document.title = this.heading || this.words.t("title");
    }
    const entries = this.talk?.entries ?? [];
    if (entries.length !== this.seen) {
      const more = entries.length > this.seen;
      const news = entries.slice(this.seen);
      this.seen = entries.length;
      if (more) {
        this.editing = 0;
        this.earlier = false;
        const bot = news.filter((e) => e.from === "bot");
        this.scroll_.toNews(news.length < 12 ? bot.length : 0);
        this.announce(bot.filter((e) => e.fresh));
      }
    }
    if (this.focusNext && !this.talk?.working) {
      const where = this.focusNext;
      this.focusNext = "";
      if (where === "box") this.box?.focus({ preventScroll: true });
      else [...this.renderRoot.querySelectorAll<HTMLElement>(".turn.bot")].pop()?.focus({ preventScroll: true });
    }
  }

  /** What came just now is said once, in order and as plain text; it is complete by itself. */
  private announce(news: Entry[]): void {
    const place = this.renderRoot.querySelector("#news");
    if (!place || !news.length) return;
    const t = this.words.t;
    const notice = this.noticeAt(this.talk?.entries ?? []);
    place.replaceChildren(
      ...news.map((e) => {
        const p = document.createElement("p");
        p.lang = "zh-CN";
        const offered = e.message!.buttons?.map((b) => b.title).join("、");
        p.textContent = [`${t("bot")}：${e.text}`, e === notice ? t("privacy_short") : "", offered ? `${t("choices")}：${offered}` : ""].filter(Boolean).join("\n");
        return p;
      }),
    );
    // Who walks through the page later should not meet it twice.
    window.clearTimeout(this.clearing);
    this.clearing = window.setTimeout(() => place.replaceChildren(), SAID);
    if (this.look.get("reading")) for (const e of news) this.aloud.add(`${e.id}/${e.place}`, e.text);
  }

  /** Colour and size by attribute. Set as properties, which a strict policy allows, and kept readable. */
  private drawColours(): void {
    const shell = this.renderRoot.querySelector<HTMLElement>(".sf");
    if (!shell) return;
    if (this.size >= 14 && this.size <= 40) shell.style.setProperty("--size", this.size + "px");
    // High contrast is the person's, a colour the owner's.
    const own = /^#[0-9a-f]{6}$/i.test(this.color) && this.look.theme(this.theme) !== "contrast";
    shell.style.setProperty("--brand", own ? readable(this.color) : "");
  }

  // -- small deeds --------------------------------------------------------------------------------------------------------

  private toBox = (e: Event): void => {
    e.preventDefault();
    this.box?.focus();
  };

  private unfold = (): void => {
    this.open_ = true;
    this.focusNext = "box";
  };

  private fold = (): void => {
    this.open_ = false;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(".launch")?.focus());
  };

  private escape = (e: KeyboardEvent): void => {
    if (e.key !== "Escape" || e.defaultPrevented) return;
    if (this.aloud.at) this.aloud.stop();
    else if (this.window_) this.fold();
  };

  private attach = (): void => {
    void this.load("files").then(() => this.updateComplete).then(() => this.renderRoot.querySelector<HTMLElement & { choose(): void }>("sf-files")?.choose());
  };

  private listen = (): void => {
    void this.load("voice").then(() => this.open("voice"));
  };

  /** After the person agreed that the browser may listen. */
  startListening(): void {
    this.renderRoot.querySelector<HTMLElement & { toggle(): void }>("sf-voice")?.toggle();
  }

  private heard(text: string): void {
    const box = this.box!;
    box.value += text;
    this.typing();
    box.focus();
  }

  /** A new conversation on this device. */
  anew(): void {
    this.seen = 0;
    this.aloud.stop();
    void this.talk?.anew();
    if (this.box) this.box.value = "";
    this.typed = 0;
  }

  /** Forgets this conversation on this device and begins none. */
  clear(): void {
    this.seen = 0;
    this.aloud.stop();
    this.talk?.forget();
    if (this.box) this.box.value = "";
    this.typed = 0;
    keep.put("lang", "");
  }
}
