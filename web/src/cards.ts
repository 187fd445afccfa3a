// How each kind of message looks. The text of a message is complete by itself; a card only gives it an order that the eye finds quicker.

import { html, nothing, type TemplateResult } from "lit";
import { icons } from "./icons";
import type { Basis, BotMessage, Custom } from "./messages";
import { spoken, type Words } from "./words";

type Of<K extends Custom["kind"]> = Extract<Custom, { kind: K }>;

/** What a card may ask of the page around it. */
export interface Host {
  words: Words;
  server: string;
  /** Whether the page is our own: only there printing prints the card alone. */
  own: boolean;
  editing: number;
  edit(line: number): void;
  say(text: string): void;
  open(dialog: string): void;
  /** Loads a part that comes on demand; true once it is there. */
  has(part: "pickers" | "receipt" | "rating"): boolean;
}

/** The body of a bot message. `current`: it belongs to the last turn, so it may still be acted upon. */
export function card(m: BotMessage, host: Host, current: boolean, notice: boolean): TemplateResult {
  const c = m.custom;
  switch (c?.kind) {
    case "ask":
      return ask(m, c, host, current, notice);
    case "advice":
      return advice(m, c, host);
    case "summary":
      return summary(m, c, host, current);
    case "receipt":
      return receipt(m, c, host);
    case "progress":
    case "notice":
      return progress(m, c, host, current);
    case "emergency":
      return html`${head(host.words.t("emergency"), host)}
        ${prose(m.text)}
        <p class="calls">${c.numbers.map((n) => html`<a class="call" href="tel:${n}">${icons.phone}<span>${host.words.t("call", { number: n })}</span></a>`)}</p>`;
    case "handoff":
      return html`${prose(m.text)}
        <dl class="pairs"><div><dt>${host.words.t("hours")}</dt><dd>${c.hours}</dd></div></dl>
        <p class="calls"><a class="call" href="tel:${c.to}">${icons.phone}<span>${host.words.t("call", { number: c.to })}</span></a></p>`;
    case "answer":
      return html`${prose(m.text)}${basis(c.basis, host)}`;
    default:
      return prose(m.text);
  }
}

/** Below the page's own heading, or below the window's. */
function head(text: unknown, host: Host): TemplateResult {
  return html`<p class="h" role="heading" aria-level=${host.own ? 2 : 3}>${text}</p>`;
}

/** What the bot says, also in an English frame: a screen reader changes its voice by this (WCAG 2.1, 3.1.2). */
const ZH = "zh-CN";

/** Lines as paragraphs; numbers of the public lines can be dialled. */
export function prose(text: string): TemplateResult {
  return html`${text.split("\n").map((line) => (line.trim() ? html`<p lang=${ZH}>${dialled(line)}</p>` : nothing))}`;
}

const LINES = /\d+/g;
const PUBLIC_LINE = /^(110|119|120|122|12\d{3})$/;

function dialled(line: string): unknown[] {
  const out: unknown[] = [];
  let at = 0;
  for (const m of line.matchAll(LINES)) {
    // 12348.5 or 0000-12345 is no public line.
    const before = line[m.index! - 1] ?? "";
    const after = line[m.index! + m[0].length] ?? "";
    if (!PUBLIC_LINE.test(m[0]) || /[-.\w]/.test(before) || /[-.\w年月日元号楼条项万]/.test(after)) continue;
    out.push(line.slice(at, m.index), html`<a href="tel:${m[0]}">${m[0]}</a>`);
    at = m.index! + m[0].length;
  }
  out.push(line.slice(at));
  return out;
}

function basis(all: Basis[], host: Host): TemplateResult | typeof nothing {
  if (!all.length) return nothing;
  return html`<details class="basis"><summary>${host.words.t("basis")}</summary><ul>${all.map((b) => html`<li>${cite(b, host)}</li>`)}</ul></details>`;
}

function cite(b: Basis, host: Host): string {
  return host.words.t("basis_one", { law: b.law, article: b.article, part: b.part ?? "" }).trim();
}

function ask(m: BotMessage, c: Of<"ask">, host: Host, current: boolean, notice: boolean): TemplateResult {
  const t = host.words.t;
  const where = `（第${c.step}步，共${c.of}步）`;
  const counted = m.text.includes(where);
  const picker = current && (c.field === "occurred_on" || c.field === "place") ? c.field : "";
  const ready = picker && host.has("pickers");
  return html`${counted
      ? html`<p class="step"><span>${t("step", { step: c.step, of: c.of })}</span><progress max=${c.of} value=${c.step} aria-hidden="true"></progress></p>`
      : nothing}
    ${prose(m.text.replace(where, ""))}
    ${notice
      ? html`<aside class="notice">${icons.shield}<p>${t("privacy_short")} <button type="button" class="link" @click=${() => host.open("privacy")}>${t("notice_link")}</button></p></aside>`
      : nothing}
    ${c.why ? html`<details class="why"><summary>${t("why")}</summary><p>${c.why}</p></details>` : nothing}
    ${ready && picker === "occurred_on" ? html`<sf-date .words=${host.words} @use=${(e: CustomEvent<string>) => host.say(e.detail)}></sf-date>` : nothing}
    ${ready && picker === "place" ? html`<sf-place .words=${host.words} @use=${(e: CustomEvent<string>) => host.say(e.detail)}></sf-place>` : nothing}
    ${current && !c.required && c.field !== "fact"
      ? html`<p class="aside"><button type="button" class="link" @click=${() => host.say(spoken.skip)}>${t("skip_question")}</button></p>`
      : nothing}`;
}

