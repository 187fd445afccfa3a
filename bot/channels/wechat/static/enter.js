// From the chat to the page: exchanges the link's one-time ticket for the session of the same conversation. The ticket stands
// behind #, so that no server log and no Referer ever holds it.
//
// A link may come from anybody. Where another conversation is open in this browser, its owner is asked before it is left, and what he
// had typed there and not sent does not go along into the other one.
"use strict";

const state = document.getElementById("state");

function conversation(token) {
  return (token || "").split(".")[0];
}

function open(token) {
  for (const name of ["sufang-draft", "sufang-unsent"]) localStorage.removeItem(name);
  localStorage.setItem("sufang-token", token);
  location.replace("/");
}

function ask(token) {
  state.textContent = "这个浏览器里还有另一次对话。打开微信里的对话，就看不到原来那次了。如果这个链接不是您自己在微信里要的，请留在原来的对话。";
  for (const [words, work] of [
    ["留在原来的对话", () => location.replace("/")],
    ["打开微信里的对话", () => open(token)],
  ]) {
    const button = document.createElement("button");
    button.textContent = words;
    button.addEventListener("click", work);
    state.after(button);
  }
}

async function enter() {
  const ticket = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  const answer = await fetch("/channels/wechat/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ticket }),
  });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error((data.error && data.error.message) || "");
  const before = localStorage.getItem("sufang-token");
  if (!before) open(data.token);
  else if (conversation(before) === conversation(data.token)) {
    localStorage.setItem("sufang-token", data.token);
    location.replace("/");
  } else ask(data.token);
}

enter().catch((e) => {
  state.textContent = e.message || "没有打开，请回到微信，回复“网页”再要一个链接。";
});
