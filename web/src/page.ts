// Our own page: the same widget, in the open.
import "./style/page.css";
import "./style/chat.css";
import { SufangChat } from "./chat";

// One built page serves both addresses; inside a frame there is less room for what stands around the conversation.
const chat = document.querySelector("sufang-chat")!;
if (location.pathname.endsWith("/embed")) chat.setAttribute("display", "frame");
// A mini program that shows the page hands its size of letters on: /?size=24
const size = new URLSearchParams(location.search).get("size");
if (size) chat.setAttribute("size", size);
customElements.define("sufang-chat", SufangChat);