// The text of an advice is a list of lines "name：rest"; the names are those of knowledge/messages/advice.yml.
const NAMED = /^([^：，。！？\d]{2,12})：(.+)$/;
const HEAD = /^[^：。]{2,20}：([^。]{2,40})。(.*)$/;

function advice(m: BotMessage, c: Of<"advice">, host: Host): TemplateResult {
  const t = host.words.t;
  const first = c.channels[0];
  const lines = m.text.split("\n").filter((l) => l.trim());
  const named = lines[0]?.match(HEAD);
  if (!first || !named) return prose(m.text);
  const tail = lines.length > 2 ? lines[lines.length - 1]! : "";
  const body = lines.slice(1, tail ? -1 : undefined).map((l) => l.match(NAMED) ?? l);
  const others = body.filter((l) => Array.isArray(l) && /^另/.test(l[1]!)) as RegExpMatchArray[];
  const told = body.filter((l) => !others.includes(l as RegExpMatchArray) && !(Array.isArray(l) && l[1] === "依据"));
  const due = first.clock?.due;
  const left = due ? Math.round((Date.parse(due) - Date.now()) / 86_400_000) : 0;
  return html`<header class="top"><p class="over">${t("advice")}</p>${head(named[1], host)}</header>
    ${named[2] ? html`<p class="lead" lang=${ZH}>${dialled(named[2])}</p>` : nothing}
    ${due
      ? html`<p class="due ${left < 30 ? "soon" : ""}">${icons.date}<span>${t("by_when")} <strong>${due}</strong></span>
          <em>${left < 0 ? t("days_over", { days: -left }) : t("days_left", { days: left })}</em></p>`
      : nothing}
    <dl class="rows" lang=${ZH}>
      ${told.map((l) => {
        if (!Array.isArray(l)) return html`<div><dd>${dialled(l as string)}</dd></div>`;
        const label = l[1]!;
        const list = label.startsWith("要带") && first.materials.length > 1;
        return html`<div class=${label.startsWith("提醒") ? "mind" : label.startsWith("先做") ? "go" : ""}>
          <dt>${label}</dt>
          <dd>${list ? html`<ul>${first.materials.map((x) => html`<li>${x}</li>`)}</ul>` : dialled(l[2]!)}
            ${label.startsWith("要带") && first.materials.length
              ? html`<a class="papers" href="${host.server}/materials/${encodeURIComponent(first.procedure)}" target="_blank" rel="noopener">${t("print_materials")}</a>`
              : nothing}</dd>
        </div>`;
      })}
    </dl>
    ${others.length
      ? html`<details class="others"><summary>${t("others")} (${others.length})</summary>${others.map((l) => html`<p>${dialled(l[2]!)}</p>`)}</details>`
      : nothing}
    ${basis(first.basis, host)} ${tail ? html`<div class="tail">${prose(tail)}</div>` : nothing}`;
}

interface Row {
  n: number;
  label: string;
  value: string;
}

/** The numbered lines of a summary and what stands around them. A value may run over several lines. */
export function rows(text: string): { before: string; rows: Row[]; after: string } {
  const before: string[] = [];
  const after: string[] = [];
  const found: Row[] = [];
  let done = false;
  for (const line of text.split("\n")) {
    const m = line.match(/^(\d+)\. ([^：]{2,12})：(.*)$/);
    const last = found[found.length - 1];
    if (m && Number(m[1]) === found.length + 1) found.push({ n: found.length + 1, label: m[2]!, value: m[3]! });
    else if (!last) before.push(line);
    else if (done || /^(还没有的|哪条不对|都对的话)/.test(line)) {
      done = true;
      after.push(line);
    } else last.value += "\n" + line;
  }
  return { before: before.join("\n"), rows: found, after: after.join("\n") };
}

function summary(m: BotMessage, c: Of<"summary">, host: Host, current: boolean): TemplateResult {
  const t = host.words.t;
  const parts = rows(m.text);
  if (!parts.rows.length) return prose(m.text);
  return html`<header class="top"><p class="over">${t("summary")}</p></header>
    ${prose(parts.before)}
    <ol class="lines">
      ${parts.rows.map((r) => {
        const editing = current && host.editing === r.n;
        return html`<li class=${editing ? "editing" : ""}>
          <span class="n" aria-hidden="true">${r.n}</span>
          <div class="what" lang=${ZH}><span class="label">${r.label}</span>
            ${editing ? edit(r, c, host) : html`<span class="value">${r.value}</span>`}</div>
          ${current && !editing
            ? html`<button type="button" class="link" aria-label=${t("edit_line", { n: r.n, label: r.label })} @click=${() => host.edit(r.n)}>${t("edit")}</button>`
            : nothing}
        </li>`;
      })}
    </ol>
    ${prose(parts.after)}`;
}

