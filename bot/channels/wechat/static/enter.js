// From the chat to the page: exchanges the link's one-time ticket for the session of the same conversation. The ticket stands
// behind #, so that no server log and no Referer ever holds it.
"use strict";

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
  localStorage.setItem("sufang-token", data.token);
  location.replace("/");
}

enter().catch((e) => {
  document.getElementById("state").textContent = e.message || "没有打开，请回到微信，回复“网页”再要一个链接。";
});
