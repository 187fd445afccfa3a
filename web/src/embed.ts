// The widget on a foreign page: its look travels with it and stays inside.
import { SufangChat } from "./chat";
import sheet from "./style/chat.css?inline";

SufangChat.sheet = sheet;
// A widget without an address speaks to where its script came from.
SufangChat.home = new URL(import.meta.url).origin;
if (!customElements.get("sufang-chat")) customElements.define("sufang-chat", SufangChat);