/** Longer corrections are given in two turns: first the line, then its new text. */
const ONE_TURN = 80;

function edit(r: Row, _c: Of<"summary">, host: Host): TemplateResult {
  const t = host.words.t;
  const done = (e: Event) => {
    e.preventDefault();
    const value = (e.currentTarget as HTMLFormElement).querySelector("textarea")!.value.trim();
    host.edit(0);
    if (!value || value === r.value) return;
    if (value.length <= ONE_TURN && !value.includes("\n")) host.say(spoken.edit(r.n, value));
    else {
      host.say(spoken.edit_ask(r.n));
      host.say(value);
    }
  };
  const key = (e: KeyboardEvent) => {
    if (e.key === "Escape") host.edit(0);
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
      e.preventDefault();
      (e.currentTarget as HTMLElement).closest("form")!.requestSubmit();
    }
  };
  const label = t("edit_value", { label: r.label });
  return html`<form class="edit" @submit=${done}>
    <textarea rows=${r.value.length > 40 ? 4 : 1} maxlength="2000" aria-label=${label} .value=${r.value} @keydown=${key}></textarea>
    <span><button type="submit" class="main">${t("save")}</button><button type="button" @click=${() => host.edit(0)}>${t("cancel")}</button></span>
  </form>`;
}

function receipt(m: BotMessage, c: Of<"receipt">, host: Host): TemplateResult {
  const t = host.words.t;
  const said = m.text.split("\n").filter((l) => !/^(登记好了|编号：|查询码：|请记下来)/.test(l));
  const tools = host.has("receipt");
  return html`<header class="top done"><span class="tick">${icons.check}</span>${head(t("receipt"), host)}</header>
    <dl class="numbers">
      <div><dt>${t("case_no")}</dt><dd>${c.case_no}</dd></div>
      <div><dt>${t("query_code")}</dt><dd>${c.query_code}</dd></div>
    </dl>
    <p class="keep">${t("keep_secret")}</p>
    ${next(c.next, host)} ${prose(said.filter((l) => !l.startsWith("下一步")).join("\n"))}
    ${said.filter((l) => l.startsWith("下一步")).map((l) => html`<p class="fine">${l.replace(/^[^。]*。/, "")}</p>`)}
    ${tools ? html`<sf-receipt .words=${host.words} .receipt=${c} .server=${host.server} .own=${host.own}></sf-receipt>` : nothing}`;
}

function next(n: { what: string; due: string | null; overdue?: boolean }, host: Host): TemplateResult {
  const t = host.words.t;
  return html`<p class="due ${n.overdue ? "soon" : ""}">${icons.date}<span>${t("next")}：${n.what}${n.due ? html`，${t("by_when")} <strong>${n.due}</strong>` : nothing}</span>
    ${n.overdue ? html`<em>${t("overdue")}</em>` : nothing}</p>`;
}

function progress(m: BotMessage, c: Of<"progress"> | Of<"notice">, host: Host, current: boolean): TemplateResult {
  const t = host.words.t;
  if (c.kind === "notice") return html`${prose(m.text)}${next(c.next, host)}`;
  const lines = m.text.split("\n");
  // What the text says besides the nodes and the next step.
  const more = lines.slice(1 + c.nodes.length).filter((l) => !l.startsWith("下一步") || c.next.overdue);
  return html`<header class="top"><p class="over">${t("progress_of", { case_no: c.case_no })}</p>${head(lines[0]!.match(/：([^：。]+)。$/)?.[1] ?? lines[0], host)}</header>
    <ol class="track">
      ${c.nodes.map((n, i) => html`<li class=${i === c.nodes.length - 1 ? "now" : ""}><time>${n.at}</time><span lang=${ZH}><strong>${n.note}</strong>${n.by ? html` <small>${n.by}</small>` : nothing}</span></li>`)}
      <li class="to ${c.next.overdue ? "late" : ""}"><time>${c.next.due ?? ""}</time><span>${c.next.what}${c.next.overdue ? html` <em>${t("overdue")}</em>` : nothing}</span></li>
    </ol>
    ${prose(more.join("\n"))}
    ${current && c.next.overdue ? html`<p class="aside"><button type="button" @click=${() => host.say(spoken.urge)}>${t("urge")}</button></p>` : nothing}
    ${current && ["replied", "closed"].includes(c.status) && host.has("rating")
      ? html`<sf-rating .words=${host.words} @use=${(e: CustomEvent<string>) => host.say(e.detail)}></sf-rating>`
      : nothing}`;
}
