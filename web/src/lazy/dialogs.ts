// Menu, personal data, progress by number and code, clearing this device, and the word before voice input.

import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { SufangChat } from "../chat";
import { icons } from "../icons";
import * as keep from "../keep";
import { STEPS, type LookName } from "../look";
import { spoken, type Words } from "../words";
import { far, type AnyWord, type LongWord } from "../words.long";

type Name = "menu" | "privacy" | "progress" | "clear" | "voice";

class Dialogs extends LitElement {
  static override properties = { words: {}, host: {}, name: { state: true }, wrong: { state: true } };
  declare words: Words;
  declare host: SufangChat;
  declare name: Name;
  declare wrong: LongWord | "";
  private back: HTMLElement | null = null;

  constructor() {
    super();
    this.name = "menu";
    this.wrong = "";
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  private get box(): HTMLDialogElement {
    return this.querySelector("dialog")!;
  }

  show(name: Name): void {
    const root = this.getRootNode() as Document | ShadowRoot;
    if (!this.hasUpdated) {
      void this.updateComplete.then(() => this.show(name));
      return;
    }
    if (!this.box.open) this.back = root.activeElement as HTMLElement | null;
    this.name = name;
    this.wrong = "";
    void this.updateComplete.then(() => {
      if (this.box.open) this.box.querySelector<HTMLElement>("h2")?.focus();
      else if (this.box.showModal) this.box.showModal();
      else this.box.setAttribute("open", ""); // old browsers: not modal, but there
      this.box.scrollTop = 0;
    });
  }

  private close = (): void => {
    if (this.box.close) this.box.close();
    else this.box.removeAttribute("open");
  };

  /** Focus goes back to where it was, also after Escape. */
  private closed = (): void => {
    this.back?.focus();
    if (location.hash.startsWith("#q=")) history.replaceState(null, "", location.pathname + location.search);
  };

  private key = (e: KeyboardEvent): void => {
    if (e.key === "Escape") e.stopPropagation(); // closes the dialog, not the window around it
  };

  protected override render(): TemplateResult {
    const t = far(this.words);
    const titles: Record<Name, AnyWord> = { menu: "menu", privacy: "privacy", progress: "progress", clear: "clear", voice: "speak" };
    return html`<dialog aria-labelledby="dialog-title" @close=${this.closed} @keydown=${this.key}>
      <header><h2 id="dialog-title" tabindex="-1">${t(titles[this.name])}</h2><button type="button" class="round" aria-label=${t("close")} @click=${this.close}>${icons.close}</button></header>
      ${this[this.name]()}
    </dialog>`;
  }

  private menu(): TemplateResult {
    const t = far(this.words);
    const h = this.host;
    const themes = ["auto", "light", "dark", "contrast"] as const;
    const look = (name: LookName, value: string) => {
      h.look.put(name, value);
      this.requestUpdate();
    };
    const to = (lang: string) => {
      keep.put("lang", lang);
      void h.speak(lang);
    };
    return html`<ul class="menu">
      <li><button type="button" @click=${() => this.show("progress")}>${t("progress")}</button></li>
      <li><button type="button" @click=${() => this.show("privacy")}>${t("privacy")}</button></li>
      <li><fieldset><legend>${t("theme")}</legend>
        ${themes.map((value) => html`<label><input type="radio" name="shade" .checked=${(h.look.get("shades") || h.theme || "auto") === value} @change=${() => look("shades", value)} />${t(`theme_${value}`)}</label>`)}
      </fieldset></li>
      <li><fieldset><legend>${t("type")}</legend>
        ${STEPS.map((n) => html`<label><input type="radio" name="type" .checked=${h.look.step === n} @change=${() => look("type", String(n))} />${t(`type_${n}`)}</label>`)}
      </fieldset></li>
      ${h.own && window.matchMedia?.("(any-pointer: fine)").matches
        ? html`<li><label><input type="checkbox" .checked=${h.look.pointer} @change=${(e: Event) => look("pointer", (e.target as HTMLInputElement).checked ? "1" : "0")} />${t("pointer")}</label></li>`
        : nothing}
      ${"speechSynthesis" in window
        ? html`<li><label><input type="checkbox" .checked=${h.look.get("reading") === "1"} @change=${(e: Event) => look("reading", (e.target as HTMLInputElement).checked ? "1" : "")} />${t("read_all")}</label></li>`
        : nothing}
      <li><fieldset><legend>${t("language")}</legend>
        <label lang="zh-CN"><input type="radio" name="lang" .checked=${this.words.lang !== "en"} @change=${() => to("zh-CN")} />中文</label>
        <label lang="en"><input type="radio" name="lang" .checked=${this.words.lang === "en"} @change=${() => to("en")} />English</label>
      </fieldset></li>
      <li><button type="button" @click=${() => (this.close(), h.anew())}>${t("anew")}</button></li>
      <li><button type="button" class="bad" @click=${() => this.show("clear")}>${t("clear")}</button></li>
    </ul>`;
  }

  private privacy(): TemplateResult {
    const t = far(this.words);
    const who = { office: this.host.office || t("office_default"), contact: this.host.contact || t("contact_default") };
    const parts = ["privacy_who", "privacy_purpose", "privacy_kinds", "privacy_sensitive", "privacy_keep", "privacy_rights"] as const;
    return html`<dl class="pairs long">${parts.map((p) => html`<div><dt>${t(p)}</dt><dd>${t(`${p}_text`, who)}</dd></div>`)}</dl>`;
  }

  private progress(): TemplateResult {
    const t = far(this.words);
    const [, case_no = "", query_code = ""] = location.hash.match(/^#q=(\d+),(\d+)$/) ?? [];
    const look = (e: Event) => {
      e.preventDefault();
      const form = e.target as HTMLFormElement;
      const value = (name: string) => (form.elements.namedItem(name) as HTMLInputElement).value.replace(/\s/g, "");
      this.wrong = !/^\d{12}$/.test(value("case_no")) ? "bad_case_no" : !/^\d{6}$/.test(value("query_code")) ? "bad_query_code" : "";
      if (this.wrong) {
        (form.elements.namedItem(this.wrong === "bad_case_no" ? "case_no" : "query_code") as HTMLElement).focus();
        return;
      }
      this.back = null;
      this.close();
      this.host.say(spoken.progress(value("case_no"), value("query_code")));
    };
    const field = (name: "case_no" | "query_code", value: string) => {
      const bad = this.wrong === `bad_${name}`;
      return html`<label for="f-${name}">${t(name)} <small>${t(`${name}_hint`)}</small></label>
        <input id="f-${name}" name=${name} inputmode="numeric" autocomplete="off" maxlength="20" .value=${value} aria-invalid=${bad} aria-describedby=${bad ? "f-wrong" : nothing} />`;
    };
    return html`<form class="fields tall" novalidate @submit=${look}>
      <p>${t("progress_hint")}</p>
      ${field("case_no", case_no)} ${field("query_code", query_code)}
      <p id="f-wrong" class="bad" role="alert">${this.wrong ? t(this.wrong) : ""}</p>
      <button type="submit" class="main">${t("look_up")}</button>
    </form>`;
  }

  private clear(): TemplateResult {
    const t = far(this.words);
    return html`<p>${t("clear_ask")}</p>
      <p class="deeds"><button type="button" class="main" @click=${() => (this.close(), this.host.clear())}>${t("clear_yes")}</button><button type="button" @click=${this.close}>${t("cancel")}</button></p>`;
  }

  private voice(): TemplateResult {
    const t = far(this.words);
    return html`<p>${t("voice_notice")}</p>
      <p class="deeds"><button type="button" class="main" @click=${() => (this.close(), this.host.startListening())}>${t("voice_ok")}</button><button type="button" @click=${this.close}>${t("cancel")}</button></p>`;
  }
}

customElements.define("sf-dialogs", Dialogs);
