// What stands around the conversation: the bar, the numbers for danger, how it works, the state of the connection.

import { html, nothing, type TemplateResult } from "lit";
import type { SufangChat } from "./chat";
import type { Conversation } from "./conversation";
import { icons } from "./icons";
import { spoken, type Words } from "./words";

export function bar(chat: SufangChat, say: (text: string) => void, fold: () => void): TemplateResult {
  const t = chat.words.t;
  const heading = chat.heading || t("title");
  const elder = chat.look.elder;
  return html`<header class="bar">
    ${icons.mark}
    <div class="names">${chat.own ? html`<h1>${heading}</h1>` : html`<h2>${heading}</h2>`}<p>${chat.office ? t("subtitle_office", { office: chat.office }) : t("subtitle")}</p></div>
    <div class="tools">
      <button type="button" id="elder" @click=${() => ((chat.earlier = false), chat.look.put("elder", elder ? "" : "1"))}>${t(elder ? "elder_off" : "elder")}</button>
      <button type="button" @click=${() => say(spoken.human)}>${icons.person}<span>${t("human")}</span></button>
      <button type="button" class="round" aria-label=${t("more")} aria-haspopup="dialog" @click=${() => chat.open("menu")}>${icons.more}</button>
      ${chat.window_ ? html`<button type="button" class="round" aria-label=${t("close_chat")} @click=${fold}>${icons.close}</button>` : nothing}
    </div>
  </header>`;
}

/** index.html has the same in its still picture. */
export function danger({ t }: Words): TemplateResult {
  const numbers = ["110", "120", "119", "12356"] as const;
  return html`<p class="danger" role="note"><span>${t("danger")}</span> ${numbers.map((n) => html`<a href="tel:${n}"><b>${n}</b> ${t(`danger_${n}`)}</a> `)}</p>`;
}

export function side(chat: SufangChat): TemplateResult {
  const t = chat.words.t;
  const steps = [1, 2, 3, 4] as const;
  return html`<aside class="side" aria-label=${t("aside")}>
    <ol>${steps.map((n) => html`<li><strong>${t(`aside_${n}`)}</strong><span>${t(`aside_${n}_text`)}</span></li>`)}</ol>
    <p><button type="button" class="link" @click=${() => chat.open("progress")}>${t("progress")}</button> <button type="button" class="link" @click=${() => chat.open("privacy")}>${t("privacy")}</button></p>
  </aside>`;
}

export function state({ t }: Words, talk: Conversation | null): TemplateResult {
  const link = talk?.link;
  const told = { starting: t("starting"), lost: t("lost"), offline: t("offline"), gone: t("cleared"), good: talk?.working ? t("typing") : "" };
  const bad = Boolean(talk?.trouble) || link === "lost" || link === "offline";
  return html`<p id="state" class="state ${bad ? "bad" : link === "good" ? "quiet" : ""}"><span role="status">${talk?.trouble || (link ? told[link] : "")}</span>${bad ? html`<button type="button" class="link" @click=${talk!.again}>${t("retry")}</button>` : nothing}</p>`;
}
