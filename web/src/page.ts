// Our own page: the same widget, in the open.
import "./style/page.css";
import "./style/chat.css";
import { SufangChat } from "./chat";

// One built page serves both addresses; inside a frame there is less room for what stands around the conversation.
const chat = document.querySelector("sufang-chat")!;
if (location.pathname.endsWith("/embed")) chat.setAttribute("display", "frame");
customElements.define("sufang-chat", SufangChat);
