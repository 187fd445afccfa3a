// The citizen page: speaks only the documented HTTP calls, keeps nothing but the conversation's token on this device.
"use strict";

const KEY = "sufang-token";
const log = document.getElementById("log");
const words = document.getElementById("words");
const state = document.getElementById("state");
const form = document.getElementById("say");
let token = localStorage.getItem(KEY);
let waiting = false;

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function call(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = "Bearer " + token;
  const answer = await fetch(path, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, (data.error && data.error.message) || "系统繁忙，请稍后再发一次。");
  return data;
}

function newId() {
  return crypto.randomUUID ? crypto.randomUUID() : Date.now() + "-" + Math.random().toString(36).slice(2);
}

function bubble(text, mine, custom) {
  const p = document.createElement("div");
  p.className = mine ? "turn mine" : "turn";
  p.textContent = text;
  if (!mine) {
    p.dataset.kind = (custom && custom.kind) || "text";
    if (custom && custom.kind === "ask") p.dataset.field = custom.field;
  }
  if (custom && custom.kind === "advice") papers(p, custom.channels[0]);
  log.append(p);
  p.scrollIntoView({ block: "nearest" });
}

function papers(p, way) {
  if (!way || !way.materials || !way.materials.length) return;
  const a = document.createElement("a");
  a.className = "papers";
  a.href = "/materials/" + encodeURIComponent(way.procedure);
  a.target = "_blank";
  a.rel = "noopener";
  a.textContent = "打印准备材料清单";
  p.append(document.createElement("br"), a);
}

function show(messages) {
  document.querySelectorAll(".choices").forEach((e) => e.remove());
  let buttons = [];
  for (const m of messages) {
    if (m.from === "user") bubble(m.text, true);
    else bubble(m.text, false, m.custom);
    buttons = m.buttons || [];
  }
  if (!buttons.length) return;
  const row = document.createElement("div");
  row.className = "choices";
  for (const b of buttons) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = b.title;
    button.addEventListener("click", () => send({ payload: b.payload }, b.title));
    row.append(button);
  }
  log.append(row);
  row.scrollIntoView({ block: "nearest" });
}

async function open() {
  if (token) {
    try {
      const { messages } = await call("/chat/history");
      if (messages.length) return show(messages);
    } catch (e) {
      if (!(e instanceof Refused) || e.status !== 401) return fail(e, open);
    }
  }
  token = null;
  try {
    const session = await call("/chat/session", {});
    token = session.token;
    localStorage.setItem(KEY, token);
    show(session.messages);
  } catch (e) {
    fail(e, open);
  }
}

// The same id is sent again after a failure, so that nothing is done twice.
async function send(what, shown, id = newId()) {
  if (waiting) return;
  waiting = true;
  state.textContent = "正在处理…";
  document.querySelectorAll(".choices button").forEach((b) => (b.disabled = true));
  try {
    const { messages } = await call("/chat/messages", { id, ...what });
    bubble(shown, true);
    state.textContent = "";
    show(messages);
    if (what.text !== undefined && words.value === what.text) words.value = "";
  } catch (e) {
    document.querySelectorAll(".choices button").forEach((b) => (b.disabled = false));
    waiting = false;
    if (e instanceof Refused && e.status === 401) {
      token = null;
      state.textContent = "对话已过期，正在重新开始，您刚才写的还在输入框里。";
      return open();
    }
    return fail(e, () => send(what, shown, id));
  }
  waiting = false;
  words.focus();
}

function fail(error, again) {
  state.textContent = error instanceof Refused ? error.message : "连接中断，您写的还在。";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "再试一次";
  button.addEventListener("click", () => {
    state.textContent = "";
    again();
  });
  state.append(" ", button);
}

form.addEventListener("submit", (e) => {
  e.preventDefault();
  const text = words.value;
  if (text.trim()) send({ text }, text);
});
words.addEventListener("keydown", (e) => {
  if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
    e.preventDefault();
    form.requestSubmit();
  }
});
document.getElementById("larger").addEventListener("click", (e) => {
  const on = document.documentElement.classList.toggle("large");
  e.target.setAttribute("aria-pressed", String(on));
});
document.getElementById("anew").addEventListener("click", () => {
  localStorage.removeItem(KEY);
  token = null;
  log.replaceChildren();
  open();
});
open();
