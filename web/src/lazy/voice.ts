// Voice input where the browser has it. Off until the person knows where the voice goes.

import { html, LitElement, type TemplateResult } from "lit";
import { icons } from "../icons";
import type { Words } from "../words";
import { far } from "../words.long";

interface Recognition extends EventTarget {
  lang: string;
  interimResults: boolean;
  continuous: boolean;
  start(): void;
  stop(): void;
  onresult: ((e: { resultIndex: number; results: ArrayLike<ArrayLike<{ transcript: string }> & { isFinal: boolean }> }) => void) | null;
  onerror: (() => void) | null;
  onend: (() => void) | null;
}

class Voice extends LitElement {
  static override properties = { words: {}, on: { state: true }, told: { state: true } };
  declare words: Words;
  declare on: boolean;
  declare told: string;
  private ear: Recognition | null = null;

  constructor() {
    super();
    this.on = false;
    this.told = "";
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  toggle = (): void => {
    if (this.on) {
      this.ear?.stop();
      return;
    }
    const all = window as unknown as Record<string, (new () => Recognition) | undefined>;
    const Ear = all.SpeechRecognition ?? all.webkitSpeechRecognition;
    if (!Ear) return;
    const ear = (this.ear = new Ear());
    ear.lang = "zh-CN";
    ear.continuous = true;
    ear.onresult = (e) => {
      for (let i = e.resultIndex; i < e.results.length; i++) {
        const result = e.results[i]!;
        if (result.isFinal) this.dispatchEvent(new CustomEvent("heard", { detail: result[0]!.transcript }));
      }
    };
    ear.onerror = () => (this.told = far(this.words)("voice_failed"));
    ear.onend = () => (this.on = false);
    this.told = far(this.words)("listening");
    this.on = true;
    ear.start();
  };

  protected override render(): TemplateResult {
    const t = far(this.words);
    return html`<button type="button" class="round ${this.on ? "live" : ""}" aria-pressed=${this.on} aria-label=${t(this.on ? "speak_stop" : "speak")} @click=${this.toggle}>${icons.mic}</button><span class="who" role="status">${this.told}</span>`;
  }
}

customElements.define("sf-voice", Voice);
